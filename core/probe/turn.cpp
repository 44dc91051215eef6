#include "core/probe/turn.hpp"
#include "core/base/string.hpp"
#include "core/client/datagram.hpp"
#include "core/client/turn/stun.hpp"
#include "core/probe/endpoint.hpp"
#include <arpa/inet.h>
#include <array>
#include <openssl/rand.h>

namespace imops::probe {

namespace {

using namespace stun;

/// Requests and answers over UDP, TCP or TLS.
class Wire {
    std::optional<Datagram> udp_;
    std::unique_ptr<Stream> tcp_;
    std::string got_; // of a stream: what is not read yet
    bool over_udp_;

    Error not_stun(std::string_view first) const {
        return stranger(where(), first, Text{"a STUN or TURN server", "STUN 或 TURN 服务"});
    }

    Result<std::string> next_of_stream() {
        for (;;) {
            if (got_.size() >= 20) {
                auto size = 20 + std::size_t(std::uint8_t(got_[2]) << 8 | std::uint8_t(got_[3]));
                if (got_[0] & 0xc0 || got_.compare(4, 4, "\x21\x12\xa4\x42") != 0) return not_stun(got_);
                if (got_.size() >= size) {
                    auto message = got_.substr(0, size);
                    got_.erase(0, size);
                    return message;
                }
            }
            auto more = tcp_->read();
            if (!more) return !got_.empty() && !who_answers(got_).empty() ? not_stun(got_) : more.error();
            if (more->empty())
                return !got_.empty()
                           ? not_stun(got_)
                           : Error{
                                 Code::lost,
                                 say("{}: closes the connection without an answer", "{}：没有应答就关闭了连接",
                                     where()),
                                 Text{"Is this port for TLS (`turns://`), or is it no TURN server? Look into its log.",
                                      "这是否是 TLS 端口（应写 `turns://`），或者根本不是 TURN 服务？请查看其日志。"},
                                 {}};
            got_ += *more;
        }
    }

  public:
    explicit Wire(bool udp) : over_udp_{udp} {}
    /// False: the answer tells why.
    bool open(const Target& t, Answer& answer) {
        if (over_udp_) {
            auto made = Datagram::open(t.address, t.port, t.deadline, t.origin.stop);
            if (!made) return answer.fail(made.error()), false;
            udp_ = *std::move(made);
            return true;
        }
        tcp_ = connect(t, answer);
        return tcp_ && (!t.tls || secure(*tcp_, t.wish, answer));
    }
    const Line& where() const { return udp_ ? udp_->where() : tcp_->where(); }
    std::string peer_address() const { return udp_ ? udp_->peer_address() : tcp_->peer_address(); }

    Result<Message> ask(Message m, std::string_view key, Clock::time_point until) {
        m.id.resize(12);
        if (::RAND_bytes(reinterpret_cast<unsigned char*>(m.id.data()), 12) != 1) throw std::bad_alloc{};
        auto bytes = stun::write(m, key);
        std::optional<Message> answer;
        auto is_answer = [&](std::string_view b) {
            answer = stun::read(b);
            return answer && answer->id == m.id && answer->method == m.method &&
                   (answer->kind == Kind::success || answer->kind == Kind::failure);
        };
        if (udp_) {
            std::string other;
            auto got = udp_->ask(
                bytes, [&](std::string_view b) { return is_answer(b) || (other = b.substr(0, 80), false); }, until);
            if (!got) return other.empty() ? got.error() : not_stun(other);
            return *std::move(answer);
        }
        if (auto wrong = tcp_->write(bytes)) return *wrong;
        for (;;) {
            auto got = next_of_stream();
            if (!got) return got.error();
            if (is_answer(*got)) return *std::move(answer);
        }
    }
};

/// The credentials once the server has named its realm.
struct Login {
    std::string user, realm, nonce, key;
    void put_on(Message& m) const {
        if (key.empty()) return;
        m.add(Attribute::username, user);
        m.add(Attribute::realm, realm);
        m.add(Attribute::nonce, nonce);
    }
};

Login log_in(const Target& t, const Message& challenge) {
    Login l;
    l.realm = challenge.find(Attribute::realm).value_or("");
    l.nonce = challenge.find(Attribute::nonce).value_or("");
    l.user = t.user;
    Secret password{std::string{t.password->reveal()}, t.password->origin()};
    if (t.user.empty()) { // good for ten minutes, also on a server whose clock is a little off
        l.user = fmt::format("{}:imops", std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 600);
        password = Secret{password_of_secret(t.password->reveal(), l.user), {}};
    }
    l.key = long_term_key(l.user, l.realm, password.reveal());
    return l;
}

struct Refusal {
    int error;
    std::string_view code;
    Text what, remedy;
};
constexpr std::array<Refusal, 4> refusals{{
    {403,
     "forbidden",
     {"the server forbids this allocation", "服务器禁止此次分配"},
     {"Look for `allowed-peer-ip`, `denied-peer-ip`, `no-udp-relay` and the realm's rules in turnserver.conf, and into "
      "its log.",
      "请检查 turnserver.conf 中的 `allowed-peer-ip`、`denied-peer-ip`、`no-udp-relay` 和该 realm "
      "的规则，并查看日志。"}},
    {442,
     "forbidden",
     {"the server relays no UDP", "服务器不提供 UDP 中继"},
     {"Remove `no-udp-relay` from turnserver.conf and restart coturn: calls are UDP.",
      "从 turnserver.conf 中删除 `no-udp-relay` 并重启 coturn：通话使用 UDP。"}},
    {486,
     "quota",
     {"the quota of allocations is used up", "分配配额已用完"},
     {"Raise `user-quota` and `total-quota` in turnserver.conf (each call of two people takes up to four), or find who "
      "holds them: `turnadmin`'s console or the log.",
      "调大 turnserver.conf 中的 `user-quota` 和 `total-quota`（双人通话最多占四个），或从控制台和日志中找出占用者。"}},
    {508,
     "no_relay",
     {"the server has no relay port left", "服务器没有可用的中继端口"},
     {"Widen `min-port` and `max-port` in turnserver.conf (usually 49152-65535/udp), open the same range in the "
      "firewall, and see that `relay-ip` is an address of this host.",
      "在 turnserver.conf 中扩大 `min-port` 到 `max-port` 的范围（通常 49152-65535/udp），防火墙放行同样的范围，并确认 "
      "`relay-ip` 是本机地址。"}},
}};

/// Everything that follows from one target.
class Conversation {
    const Target& t_;
    Answer& answer_;
    Wire wire_;
    Login login_;
    std::string how_;

