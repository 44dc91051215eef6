#include "core/client/xmpp/session.hpp"
#include "core/base/string.hpp"
#include "core/client/scram.hpp"
#include "core/net/host_keys.hpp"
#include <array>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace imops::client {

namespace {

constexpr std::string_view tls_space = "urn:ietf:params:xml:ns:xmpp-tls",
                           sasl_space = "urn:ietf:params:xml:ns:xmpp-sasl";

/// What imops can do, the best first.
struct Mechanism {
    std::string_view name;
    const EVP_MD* (*digest)(); // null: PLAIN
};
constexpr std::array<Mechanism, 4> mechanisms{{{"SCRAM-SHA-512", ::EVP_sha512},
                                               {"SCRAM-SHA-256", ::EVP_sha256},
                                               {"SCRAM-SHA-1", ::EVP_sha1},
                                               {"PLAIN", nullptr}}};

/// Offered mechanisms: "EXTERNAL, GSSAPI".
std::string offered(const Element* list) {
    std::string all;
    if (list)
        for (auto& m : list->children) all += (all.empty() ? "" : ", ") + m.text;
    return all;
}

constexpr Text store_remedy{"Is the database (or LDAP) of the accounts up, and can the server log in there? The "
                            "server's log names the error; `imops preflight` asks the database itself.",
                            "存放账号的数据库（或 LDAP）是否在运行，服务器能否登录？服务器日志会写明原因；`imops "
                            "preflight` 会直接检查数据库。"};

struct Refusal {
    std::string_view condition, code;
    Text what, remedy;
};
const std::array<Refusal, 6>& refusals() {
    static const std::array<Refusal, 6> all{{
        {"not-authorized",
         "password_wrong",
         {"account or password is wrong", "账号或密码错误"},
         {"The server does not say which. `ejabberdctl check_account NAME DOMAIN`, `prosodyctl shell user list DOMAIN` "
          "show whether the account exists; compare the password with the one referred to in imops.yaml.",
          "服务器不会说明是哪一个。用 `ejabberdctl check_account 账号 域名` 或 `prosodyctl shell user list 域名` "
          "查看账号是否存在，再核对 imops.yaml 所引用的密码。"}},
        {"temporary-auth-failure",
         "store_broken",
         {"the process answers, but cannot check the password: look at its database",
          "进程有应答，但无法校验密码：请检查其数据库"},
         store_remedy},
        {"account-disabled",
         "account_disabled",
         {"the account is disabled", "账号已被禁用"},
         {"Enable it, or make another one for the probe.", "请启用该账号，或为探测另建一个。"}},
        {"credentials-expired",
         "password_expired",
         {"the password has expired", "密码已过期"},
         {"Give the account a new password, and put it where imops.yaml refers to.",
          "请为该账号设置新密码，并更新到 imops.yaml 所引用的位置。"}},
        {"invalid-authzid",
         "not_allowed",
         {"the account must not log in under this name", "不允许该账号以此名称登录"},
         {"Correct `user` under `message:`.", "请改正 `message:` 下的 `user`。"}},
        {"policy-violation",
         "not_allowed",
         {"the server does not let this account in by its rules", "服务器规则不允许该账号登录"},
         {"Look for a limit of log-ins, an access rule or a ban list that catches this account or address (ejabberd: "
          "`access_rules`, mod_fail2ban; Prosody: mod_limits, mod_firewall).",
          "请查找限制登录的规则：次数限制、访问规则或封禁名单是否命中了该账号或地址（ejabberd：`access_rules`、mod_"
          "fail2ban；Prosody：mod_limits、mod_firewall）。"}},
    }};
    return all;
}

Error closed(const Line& account) {
    return {Code::lost,
            say("{}: the server closed the connection", "{}：服务器关闭了连接", account),
            Text{"Look into the server's log at this minute.", "请查看服务器这一分钟的日志。"},
            {}};
}

} // namespace

std::string condition(const Element& error) {
    std::string name, text;
    for (auto& c : error.children)
        if (c.name == "text")
            text = c.text;
        else if (name.empty())
            name = c.name;
    return one_line(text.empty() ? name : name + ": " + text, 200);
}

