#include "core/client/dns/lookup.hpp"
#include "core/base/string.hpp"
#include "core/client/datagram.hpp"
#include "core/client/target.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <array>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <resolv.h>

namespace imops::client {

namespace {

constexpr std::array<std::pair<std::string_view, ns_type>, 8> types{{{"A", ns_t_a},
                                                                     {"AAAA", ns_t_aaaa},
                                                                     {"CNAME", ns_t_cname},
                                                                     {"MX", ns_t_mx},
                                                                     {"NS", ns_t_ns},
                                                                     {"PTR", ns_t_ptr},
                                                                     {"SRV", ns_t_srv},
                                                                     {"TXT", ns_t_txt}}};
static_assert(types.size() == dns_types.size());

int type_of(const DnsQuestion& q) {
    for (auto& [word, type] : types)
        if (word == q.type) return type;
    return 0;
}

std::string small(std::string_view name) {
    while (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
    std::string s{name};
    for (auto& c : s) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return s;
}

using Bytes = const unsigned char*;
std::string big_endian(unsigned n) { return {char(n >> 8), char(n)}; }

/// The compressed name at `at`; nothing: it is broken.
std::optional<std::string> name_at(const ns_msg& m, Bytes at) {
    char text[NS_MAXDNAME];
    if (::dn_expand(ns_msg_base(m), ns_msg_end(m), at, text, sizeof text) < 0) return {};
    return *text ? small(text) : ".";
}

/// "10 0 5222" of the numbers that begin a record, and the name behind them.
std::optional<std::string> numbers_and_name(const ns_msg& m, const ns_rr& r, int count) {
    if (ns_rr_rdlen(r) <= 2 * count) return {};
    std::string text;
    for (int i = 0; i < count; ++i) text += fmt::format("{} ", ::ns_get16(ns_rr_rdata(r) + 2 * i));
    auto name = name_at(m, ns_rr_rdata(r) + 2 * count);
    if (!name) return {};
    return text + *name;
}

std::optional<std::string> value_of(const ns_msg& m, const ns_rr& r) {
    char text[INET6_ADDRSTRLEN];
    auto data = ns_rr_rdata(r);
    std::size_t size = ns_rr_rdlen(r);
    switch (int(ns_rr_type(r))) {
    case ns_t_a:
        return size == 4 && ::inet_ntop(AF_INET, data, text, sizeof text) ? std::optional<std::string>{text}
                                                                          : std::nullopt;
    case ns_t_aaaa:
        return size == 16 && ::inet_ntop(AF_INET6, data, text, sizeof text) ? std::optional<std::string>{text}
                                                                            : std::nullopt;
    case ns_t_srv: return numbers_and_name(m, r, 3);
    case ns_t_mx: return numbers_and_name(m, r, 1);
    case ns_t_txt: { // pieces of at most 255 bytes, which are one text
        std::string all;
        for (std::size_t at = 0; at < size; at += 1 + data[at]) {
            if (at + 1 + data[at] > size) return {};
            all.append(reinterpret_cast<const char*>(data) + at + 1, data[at]);
        }
        return all;
    }
    default: return numbers_and_name(m, r, 0);
    }
}

Error no_name_server(const Line& where, std::string_view first_bytes) {
    return stranger(where, first_bytes, Text{"a name server", "域名服务器"});
}

Result<DnsAnswer> over_tcp(const DnsQuestion& q, const NameServer& server, const Origin& from,
                           Clock::time_point deadline, std::uint16_t id) {
    auto stream = Stream::dial(from, server.address, server.port, deadline);
    if (!stream) return stream.error();
    auto message = dns_message(q, id);
    if (auto wrong = (*stream)->write(big_endian(unsigned(message.size())) + message)) return *wrong;
    std::string got;
    auto size = [&] { return std::size_t(std::uint8_t(got[0]) << 8 | std::uint8_t(got[1])); };
    while (got.size() < 2 || got.size() < 2 + size()) {
        auto more = (*stream)->read();
        if (!more)
            return !got.empty() && !who_answers(got).empty() ? no_name_server((*stream)->where(), got) : more.error();
        if (more->empty())
            return got.empty() ? Error{Code::lost,
                                       say("{}: closes the connection without an answer", "{}：没有应答就关闭了连接",
                                           (*stream)->where()),
                                       Text{"Does the name server take questions over TCP, as RFC 7766 demands? `dig "
                                            "+tcp NAME @SERVER` shows it.",
                                            "域名服务器是否接受 TCP 查询（RFC 7766 的要求）？可用 `dig +tcp 域名 "
                                            "@服务器` 查看。"},
                                       {}}
                               : no_name_server((*stream)->where(), got);
        got += *more;
    }
    auto answer = read_dns_answer(std::string_view{got}.substr(2, size()), q, id);
    if (!answer) return no_name_server((*stream)->where(), got);
    return *answer;
}

Result<DnsAnswer> ask_one(const DnsQuestion& q, const NameServer& server, const Origin& from,
                          Clock::time_point deadline) {
    std::uint16_t id = 0;
    if (::RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id) != 1) throw std::bad_alloc{};
    if (from.via) return over_tcp(q, server, from, deadline, id);
    auto datagram = Datagram::open(server.address, server.port, deadline, from.stop);
    if (!datagram) return datagram.error();
    std::optional<DnsAnswer> answer;
    std::string other;
    auto got = (*datagram).ask(
        dns_message(q, id),
        [&](std::string_view bytes) {
            answer = read_dns_answer(bytes, q, id);
            if (!answer) other = bytes.substr(0, 80);
            return answer.has_value();
        },
        deadline);
    if (!got) return other.empty() ? got.error() : no_name_server(datagram->where(), other);
    if (answer->cut) return over_tcp(q, server, from, deadline, id);
    return *answer;
}

} // namespace

std::string dns_message(const DnsQuestion& q, std::uint16_t id) {
    unsigned char name[NS_MAXCDNAME];
    auto n = ::dn_comp(q.name.c_str(), name, sizeof name, nullptr, nullptr);
    if (n < 0) return {};
    constexpr std::string_view head{"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10}; // "ask further", one question
    return big_endian(id) + std::string{head} + std::string{reinterpret_cast<char*>(name), std::size_t(n)} +
           big_endian(unsigned(type_of(q))) + big_endian(ns_c_in);
}

std::optional<DnsAnswer> read_dns_answer(std::string_view message, const DnsQuestion& q, std::uint16_t id) {
    ns_msg m;
    ns_rr r;
    if (message.size() > 65535 || ::ns_initparse(reinterpret_cast<Bytes>(message.data()), int(message.size()), &m) != 0)
        return {};
    if (ns_msg_id(m) != id || !::ns_msg_getflag(m, ns_f_qr) || ns_msg_count(m, ns_s_qd) != 1 ||
        ::ns_parserr(&m, ns_s_qd, 0, &r) != 0)
        return {};
    if (ns_rr_type(r) != type_of(q) || small(ns_rr_name(r)) != small(q.name)) return {};
    DnsAnswer answer{::ns_msg_getflag(m, ns_f_rcode), ::ns_msg_getflag(m, ns_f_tc) != 0, {}};
    for (int i = 0; !answer.cut && i < ns_msg_count(m, ns_s_an);
         ++i) { // aliases before the records that are wanted are of another type
        if (::ns_parserr(&m, ns_s_an, i, &r) != 0) return {};
        if (ns_rr_type(r) != type_of(q) || ns_rr_class(r) != ns_c_in) continue;
        auto value = value_of(m, r);
        if (!value) return {};
        answer.values.push_back(std::move(*value));
    }
    std::ranges::sort(answer.values);
    return answer;
}

std::vector<NameServer> name_servers() {
    std::vector<NameServer> all;
    struct __res_state state {};
    if (::res_ninit(&state) != 0) return all;
    char text[INET6_ADDRSTRLEN];
    for (int i = 0; i < state.nscount; ++i) {
        auto& v4 = state.nsaddr_list[i];
        auto* v6 = state._u._ext.nsaddrs[i];
        if (v4.sin_family == AF_INET && ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text))
            all.push_back({text, ntohs(v4.sin_port)});
        else if (v6 && ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text))
            all.push_back({text, ntohs(v6->sin6_port)});
    }
    ::res_nclose(&state);
    return all;
}

Result<DnsAnswer> look_up(const DnsQuestion& q, const std::vector<NameServer>& servers, const Origin& from,
                          Clock::time_point deadline) {
    std::optional<Error> last;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        auto share = (deadline - Clock::now()) / int(servers.size() - i);
        auto answer = ask_one(q, servers[i], from, Clock::now() + share);
        bool failed = !answer || (answer->code == ns_r_servfail && i + 1 < servers.size());
        if (!failed || (!answer && answer.error().code == Code::interrupted)) return answer;
        if (!answer) last = answer.error();
    }
    if (last) return *last;
    return Error{Code::config,
                 Text{"this machine has no name server", "本机没有配置域名服务器"},
                 Text{"Give one in /etc/resolv.conf (`nameserver ADDRESS`), or in the url: dns://SERVER/NAME?type=A.",
                      "请在 /etc/resolv.conf 中写入 `nameserver 地址`，或在 url 中指定：dns://服务器/域名?type=A。"},
                 {}};
}

} // namespace imops::client