    Message request(Method m) {
        Message r{m, Kind::request, {}, {}};
        if (m == Method::allocate) r.add(Attribute::requested_transport, {"\x11\0\0\0", 4}); // UDP
        return r;
    }
    Result<Message> ask(Message m, Clock::time_point until) {
        auto plain = m;
        login_.put_on(m);
        auto got = wire_.ask(m, login_.key, until);
        if (!got || got->error() != 438 || login_.key.empty()) return got;
        login_.nonce = got->find(Attribute::nonce).value_or("");
        login_.put_on(plain);
        return wire_.ask(plain, login_.key, until);
    }
    void fail(const Error& e) {
        if (e.code == Code::unsupported) return answer_.fail("not_stun", e);
        answer_.fail(e);
    }
    void refuse(const Message& m) {
        for (auto& r : refusals)
            if (r.error == m.error())
                return answer_.fail(
                    std::string{r.code},
                    Error{Code::remote, say("{}: {}", "{}：{}", wire_.where(), r.what), say("{}", "{}", r.remedy), {}});
        auto said = m.find(Attribute::error_code);
        answer_.fail(Error{Code::remote,
                           say("{}: the server refuses: {} {}", "{}：服务器拒绝：{} {}", wire_.where(), m.error(),
                               one_line(said && said->size() > 4 ? said->substr(4) : "", 80)),
                           Text{"Look into the log of the TURN server.", "请查看 TURN 服务器的日志。"},
                           {}});
    }
    void refuse_login() {
        if (t_.user.empty())
            return answer_.fail(
                "secret_wrong",
                Error{Code::remote,
                      say("{}: the shared secret is not the server's", "{}：共享密钥与服务器不一致", wire_.where()),
                      Text{"Compare `static-auth-secret` in turnserver.conf with the secret in the messaging server's "
                           "configuration and the one given to imops (`use-auth-secret` must be set, and a secret in "
                           "coturn's database counts too); and the clock of both hosts.",
                           "请核对 turnserver.conf 的 `static-auth-secret`、消息服务器配置中的密钥以及提供给 imops "
                           "的密钥是否一致（须设置 `use-auth-secret`；coturn "
                           "数据库中的密钥同样有效），并核对两台主机的时钟。"},
                      {}});
        answer_.fail("password_wrong",
                     Error{Code::remote,
                           say("{}: user name or password is wrong", "{}：用户名或密码错误", wire_.where()),
                           Text{"Compare it with `user=` in turnserver.conf (`lt-cred-mech`) or with `turnadmin -l`; "
                                "the realm belongs to the password's key.",
                                "请与 turnserver.conf 的 `user=`（`lt-cred-mech`）或 `turnadmin -l` 核对；realm "
                                "改变后密码密钥也会失效。"},
                           {}});
    }