Cause login_refused(const Element& failure, const Line& account) {
    auto said = condition(failure);
    auto text = failure.child("text");
    for (auto& r : refusals())
        if (failure.child(r.condition)) {
            auto more = text && !text->text.empty() ? fmt::format(" ({})", one_line(text->text, 200)) : std::string{};
            return {r.code, say("{}: {}{}", "{}：{}{}", account, r.what, more), say("{}", "{}", r.remedy)};
        }
    return {"not_allowed", say("{}: the server refuses the log-in: {}", "{}：服务器拒绝登录：{}", account, said),
            Text{"Look into the server's log at this minute.", "请查看服务器这一分钟的日志。"}};
}

Line XmppSession::account() const { return say("{} at {}", "{}（{}）", bare(), stream_->where()); }

Step XmppSession::write(std::string_view bytes) {
    if (auto e = stream_->write(bytes)) return Cause{std::move(*e)};
    return {};
}

Cause XmppSession::not_xmpp() const {
    auto who = who_answers(first_);
    auto shown = one_line(first_, 60);
    return {
        "other_service",
        say("{}: what answers is no XMPP server: {}", "{}：应答的不是 XMPP 服务：{}", stream_->where(),
            who.empty() ? Line{shown, shown} : who),
        Text{"Give the address and port for clients with `at:` under `message:`; the usual port is 5222, for TLS from "
             "the first byte (xmpps://) 5223.",
             "请在 `message:` 下用 `at:` 写明客户端连接的地址和端口；常用端口是 5222，直接 TLS（xmpps://）为 5223。"}};
}

Cause XmppSession::stream_error(const Element& e) const {
    auto said = condition(e);
    if (e.child("host-unknown"))
        return {
            "domain_unknown",
            say("{}: this server does not serve the domain {}", "{}：该服务器不提供域 {} 的服务", stream_->where(),
                domain_),
            Text{"Compare the domain in `url` with the server's hosts (ejabberd: `hosts:`, Prosody: `VirtualHost`), or "
                 "correct `at`.",
                 "请核对 `url` 中的域与服务器配置（ejabberd 的 `hosts:`、Prosody 的 `VirtualHost`），或改正 `at`。"}};
    return {e.children.empty() ? "remote" : e.children.front().name,
            say("{}: the server ends the session: {}", "{}：服务器结束了会话：{}", account(), said),
            Text{"Look into the server's log at this minute.", "请查看服务器这一分钟的日志。"}};
}

Step XmppSession::feed(std::string_view bytes) {
    if (bytes.empty()) return Cause{closed(account())};
    if (first_.empty()) first_ = bytes.substr(0, 80);
    xml_->feed(bytes);
    return {};
}

Step XmppSession::read(Element& e, XmlStream::Got wanted) {
    for (;;) {
        auto got = xml_->next(e);
        if (got == XmlStream::Got::broken) return not_xmpp();
        if (got == XmlStream::Got::end) return Cause{closed(account())};
        if (got == XmlStream::Got::element && e.name == "error" && e.space == "http://etherx.jabber.org/streams")
            return stream_error(e);
        if (got == wanted) return {};
        if (got != XmlStream::Got::more) return not_xmpp();
        auto bytes = stream_->read();
        if (!bytes) return Cause{bytes.error()};
        if (auto wrong = feed(*bytes)) return wrong;
    }
}

bool XmppSession::next(Element& e, Step& wrong) {
    if (!early_.empty()) {
        e = std::move(early_.front());
        early_.pop_front();
        return true;
    }
    switch (xml_->next(e)) {
    case XmlStream::Got::element:
        if (e.name != "error") return true;
        wrong = stream_error(e);
        return false;
    case XmlStream::Got::more: return false;
    case XmlStream::Got::end: wrong = Cause{closed(account())}; return false;
    case XmlStream::Got::root:
    case XmlStream::Got::broken: wrong = not_xmpp(); return false;
    }
    return false;
}

