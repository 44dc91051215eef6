#include "core/base/string.hpp"
#include "core/model/deployment.hpp"
#include <algorithm>
#include <array>
#include <charconv>
#include <re2/re2.h>

namespace imops {

namespace {

/// One kind of url. `tls` from the first byte on; where it begins later (STARTTLS) the kind of service knows.
struct Scheme {
    std::string_view name;
    ServiceType type;
    int port;
    bool tls, needs_port;
};
constexpr std::array<Scheme, 16> schemes{{
    {"http", ServiceType::http, 80, false, false},
    {"https", ServiceType::http, 443, true, false},
    {"ws", ServiceType::http, 80, false, false},
    {"wss", ServiceType::http, 443, true, false},
    {"tcp", ServiceType::tcp, 0, false, true},
    {"tls", ServiceType::tls, 443, true, false},
    {"xmpp", ServiceType::xmpp, 5222, false, false},
    {"xmpps", ServiceType::xmpp, 5223, true, false},
    {"xmpp-server", ServiceType::xmpp, 5269, false, false},
    {"xmpps-server", ServiceType::xmpp, 5270, true, false},
    {"stun", ServiceType::turn, 3478, false, false},
    {"turn", ServiceType::turn, 3478, false, false},
    {"turns", ServiceType::turn, 5349, true, false},
    {"smtp", ServiceType::smtp, 25, false, false},
    {"smtps", ServiceType::smtp, 465, true, false},
    {"dns", ServiceType::dns, 53, false, false},
}};

/// A url without its scheme and slashes, and of that what names the host.
std::string_view behind_scheme(std::string_view url) {
    url.remove_prefix(std::min(url.size(), url.find(':') + 1));
    if (url.starts_with("//")) url.remove_prefix(2);
    return url;
}
std::string_view authority_of(std::string_view url) {
    auto rest = behind_scheme(url);
    return rest.substr(0, rest.find_first_of("/?#"));
}

bool odd(std::string_view s) {
    return s.starts_with('-') || std::any_of(s.begin(), s.end(), [](unsigned char c) {
               return c <= 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '<' || c == '>';
           });
}

} // namespace

Rule<std::string> pattern() {
    return [](const std::string& s) -> std::optional<Objection> {
        re2::RE2 re{s, re2::RE2::Quiet};
        if (re.ok()) return {};
        return Objection{
            say("'{}' is not a regular expression: {}", "'{}' 不是正则表达式：{}", one_line(s, 60),
                one_line(re.error(), 80)),
            Text{"RE2 syntax; escape dots and brackets with a backslash.", "请用 RE2 语法；点号和括号前加反斜杠。"}};
    };
}

bool split_authority(std::string_view text, std::string& host, int& port) {
    auto colon = text.rfind(':');
    if (text.starts_with('[')) {
        auto end = text.find(']');
        if (end == text.npos) return false;
        host = text.substr(1, end - 1);
        if (end + 1 == text.size()) return !host.empty();
        colon = end + 1;
        if (text[colon] != ':') return false;
    } else if (colon == text.npos) {
        host = text;
        return !host.empty();
    } else
        host = text.substr(0, colon);
    auto digits = text.substr(colon + 1);
    auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return wrong == std::errc{} && end == digits.data() + digits.size() && port >= 1 && port <= 65535 &&
           !host.empty() && (text.starts_with('[') || host.find(':') == host.npos);
}

std::string_view url_scheme(std::string_view url) { return url.substr(0, url.find(':')); }

std::string_view url_parameter(std::string_view url, std::string_view key) {
    url = url.substr(0, url.find('#'));
    auto mark = url.find('?');
    if (mark == url.npos) return {};
    for (auto pair : split(url.substr(mark + 1), '&'))
        if (pair.starts_with(key) && pair.substr(key.size()).starts_with('=')) return pair.substr(key.size() + 1);
    return {};
}

bool url_has_port(std::string_view url) {
    std::string host;
    int port = 0;
    return split_authority(authority_of(url), host, port) && port != 0;
}

DnsQuestion dns_question(std::string_view url) {
    auto rest = behind_scheme(url);
    if (url.substr(url.find(':') + 1).starts_with("//")) rest.remove_prefix(std::min(rest.size(), rest.find('/')));
    if (rest.starts_with('/')) rest.remove_prefix(1);
    DnsQuestion q{std::string{rest.substr(0, rest.find_first_of("/?#"))}};
    if (auto type = url_parameter(url, "type"); !type.empty()) q.type = type;
    std::ranges::transform(q.type, q.type.begin(), [](unsigned char c) { return char(std::toupper(c)); });
    return q;
}

namespace {

/// Questions for name servers have the name behind the server, or no server at all.
std::optional<Objection> read_question(Service& s) {
    auto shown = one_line(s.url, 80);
    auto q = dns_question(s.url);
    auto long_label = std::ranges::any_of(split(q.name, '.'), [](auto label) { return label.size() > 63; });
    if (q.name.empty() || q.name.size() > 253 || q.name.find(':') != q.name.npos || long_label || odd(q.name))
        return Objection{say("'{}' holds no name to look up", "'{}' 中没有要查询的域名", shown),
                         Text{"Write dns:NAME?type=SRV, or dns://SERVER/NAME?type=SRV to ask one server.",
                              "请写 dns:域名?type=SRV；要询问指定的服务器，写 dns://服务器/域名?type=SRV。"}};
    if (std::ranges::find(dns_types, q.type) == dns_types.end())
        return Objection{say("'{}' asks for a type of record that is not known", "'{}' 中的记录类型无法识别", shown),
                         say("Possible is: {}.", "可选：{}。", fmt::join(dns_types, ", "))};
    if (!std::string_view{s.url}.substr(s.url.find(':') + 1).starts_with("//")) return {};
    if (!split_authority(authority_of(s.url), s.address, s.port) || odd(s.address))
        return Objection{
            say("'{}' names no server, or no port from 1 to 65535", "'{}' 缺少服务器，或端口不在 1 到 65535 之间",
                shown),
            Text{"Write dns://10.0.0.53/im.example.com?type=A.", "请写 dns://10.0.0.53/im.example.com?type=A。"}};
    return {};
}

} // namespace

std::optional<Objection> read_url(Service& s) {
    auto refuse = [&](Line what) {
        return Objection{std::move(what), Text{"For example https://im.example.com/health, tcp://10.0.0.5:5432, "
                                               "xmpp://im.example.com, dns:_xmpp-client._tcp.im.example.com?type=SRV.",
                                               "例如 "
                                               "https://im.example.com/health、tcp://10.0.0.5:5432、xmpp://"
                                               "im.example.com、dns:_xmpp-client._tcp.im.example.com?type=SRV。"}};
    };
    auto shown = one_line(s.url, 80);
    auto colon = s.url.find(':');
    const Scheme* scheme = nullptr;
    for (auto& k : schemes)
        if (colon != s.url.npos && s.url.substr(0, colon) == k.name) scheme = &k;
    if (!scheme) return refuse(say("'{}' is no url that can be asked", "'{}' 不是可检查的 url", shown));
    auto authority = authority_of(s.url);
    if (odd(behind_scheme(s.url)))
        return refuse(say("'{}' holds characters that a url cannot have", "'{}' 含有 url 中不允许的字符", shown));
    if (authority.find('@') != authority.npos)
        return Objection{Text{"a url with a user or a password in it", "url 中带有用户名或密码"},
                         Text{"Give `user` and `password: {env: NAME}` beside it; change the password that stood here.",
                              "请在旁边给出 `user` 和 `password: {env: 变量名}`；写在这里的密码应当更换。"}};
    s.type = scheme->type;
    s.port = scheme->port;
    s.tls = scheme->tls;
    if (s.type == ServiceType::dns) return read_question(s);
    if (auto transport = url_parameter(s.url, "transport");
        s.type == ServiceType::turn && !transport.empty() && transport != "udp" && transport != "tcp")
        return Objection{say("'{}' asks for a transport that is not known", "'{}' 中的 transport 无法识别", shown),
                         Text{"Possible is: udp, tcp.", "可选：udp、tcp。"}};
    if (!split_authority(authority, s.address, s.port) || odd(s.address))
        return refuse(
            say("'{}' names no host, or no port from 1 to 65535", "'{}' 缺少主机，或端口不在 1 到 65535 之间", shown));
    if (scheme->needs_port && s.port == 0) return refuse(say("'{}' needs a port", "'{}' 需要端口", shown));
    return {};
}

int usual_port(ServiceType t) {
    switch (t) {
    case ServiceType::postgres: return 5432;
    case ServiceType::mysql: return 3306;
    case ServiceType::redis: return 6379;
    case ServiceType::memcached: return 11211;
    case ServiceType::mongodb: return 27017;
    case ServiceType::kafka: return 9092;
    case ServiceType::s3: return 443;
    case ServiceType::smtp: return 25;
    case ServiceType::turn: return 3478;
    case ServiceType::http: return 80;
    case ServiceType::xmpp: return 5222;
    case ServiceType::tls: return 443;
    case ServiceType::tcp: return 0;
    case ServiceType::dns: return 53;
    }
    return 0;
}

std::vector<std::string_view> groups(const Service& s) {
    if (s.to) return {message_name};
    std::vector<std::string_view> all;
    switch (s.type) {
    case ServiceType::postgres:
    case ServiceType::mysql:
    case ServiceType::redis:
    case ServiceType::memcached: all.push_back(word(s.type)); break;
    case ServiceType::mongodb:
    case ServiceType::kafka:
    case ServiceType::s3:
    case ServiceType::http:
    case ServiceType::tls:
    case ServiceType::tcp:
    case ServiceType::dns: all.push_back("endpoint"); break;
    case ServiceType::smtp:
    case ServiceType::turn:
    case ServiceType::xmpp:
        all.push_back("endpoint");
        if (s.reachable && url_scheme(s.url) != "stun") all.push_back(word(s.type));
        break;
    }
    bool always = s.type == ServiceType::xmpp || s.type == ServiceType::tls; // STARTTLS is demanded of XMPP
    if (s.reachable && (s.tls.value_or(always) || always)) all.push_back("tls");
    return all;
}

} // namespace imops