    bool bind(Clock::time_point until) {
        auto got = ask(request(Method::binding), until);
        if (!got) return fail(got.error()), false;
        if (got->kind == Kind::failure) return refuse(*got), false;
        auto mapped = address_of(*got, Attribute::xor_mapped_address);
        if (!mapped) mapped = address_of(*got, Attribute::mapped_address);
        answer_.seen(fmt::format("STUN/{}{}", how_, mapped ? ", seen as " + mapped->text() : ""));
        return true;
    }
    /// The answer to the first Allocate; nothing: it has failed.
    std::optional<Message> knock() {
        auto begun = Clock::now();
        auto got = ask(request(Method::allocate), begun + (t_.deadline - begun) / 2);
        auto unknown = [](int error) { return error == 400 || error == 404 || error == 405 || error == 500; };
        bool silent = !got && got.error().code == Code::timed_out;
        if (!got && !silent) return fail(got.error()), std::nullopt;
        if (silent || (got->kind == Kind::failure && unknown(got->error()))) {
            auto bound = wire_.ask(request(Method::binding), {}, t_.deadline);
            if (bound && bound->kind == Kind::success)
                return answer_.fail(
                           "stun_only",
                           Error{Code::remote,
                                 say("{}: answers STUN, but relays nothing", "{}：只应答 STUN，不提供中继",
                                     wire_.where()),
                                 Text{"Remove `stun-only` from turnserver.conf and set `use-auth-secret` and "
                                      "`static-auth-secret`: without a relay calls fail behind every strict firewall.",
                                      "从 turnserver.conf 中删除 `stun-only`，并设置 `use-auth-secret` 和 "
                                      "`static-auth-secret`：没有中继，位于严格防火墙后的用户无法通话。"},
                                 {}}),
                       std::nullopt;
            if (silent) return fail(got.error()), std::nullopt;
        }
        answer_.took("first", std::chrono::duration<double>(Clock::now() - begun).count());
        return *got;
    }
    void try_peers(Told& told) {
        struct Peer {
            const char *key, *address;
        };
        constexpr std::array<Peer, 3> peers{
            {{"loopback", "127.0.0.1"}, {"link_local", "169.254.169.254"}, {"private", "10.0.0.1"}}};
        std::string text;
        for (auto& p : peers) {
            auto m = request(Method::create_permission);
            m.add(Attribute::xor_peer_address, peer(p.address, 9));
            auto got = ask(m, t_.deadline);
            if (!got) break;
            if (got->kind == Kind::success || got->error() == 403)
                text += fmt::format("{} {}\n", p.key, got->kind == Kind::success ? "yes" : "no");
        }
        if (!text.empty()) told["turn.peers"].text = text;
    }
    /// Lifetime zero; what does not go now goes when the server's own time is over.
    void give_back() {
        auto m = request(Method::refresh);
        m.add(Attribute::lifetime, std::string(4, '\0'));
        [[maybe_unused]] auto gone = ask(m, t_.deadline);
    }

  public:
    Conversation(const Target& t, Answer& a, bool udp) : t_{t}, answer_{a}, wire_{udp} {
        how_ = udp ? "UDP" : t.tls ? "TLS" : t.origin.via ? "TCP (UDP does not go through SSH)" : "TCP";
    }
    void run(Told& told) {
        if (!wire_.open(t_, answer_)) return;
        if (url_scheme(t_.service->url) == "stun") {
            bind(t_.deadline);
            return;
        }
        auto got = knock();
        if (!got) return;
        bool open = got->kind == Kind::success;
        if (!open && got->error() != 401) return refuse(*got);
        auto realm = std::string{got->find(Attribute::realm).value_or("")};
        if (!open && !t_.password)
            return answer_.seen(fmt::format("TURN/{}, realm {}, not logged in", how_, one_line(realm, 60)));
        if (!open) {
            login_ = log_in(t_, *got);
            auto allowed = ask(request(Method::allocate), t_.deadline);
            if (!allowed) return fail(allowed.error());
            if (allowed->kind == Kind::failure)
                return allowed->error() == 401 || allowed->error() == 441 ? refuse_login() : refuse(*allowed);
            got = std::move(*allowed);
        }
        auto relay = address_of(*got, Attribute::xor_relayed_address),
             mapped = address_of(*got, Attribute::xor_mapped_address);
        auto server = wire_.peer_address();
        told["turn.relay"].text = fmt::format("open {}\n", open ? "yes" : "no");
        if (relay)
            told["turn.relay"].text +=
                fmt::format("address {}\nprivate {}\n", relay->host, is_private(relay->host) ? "yes" : "no");
        if (!server.empty())
            told["turn.relay"].text += fmt::format("server_private {}\n", is_private(server) ? "yes" : "no");
        answer_.seen(fmt::format("TURN/{}, realm {}, relay {}{}", how_, one_line(realm, 60),
                                 relay ? relay->text() : "-", mapped ? ", seen as " + mapped->text() : ""));
        try_peers(told);
        give_back();
    }
};

} // namespace

bool is_private(const std::string& address) {
    unsigned char b[16];
    if (::inet_pton(AF_INET6, address.c_str(), b) == 1) {
        bool loopback = std::string_view{reinterpret_cast<char*>(b), 16} ==
                        std::string_view{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16};
        return loopback || (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
    }
    if (::inet_pton(AF_INET, address.c_str(), b) != 1) return false;
    return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
           (b[0] == 169 && b[1] == 254) || (b[0] == 100 && (b[1] & 0xc0) == 64);
}

Told ask_turn(const Target& t) {
    Answer answer;
    Told told;
    bool udp = !t.tls && !t.origin.via && url_parameter(t.service->url, "transport") != "tcp";
    Conversation{t, answer, udp}.run(told);
    return answer.told(*t.service, std::move(told));
}

} // namespace imops::probe