Step XmppSession::begin(Element& features) {
    xml_ = std::make_unique<XmlStream>();
    if (auto wrong = write(fmt::format("<?xml version='1.0'?><stream:stream to='{}' version='1.0' xml:lang='en' "
                                       "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
                                       xml_escaped(domain_))))
        return wrong;
    Element root;
    if (auto wrong = read(root, XmlStream::Got::root)) return wrong;
    if (root.name != "stream") return not_xmpp();
    return read(features, XmlStream::Got::element);
}

Step XmppSession::encrypt(const TlsWish& wish, Element& features) {
    if (auto wrong = begin(features)) return wrong;
    if (!features.child("starttls", tls_space))
        return Cause{"no_tls",
                     say("{}: the server offers no TLS, so no password is sent", "{}：服务器未提供 TLS，因此不发送密码",
                         stream_->where()),
                     Text{"Give it a certificate and demand TLS: ejabberd `certfiles:` and `starttls_required: true` "
                          "of its c2s listener, Prosody `certificate`/`key` and `c2s_require_encryption = true`.",
                          "请配置证书并强制 TLS：ejabberd 用 `certfiles:` 以及 c2s 监听的 `starttls_required: "
                          "true`；Prosody 用 `certificate`/`key` 和 `c2s_require_encryption = true`。"}};
    if (auto wrong = write(fmt::format("<starttls xmlns='{}'/>", tls_space))) return wrong;
    Element answer;
    if (auto wrong = read(answer, XmlStream::Got::element)) return wrong;
    if (answer.name != "proceed")
        return Cause{"no_tls",
                     say("{}: the server offers TLS, but then refuses it", "{}：服务器声称支持 TLS，却拒绝启用",
                         stream_->where()),
                     Text{"Its certificate or key cannot be read, most often: look into its log, and at owner and mode "
                          "of both files.",
                          "多半是无法读取证书或私钥：请查看其日志，以及两个文件的属主和权限。"}};
    if (auto e = stream_->start_tls(wish)) return Cause{std::move(*e)};
    return {};
}

Step XmppSession::exchange(std::string_view mechanism, const Secret& password) {
    auto* m = std::ranges::find(mechanisms, mechanism, &Mechanism::name);
    Element answer;
    if (!m->digest) {
        std::string plain{'\0'};
        plain += user_;
        plain += '\0';
        plain += password.reveal();
        auto line = fmt::format("<auth xmlns='{}' mechanism='PLAIN'>{}</auth>", sasl_space, base64(plain));
        auto wrong = write(line);
        ::OPENSSL_cleanse(plain.data(), plain.size());
        ::OPENSSL_cleanse(line.data(), line.size());
        if (!wrong) wrong = read(answer, XmlStream::Got::element);
        if (!wrong && answer.name != "success") wrong = login_refused(answer, account());
        return wrong;
    }
    Scram scram{m->digest(), user_, random_word(16)};
    if (auto wrong = write(
            fmt::format("<auth xmlns='{}' mechanism='{}'>{}</auth>", sasl_space, mechanism, base64(scram.first()))))
        return wrong;
    if (auto wrong = read(answer, XmlStream::Got::element)) return wrong;
    if (answer.name != "challenge") return login_refused(answer, account());
    auto proof = scram.answer(from_base64(trim(answer.text)).value_or(""), password);
    if (proof.empty())
        return Cause{
            "no_mechanism",
            say("{}: the challenge of {} is not as it should be", "{}：{} 的质询不符合规范", account(), mechanism),
            Text{"Is the server's iteration count above 1,000,000, or is something between that changes what it says?",
                 "服务器的迭代次数是否超过 1,000,000？中间是否有设备改写了内容？"}};
    if (auto wrong = write(fmt::format("<response xmlns='{}'>{}</response>", sasl_space, base64(proof)))) return wrong;
    if (auto wrong = read(answer, XmlStream::Got::element)) return wrong;
    Cause unproven{
        "server_unproven",
        say("{}: the server lets the account in, but does not prove that it knows its password",
            "{}：服务器允许登录，却未能证明自己知道密码", account()),
        Text{"Something may stand between that imitates the server: compare the certificate with the server's own.",
             "中间可能有冒充服务器的设备：请核对证书是否为服务器本身的证书。"}};
    if (answer.name == "challenge") { // some say their last word before the success
        if (!scram.proven(from_base64(trim(answer.text)).value_or(""))) return unproven;
        if (auto wrong = write(fmt::format("<response xmlns='{}'/>", sasl_space))) return wrong;
        if (auto wrong = read(answer, XmlStream::Got::element)) return wrong;
        return answer.name == "success" ? Step{} : login_refused(answer, account());
    }
    if (answer.name != "success") return login_refused(answer, account());
    return scram.proven(from_base64(trim(answer.text)).value_or("")) ? Step{} : unproven;
}

