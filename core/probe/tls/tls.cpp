#include "core/probe/tls/tls.hpp"
#include "core/base/string.hpp"
#include "core/client/tls/hello.hpp"
#include "core/client/tls/starttls.hpp"
#include "core/loop/threads.hpp"
#include "core/probe/endpoint.hpp"
#include "core/probe/tls/certificate.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <mutex>
#include <netdb.h>
#include <openssl/sslerr.h>

namespace imops::probe {

Preamble preamble_of(const Service& s) {
    switch (s.type) {
    case ServiceType::xmpp:
        if (s.tls.value_or(false)) return Preamble::none;
        return s.url.starts_with("xmpp-server:") ? Preamble::xmpp_server : Preamble::xmpp_client;
    case ServiceType::smtp: return s.url.starts_with("smtps:") || s.port == 465 ? Preamble::none : Preamble::smtp;
    case ServiceType::postgres: return Preamble::postgres;
    case ServiceType::mysql: return Preamble::mysql;
    case ServiceType::redis:
    case ServiceType::memcached:
    case ServiceType::mongodb:
    case ServiceType::kafka:
    case ServiceType::s3:
    case ServiceType::turn:
    case ServiceType::http:
    case ServiceType::tls:
    case ServiceType::tcp:
    case ServiceType::dns: return Preamble::none;
    }
    return Preamble::none;
}

namespace {

/// How far a connection came.
struct Attempt {
    std::unique_ptr<Stream> stream;   // null: nobody takes the connection
    std::optional<Obstacle> obstacle; // none: TLS is spoken
    double connect = 0, handshake = 0;
};

/// Nobody was there, or the time was up: the service's first fact tells it.
bool silent(const Obstacle& o) {
    return o.code == name(o.error.code) && o.error.code != Code::handshake && o.error.code != Code::config;
}

double since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

Preamble preamble(const Target& t) { return t.service ? preamble_of(*t.service) : Preamble::none; }

/// What answers there to somebody who does not begin with TLS.
Line stranger(const Target& t) {
    auto soon = std::min(t.deadline, Clock::now() + std::chrono::seconds{2});
    auto s = Stream::dial(t.origin, t.address, t.port, soon);
    if (!s || (*s)->write("GET / HTTP/1.0\r\n\r\n")) return {};
    auto said = (*s)->read();
    return said ? who_answers(*said) : Line{};
}

Obstacle no_tls(const Target& t, const Line& where) {
    auto who = preamble(t) == Preamble::none ? stranger(t) : Line{};
    if (who.empty()) who = Text{"something else", "其他服务"};
    return {
        "not_tls",
        {Code::handshake,
         say("{}: {} answers, without TLS", "{}：应答的是{}，没有使用 TLS", where, who),
         Text{
             "Turn TLS on at this port (nginx: `listen 443 ssl;` with ssl_certificate and ssl_certificate_key; "
             "HAProxy: `bind :443 ssl crt FILE`), or correct the port in imops.yaml.",
             "请在该端口启用 TLS（nginx：`listen 443 ssl;` 并配置 ssl_certificate、ssl_certificate_key；HAProxy：`bind "
             ":443 ssl crt 文件`），或改正 imops.yaml 中的端口。"},
         {}}};
}

Obstacle client_certificate(const Line& where) {
    return {"client_certificate",
            {Code::handshake,
             say("{}: demands a certificate of its clients", "{}：要求客户端提供证书", where),
             Text{"imops has none to show. Where clients log in with a password, take the demand out: Redis "
                  "`tls-auth-clients optional`, HAProxy without `verify required`. Where it is meant, waive this "
                  "finding; the certificate was judged all the same.",
                  "imops 没有可提供的客户端证书。客户端用密码登录的服务应取消该要求：Redis 设 `tls-auth-clients "
                  "optional`，HAProxy 去掉 `verify required`。如果确需如此，请豁免此项；服务器证书仍已检查。"},
             {}}};
}

/// Why the handshake failed, by what OpenSSL says of it.
Obstacle obstacle_of(const Target& t, const Stream& s, Error e) {
    auto& at = s.where();
    auto because = [&](std::string code, Line what, Text remedy) {
        return Obstacle{std::move(code), {Code::handshake, say("{}: {}", "{}：{}", at, std::move(what)), remedy, {}}};
    };
    if (e.code != Code::handshake) return {std::string{name(e.code)}, std::move(e)};
    switch (s.tls_reason()) {
    case 0:
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return because("closed", Text{"the connection is closed at the beginning of TLS", "TLS 握手一开始连接就被关闭"},
                       Text{"Does the service at this port speak TLS, and has it a certificate? A proxy in front that "
                            "passes TCP through closes like this when no server behind it lives. Look into its log.",
                            "该端口的服务是否启用了 TLS、是否配置了证书？前面的 TCP "
                            "代理在后端全部停止时也会这样关闭连接。请查看其日志。"});
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE: return no_tls(t, at);
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return because("protocol_version", Text{"speaks no version of TLS since 1.2", "不支持 TLS 1.2 及以上版本"},
                       Text{"Turn newer versions on: nginx `ssl_protocols TLSv1.2 TLSv1.3;`, HAProxy "
                            "`ssl-default-bind-options ssl-min-ver TLSv1.2`; what cannot do so must be updated.",
                            "请启用新版本：nginx `ssl_protocols TLSv1.2 TLSv1.3;`，HAProxy `ssl-default-bind-options "
                            "ssl-min-ver TLSv1.2`；做不到的软件必须升级。"});
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
        return because("unrecognised_name",
                       say("it has no certificate for the name {}", "没有名称 {} 的证书", t.wish.name),
                       Text{"Add the name to the server (nginx: `server_name`, HAProxy: a certificate with this name "
                            "in `crt`), or correct the name in imops.yaml.",
                            "请在服务器上添加该名称（nginx：`server_name`；HAProxy：`crt` "
                            "中加入含该名称的证书），或改正 imops.yaml 中的名称。"});
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return client_certificate(at);
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
    case SSL_R_NO_SHARED_CIPHER:
        if (s.asked_for_certificate()) return client_certificate(at);
        return because("no_common_cipher",
                       Text{"has no cipher in common with current clients, or no certificate at all",
                            "与现行客户端没有共同的加密套件，或没有配置证书"},
                       Text{"Set the ciphers of Mozilla's \"intermediate\" list (nginx: `ssl_ciphers`, HAProxy: "
                            "`ssl-default-bind-ciphers`), and see that the certificate is configured and can be read "
                            "by the service.",
                            "请采用 Mozilla “intermediate” "
                            "列表中的加密套件（nginx：`ssl_ciphers`；HAProxy：`ssl-default-bind-ciphers`"
                            "），并确认证书已配置且服务可读取。"});
    }
    if (s.asked_for_certificate()) return client_certificate(at);
    return {"handshake", std::move(e)};
}

Attempt attempt(const Target& t, const TlsWish& wish, const std::string& address) {
    Attempt a;
    auto begun = Clock::now();
    auto stream = Stream::dial(t.origin, address, t.port, t.deadline);
    a.connect = since(begun);
    if (!stream) {
        a.obstacle = Obstacle{std::string{name(stream.error().code)}, stream.error()};
        return a;
    }
    a.stream = *std::move(stream);
    begun = Clock::now();
    a.obstacle = lead_to_tls(*a.stream, preamble(t), wish.name);
    if (!a.obstacle)
        if (auto e = a.stream->start_tls(wish)) a.obstacle = obstacle_of(t, *a.stream, std::move(*e));
    a.handshake = since(begun);
    return a;
}

bool may_be_old(const Obstacle& o) {
    return o.code == "protocol_version" || o.code == "no_common_cipher" || o.code == "closed";
}

/// As current clients do, else as those of ten years ago did: its certificate can be judged then, and what it speaks is
/// the finding.
Attempt handshake(const Target& t) {
    auto a = attempt(t, t.wish, t.address);
    if (!a.obstacle || !may_be_old(*a.obstacle)) return a;
    auto wish = t.wish;
    wish.oldest = TLS1_VERSION;
    wish.newest = TLS1_1_VERSION;
    auto old = attempt(t, wish, t.address);
    return old.obstacle ? std::move(a) : std::move(old);
}

/// In TLS 1.3 the handshake is over for the client before the server sees that it has no certificate.
bool hangs_up_later(const Target& t, const Stream& s) {
    if (!s.asked_for_certificate() || ::SSL_version(s.tls()) != TLS1_3_VERSION) return false;
    auto soon = t;
    soon.deadline = std::min(t.deadline, Clock::now() + std::chrono::seconds{1});
    auto again = attempt(soon, t.wish, t.address);
    if (again.obstacle) return false;
    auto first = again.stream->read();
    return first && first->empty();
}

/// "none", what was chosen, or nothing: it could not be found out in time.
std::string choice(const Target& t, std::uint16_t newest, std::span<const std::uint16_t> ciphers,
                   std::string (*show)(const Chosen&)) {
    auto stream = Stream::dial(t.origin, t.address, t.port, t.deadline);
    if (!stream || lead_to_tls(**stream, preamble(t), t.wish.name)) return {};
    auto chosen = offer(**stream, newest, ciphers, t.wish.name);
    if (!chosen) return {};
    return chosen->any ? show(*chosen) : "none";
}

std::string weak_text(const Target& t) {
    std::string text;
    auto line = [&](const char* key, const std::string& value) {
        if (!value.empty()) text += fmt::format("{} {}\n", key, value);
    };
    line("old", choice(t, TLS1_1_VERSION, old_ciphers(),
                       [](const Chosen& c) { return std::string{protocol_name(c.version)}; }));
    line("cipher", choice(t, TLS1_2_VERSION, weak_ciphers(), [](const Chosen& c) { return cipher_name(c.cipher); }));
    return text;
}

/// All addresses of a name; the resolver has no deadline, so a thread of its own asks it and is left behind when it
/// takes too long.
std::vector<std::string> addresses_of(const std::string& host, Clock::time_point deadline) {
    auto answer = left_behind([host] {
        addrinfo wish{}, *found = nullptr;
        wish.ai_socktype = SOCK_STREAM;
        wish.ai_flags = AI_ADDRCONFIG;
        std::vector<std::string> all;
        if (::getaddrinfo(host.c_str(), nullptr, &wish, &found) != 0) found = nullptr;
        for (auto* a = found; a; a = a->ai_next) {
            char text[NI_MAXHOST];
            if (::getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
                all.emplace_back(text);
        }
        if (found) ::freeaddrinfo(found);
        return all;
    });
    return answer.wait_until(deadline) == std::future_status::ready ? answer.get() : std::vector<std::string>{};
}

bool numeric(const std::string& s) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, s.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, s.c_str(), bytes) == 1;
}

/// One row for each address of the name: the one that was looked at, and the others. From another host only that one is
/// seen.
std::string backends_text(const Target& t, const std::string& own, const Fingerprint& shown) {
    constexpr std::size_t most = 16;
    auto row = [](const std::string& address, std::string_view code, const Fingerprint& f) {
        return fmt::format("{}\t{}\t{}\t{}\n", address, code, f.sha256, f.not_after);
    };
    std::vector<std::string> others, rows;
    if (!own.empty() && !numeric(t.address))
        for (auto& a : addresses_of(t.address, t.deadline))
            if (a != own && others.size() < most) others.push_back(a);
    rows.resize(others.size());
    for_each_at_once(others.size(), most, [&](std::size_t i) {
        auto a = attempt(t, t.wish, others[i]);
        rows[i] = row(others[i], a.obstacle ? a.obstacle->code : "ok",
                      a.obstacle ? Fingerprint{} : fingerprint(a.stream->tls()));
    });
    std::ranges::sort(rows);
    return row(own.empty() ? t.address : own, "ok", shown) + fmt::format("{}", fmt::join(rows, ""));
}

} // namespace

