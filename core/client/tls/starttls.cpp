#include "core/client/tls/starttls.hpp"
#include "core/base/string.hpp"
#include <re2/re2.h>

namespace imops::client {

namespace {

constexpr std::size_t most = 64 << 10; // of what a peer says before TLS

/// The talk before TLS: says a thing, reads until the answer is complete.
class Talk {
    Stream& stream_;
    std::string got_;

  public:
    std::optional<Obstacle> obstacle;
    explicit Talk(Stream& s) : stream_{s} {}

    void say_bytes(std::string_view bytes) {
        got_.clear();
        if (obstacle) return;
        if (auto e = stream_.write(bytes)) obstacle = Obstacle{std::string{name(e->code)}, *e};
    }
    /// Until `complete` says so; nothing more is read once there is an obstacle.
    template <class F> const std::string& hear(F complete) {
        while (!obstacle && !complete(got_)) {
            auto more = stream_.read();
            if (!more)
                obstacle = Obstacle{std::string{name(more.error().code)}, more.error()};
            else if (more->empty())
                obstacle = closed();
            else if ((got_ += *more).size() > most)
                obstacle = stranger();
        }
        return got_;
    }
    Obstacle closed() const {
        return {"closed",
                {Code::lost,
                 say("{}: closes the connection before TLS begins", "{}：在 TLS 开始之前就关闭了连接", stream_.where()),
                 Text{"Look into the service's log; a proxy closes like this when no server behind it lives.",
                      "请查看该服务的日志；后端全部停止的代理也会这样关闭连接。"},
                 {}}};
    }
    Obstacle stranger() const {
        auto who = who_answers(got_);
        auto what = who.empty() ? say("{}: what answers does not speak the protocol: {}",
                                      "{}：应答者使用的不是该协议：{}", stream_.where(), one_line(got_, 60))
                                : say("{}: {} answers", "{}：应答的是{}", stream_.where(), who);
        return {"not_tls",
                {Code::unsupported,
                 std::move(what),
                 Text{"Correct host and port in imops.yaml; `ss -ltnp` on its host shows which process has which port.",
                      "请改正 imops.yaml 中的主机和端口；在其主机上用 `ss -ltnp` 查看各端口属于哪个进程。"},
                 {}}};
    }
    Obstacle no_starttls(Text remedy) const {
        return {"no_starttls",
                {Code::unsupported, say("{}: offers no TLS", "{}：没有提供 TLS", stream_.where()), remedy, {}}};
    }
};

/// The last line of an SMTP answer: "250 ok", not "250-more".
bool whole_smtp(const std::string& s) {
    return s.size() < 4 ? s.find('\n') != s.npos
                        : RE2::PartialMatch(s, "(?m)^[0-9]{3}( .*)?\r?\n") || !RE2::PartialMatch(s, "^[0-9]{3}[ -]");
}

void smtp(Talk& t) {
    if (auto& hello = t.hear(whole_smtp); !t.obstacle && !hello.starts_with("220")) t.obstacle = t.stranger();
    t.say_bytes("EHLO imops.invalid\r\n");
    if (auto& offer = t.hear(whole_smtp); !t.obstacle && !RE2::PartialMatch(offer, "(?mi)^250[ -]STARTTLS\\b"))
        t.obstacle =
            t.no_starttls(Text{"Turn it on. Postfix: `postconf -e smtpd_tls_security_level=may "
                               "smtpd_tls_chain_files=/PATH/key-and-chain.pem && systemctl reload postfix`.",
                               "请启用 TLS。Postfix：`postconf -e smtpd_tls_security_level=may "
                               "smtpd_tls_chain_files=/路径/key-and-chain.pem && systemctl reload postfix`。"});
    t.say_bytes("STARTTLS\r\n");
    if (auto& go = t.hear(whole_smtp); !t.obstacle && !go.starts_with("220"))
        t.obstacle = t.no_starttls(Text{"It offers STARTTLS and then refuses it: its log names the reason, mostly a "
                                        "certificate or key that cannot be read.",
                                        "它声明支持 STARTTLS 但随后拒绝：原因见其日志，多半是证书或私钥无法读取。"});
}

void xmpp(Talk& t, std::string_view xmlns, const std::string& name) {
    std::string to; // a name of imops.yaml, made harmless for XML
    for (char c : name)
        if (c != '\'' && c != '<' && c != '&') to += c;
    t.say_bytes(fmt::format("<?xml version='1.0'?><stream:stream to='{}' xmlns='{}' "
                            "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
                            to, xmlns));
    auto& offer = t.hear([](auto& s) {
        return s.find("</stream:features>") != s.npos || s.find("<stream:features/>") != s.npos ||
               s.find("</stream:error>") != s.npos || (s.size() > 5 && !s.starts_with('<'));
    });
    if (t.obstacle) return;
    if (!offer.starts_with('<'))
        t.obstacle = t.stranger();
    else if (offer.find("host-unknown") != offer.npos)
        t.obstacle =
            Obstacle{"unrecognised_name",
                     {Code::remote,
                      say("the XMPP server does not serve the domain {}", "XMPP 服务器不提供域 {}", name),
                      Text{"Name the XMPP domain in the url (the part behind the @ of an address) and the server to "
                           "connect to with `at:`; or add the domain: ejabberd `hosts:`, Prosody `VirtualHost`.",
                           "url 中应写 XMPP 域（地址中 @ 之后的部分），要连接的服务器用 `at:` "
                           "指定；或在服务器上添加该域：ejabberd 的 `hosts:`、Prosody 的 `VirtualHost`。"},
                      {}}};
    else if (offer.find("urn:ietf:params:xml:ns:xmpp-tls") == offer.npos)
        t.obstacle = t.no_starttls(
            Text{"Turn it on. ejabberd: `starttls: true` (with `starttls_required: true`) in the listener and "
                 "`certfiles:`; Prosody: module `tls` and `certificates`; then restart it.",
                 "请启用 TLS。ejabberd：监听器中写 `starttls: true`（并加 `starttls_required: true`），配置 "
                 "`certfiles:`；Prosody：启用 `tls` 模块并配置 `certificates`；然后重启。"});
    t.say_bytes("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    if (auto& go = t.hear([](auto& s) { return s.find('>') != s.npos; }); !t.obstacle && go.find("<proceed") == go.npos)
        t.obstacle = t.no_starttls(Text{"It offers STARTTLS and then refuses it: its log names the reason, mostly a "
                                        "certificate or key that cannot be read.",
                                        "它声明支持 STARTTLS 但随后拒绝：原因见其日志，多半是证书或私钥无法读取。"});
}

void postgres(Talk& t) {
    t.say_bytes(std::string_view{"\0\0\0\x08\x04\xd2\x16\x2f", 8}); // SSLRequest
    auto& go = t.hear([](auto& s) { return !s.empty(); });
    if (t.obstacle || go.starts_with('S')) return;
    if (!go.starts_with('N'))
        t.obstacle = t.stranger();
    else
        t.obstacle = t.no_starttls(Text{"In postgresql.conf set `ssl = on`, `ssl_cert_file` and `ssl_key_file`, then "
                                        "`systemctl reload postgresql`.",
                                        "在 postgresql.conf 中设置 `ssl = on`、`ssl_cert_file` 和 "
                                        "`ssl_key_file`，然后执行 `systemctl reload postgresql`。"});
}

void mysql(Talk& t) {
    auto length = [](const std::string& s) {
        return std::size_t(static_cast<unsigned char>(s[0])) | std::size_t(static_cast<unsigned char>(s[1])) << 8 |
               std::size_t(static_cast<unsigned char>(s[2])) << 16;
    };
    auto& hello =
        t.hear([&](auto& s) { return s.size() >= 4 && (s[3] != '\0' || s.size() >= 4 + std::min(length(s), most)); });
    if (t.obstacle) return;
    auto version = hello.find('\0', 5);
    if (hello[3] != '\0' || hello.size() < 5 || hello[4] != '\x0a' || version == hello.npos ||
        version + 16 > hello.size()) {
        t.obstacle = t.stranger();
        return;
    }
    bool offers = static_cast<unsigned char>(hello[version + 15]) &
                  0x08; // CLIENT_SSL, 0x0800, in the lower half of the capabilities
    if (!offers) {
        t.obstacle = t.no_starttls(Text{"In the [mysqld] section set `ssl_cert`, `ssl_key` and `ssl_ca`, and restart "
                                        "the server; `SHOW VARIABLES LIKE 'have_ssl'` then says YES.",
                                        "在 [mysqld] 段设置 `ssl_cert`、`ssl_key`、`ssl_ca` 并重启服务器；之后 `SHOW "
                                        "VARIABLES LIKE 'have_ssl'` 应为 YES。"});
        return;
    }
    std::string request{"\x20\0\0\x01\x00\x8a\x08\0\0\0\0\x01\x21",
                        13}; // PROTOCOL_41, SSL, SECURE_CONNECTION, PLUGIN_AUTH
    t.say_bytes(request + std::string(23, '\0'));
}

} // namespace

std::optional<Obstacle> lead_to_tls(Stream& s, Preamble p, const std::string& name) {
    Talk t{s};
    switch (p) {
    case Preamble::none: break;
    case Preamble::xmpp_client: xmpp(t, "jabber:client", name); break;
    case Preamble::xmpp_server: xmpp(t, "jabber:server", name); break;
    case Preamble::smtp: smtp(t); break;
    case Preamble::postgres: postgres(t); break;
    case Preamble::mysql: mysql(t); break;
    }
    return std::move(t.obstacle);
}

} // namespace imops::client
