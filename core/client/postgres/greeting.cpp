#include "core/base/string.hpp"
#include "core/client/postgres/parts.hpp"
#include <algorithm>
#include <arpa/inet.h>

namespace imops::client::postgres {

namespace {

constexpr std::uint32_t version_3 = 196608, ssl_request = 80877103; // PostgreSQL, "Message Formats"
constexpr std::uint32_t clear_password = 3;                         // AuthenticationCleartextPassword

std::string number(std::uint32_t n) {
    n = htonl(n);
    return {reinterpret_cast<const char*>(&n), sizeof n};
}

std::string request_for_tls() { return number(8) + number(ssl_request); }

std::string startup(const Target& t) {
    std::string body = number(version_3);
    auto add = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) body.append(key).append(1, '\0').append(value).append(1, '\0');
    };
    add("user", t.user);
    add("database", t.database);
    body += '\0';
    return number(std::uint32_t(body.size() + 4)) + body;
}

/// A message of PostgreSQL has its kind, and a length whose highest byte is never used.
bool is_message(std::string_view s) {
    return s.size() >= 5 && (s[0] == 'R' || s[0] == 'E' || s[0] == 'v') && s[1] == '\0';
}

bool wants_clear_password(std::string_view s) {
    return s.size() >= 9 && s[0] == 'R' && s.substr(5, 4) == number(clear_password);
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1" || address == "localhost";
}

Refusal stranger(const Line& where, std::string_view first) {
    auto who = who_answers(first);
    auto what = who.empty() ? say("{}: what answers does not speak PostgreSQL's protocol: {}",
                                  "{}：应答者使用的不是 PostgreSQL 协议：{}", where, one_line(first, 60))
                            : say("{}: {} answers, not PostgreSQL", "{}：应答的是{}，不是 PostgreSQL", where, who);
    return {"other_service", Error{Code::unsupported,
                                   std::move(what),
                                   Text{"Correct host and port in imops.yaml; the usual port of PostgreSQL is 5432, of "
                                        "PgBouncer 6432. `ss -ltnp` on its host shows which process has which port.",
                                        "请改正 imops.yaml 中的主机和端口，PostgreSQL 的常用端口是 5432，PgBouncer 是 "
                                        "6432。在其主机上用 `ss -ltnp` 查看各端口属于哪个进程。"},
                                   {}}};
}

Refusal as_refusal(const Error& e) { return {std::string{name(e.code)}, e}; }

Refusal closed(const Line& where) {
    return {"lost", Error{Code::lost,
                          say("{}: closes the connection without an answer", "{}：没有应答就关闭了连接", where),
                          Text{"Is it a proxy without a living server behind it, or has PostgreSQL run out of memory "
                               "or processes? Look into its log.",
                               "它是否是后端已停止的代理，或 PostgreSQL 的内存、进程数已耗尽？请查看其日志。"},
                          {}}};
}

/// Before a log-in, and without one.
class Talk {
    const Target& t_;
    Tls tls_;
    Greeting g_;
    std::unique_ptr<Stream> stream_;

    /// Leaves a little for ask_the_silent.
    Clock::time_point nearly_all() const {
        return t_.deadline -
               std::min<Clock::duration>((t_.deadline - Clock::now()) / 4, std::chrono::milliseconds{1500});
    }

    bool wrong(Refusal r) {
        g_.wrong = std::move(r);
        return false;
    }

    bool dial(Clock::time_point deadline) {
        auto stream = Stream::dial(t_.origin, t_.address, t_.port, deadline);
        if (!stream) return wrong(as_refusal(stream.error()));
        stream_ = *std::move(stream);
        g_.where = stream_->where();
        g_.peer = stream_->peer_address();
        g_.local = is_loopback(g_.peer.empty() ? t_.address : g_.peer);
        return true;
    }