Told inspect_tls(const Target& t, TlsScope scope) {
    Told told;
    auto a = handshake(t);
    if (a.obstacle && silent(*a.obstacle)) return told;
    if (!a.obstacle && hangs_up_later(t, *a.stream)) a.obstacle = client_certificate(a.stream->where());
    told["tls.handshake"] = {
        login_text(a.obstacle ? a.obstacle->code : "ok", a.obstacle ? &a.obstacle->error : nullptr), {}};
    if (!a.stream || !a.stream->tls()) return told;
    auto peer = peer_text(a.stream->tls(), t.wish.name);
    if (peer.empty()) return told;
    told["tls.peer"].text = std::move(peer);
    told["tls.chain"].text = chain_text(a.stream->tls());
    told["tls.trust"].text = trust_text(a.stream->tls(), t.wish.ca, a.stream->where());
    if (a.obstacle) return told;
    auto own = a.stream->peer_address();
    auto shown = fingerprint(a.stream->tls());
    a.stream.reset(); // no more than one connection at a time: some servers have few
    if (scope.backends) told["tls.backends"].text = backends_text(t, own, shown);
    if (scope.weak) told["tls.weak"].text = weak_text(t);
    return told;
}

Told ask_tls(const Target& t) {
    Answer answer;
    auto a = handshake(t);
    if (a.obstacle)
        answer.fail(a.obstacle->code, a.obstacle->error);
    else {
        answer.took("connect", a.connect);
        answer.took("tls", a.handshake);
        answer.seen(fmt::format("{}, {}", ::SSL_get_version(a.stream->tls()), ::SSL_get_cipher_name(a.stream->tls())));
    }
    return answer.told(*t.service);
}

} // namespace imops::probe