Step XmppSession::authenticate(const Element& features, const Secret& password) {
    auto* list = features.child("mechanisms", sasl_space);
    for (auto& m : mechanisms)
        if (list && std::ranges::any_of(list->children, [&](auto& c) { return trim(c.text) == m.name; }))
            return exchange(m.name, password);
    return Cause{
        "no_mechanism",
        say("{}: the server offers no way to log in with a password: {}", "{}：服务器没有提供可用密码登录的机制：{}",
            account(), one_line(offered(list), 200)),
        Text{"imops can use SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1 and PLAIN (inside TLS): allow one for clients.",
             "imops 支持 SCRAM-SHA-512、SCRAM-SHA-256、SCRAM-SHA-1 和（TLS 内的）PLAIN：请为客户端启用其一。"}};
}

Step XmppSession::bind(const Element& features) {
    Element answer;
    auto resource = "imops-probe-" + random_word(6);
    if (auto wrong = ask(fmt::format("<iq type='set' id='bind'><bind "
                                     "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{}</resource></bind></iq>",
                                     resource),
                         "bind", answer))
        return wrong;
    auto* bound = answer.child("bind");
    auto* jid = bound ? bound->child("jid") : nullptr;
    if (answer.attribute("type") != "result" || !jid) {
        auto* error = answer.child("error");
        return Cause{"not_allowed",
                     say("{}: the server opens no session: {}", "{}：服务器不允许建立会话：{}", account(),
                         error ? condition(*error) : std::string{"?"}),
                     Text{"Has the account too many sessions (`max_user_sessions`), or does an access rule stop it? "
                          "Look into the server's log.",
                          "该账号的会话是否过多（`max_user_sessions`），或被访问规则拦截？请查看服务器日志。"}};
    }
    jid_ = trim(jid->text);
    auto* session = features.child("session"); // of RFC 3921; servers that still demand it do not call it optional
    if (!session || session->child("optional")) return {};
    return ask("<iq type='set' id='session'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", "session",
               answer);
}

Step XmppSession::log_in(const TlsWish& wish, bool direct, const Secret& password) {
    Element features;
    if (!direct) {
        if (auto wrong = encrypt(wish, features)) return wrong;
    } else if (auto e = stream_->start_tls(wish))
        return Cause{std::move(*e)};
    if (auto e = stream_->distrust()) {
        Cause c{std::move(*e)};
        c.code = "untrusted";
        return c;
    }
    if (auto wrong = begin(features)) return wrong;
    if (auto wrong = authenticate(features, password)) {
        if (wrong->code != name(Code::timed_out)) return wrong;
        return Cause{"store_broken",
                     say("{}: the server answers, but has no answer to the password in time: look at its database",
                         "{}：服务器有应答，但未在时限内完成密码校验：请检查其数据库", account()),
                     store_remedy};
    }
    if (auto wrong = begin(features)) return wrong;
    return bind(features);
}

Step XmppSession::ask(std::string_view iq, std::string_view id, Element& answer) {
    if (auto wrong = write(iq)) return wrong;
    for (;;) {
        if (auto wrong = read(answer, XmlStream::Got::element)) return wrong;
        if (answer.name == "iq" && answer.attribute("id") == id) return {};
        if (early_.size() < 200) early_.push_back(std::move(answer));
    }
}

void XmppSession::close() { (void)write("</stream:stream>"); }

} // namespace imops::client