    /// A server that waits for the end of a line has no answer to PostgreSQL's first bytes: it gets a line.
    bool ask_the_silent(Refusal silence) {
        if (!dial(t_.deadline)) return wrong(std::move(silence));
        auto e = stream_->write("PING\r\n\r\n");
        auto got = e ? Result<std::string>{*e} : stream_->read();
        return wrong(got && !who_answers(*got).empty() ? stranger(g_.where, *got) : std::move(silence));
    }

    bool read(std::string& into) {
        auto got = stream_->read();
        if (!got)
            return got.error().code == Code::timed_out ? ask_the_silent(as_refusal(got.error()))
                                                       : wrong(as_refusal(got.error()));
        into = *std::move(got);
        return !into.empty() || wrong(closed(g_.where));
    }

    bool start_tls() {
        auto e = stream_->start_tls(t_.wish);
        if (e && (tls_ == Tls::yes || e->code != Code::handshake)) return wrong(as_refusal(*e));
        if (e) return dial(nearly_all()); // nothing said of TLS: as most drivers, without it
        g_.encrypted = true;
        auto distrust = stream_->distrust();
        g_.trusted = !distrust;
        return !distrust || tls_ != Tls::yes || wrong({"certificate_untrusted", *std::move(distrust)});
    }

    bool ask_for_tls() {
        std::string got;
        if (auto e = stream_->write(request_for_tls())) return wrong(as_refusal(*e));
        if (!read(got)) return false;
        if (got == "S") return start_tls();
        if (got == "N")
            return tls_ != Tls::yes || wrong(read_refusal({"", "server does not support SSL"}, {g_.where, {}, {}}));
        return is_message(got) || wrong(stranger(g_.where, got)); // an error before TLS is libpq's to read
    }

    /// Tells the server that this was all: of a connection that is simply closed, with its session ticket unread,
    /// PostgreSQL's log complains.
    void part() {
        if (!stream_ || !stream_->tls() || g_.wrong) return;
        ::SSL_shutdown(stream_->tls());
        (void)stream_->read();
    }

    /// Who is let in how: said only to a log-in that has begun. It holds one of the server's connections until it is
    /// closed.
    bool begin() {
        std::string got;
        if (auto e = stream_->write(startup(t_))) return wrong(as_refusal(*e));
        if (!read(got)) return false;
        if (!is_message(got)) return wrong(stranger(g_.where, got));
        if (!t_.password || g_.local || g_.trusted || !wants_clear_password(got)) return true;
        return wrong(
            {"password_in_clear",
             Error{Code::config,
                   say("{}: the server wants the password itself, and the connection is not one to trust it to (no "
                       "TLS, or a certificate that is not trusted)",
                       "{}：服务器要求发送明文密码，而该连接不可信（没有 TLS，或证书不受信任）", g_.where),
                   Text{"imops has not sent it. In pg_hba.conf write scram-sha-256 instead of `password`; if it must "
                        "stay (LDAP, PAM), enable TLS and set `tls: yes` and `ca:` in imops.yaml.",
                        "imops 没有发送密码。请在 pg_hba.conf 中用 scram-sha-256 代替 "
                        "`password`；如必须保留（LDAP、PAM），请启用 TLS 并在 imops.yaml 中设置 `tls: yes` 和 `ca:`。"},
                   {}}});
    }

  public:
    Talk(const Target& t, Tls tls) : t_{t}, tls_{tls} {}
    Greeting run() {
        bool goes_on = dial(nearly_all());
        if (goes_on && tls_ != Tls::no) goes_on = ask_for_tls();
        bool careful = t_.password && !g_.local && !g_.trusted;
        if (goes_on && (tls_ == Tls::no || careful))
            begin();
        else
            part();
        return std::move(g_);
    }
};

} // namespace

Tls tls_of(const Target& t) { return t.tls ? Tls::yes : t.service && t.service->tls ? Tls::no : Tls::unsaid; }

Greeting greet(const Target& t, Tls tls) { return Talk{t, tls}.run(); }

} // namespace imops::client::postgres
