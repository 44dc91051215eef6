#include "core/probe/xmpp.hpp"
#include "core/base/string.hpp"
#include "core/client/dns/lookup.hpp"
#include "core/client/xml.hpp"
#include "core/probe/endpoint.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace imops::probe {

namespace {

struct Place {
    int priority = 0, weight = 0, port = 0;
    std::string address;
};

/// From records "priority weight port target", the best first.
std::vector<Place> places_of(const std::vector<std::string>& records) {
    std::vector<Place> all;
    for (auto& r : records) {
        auto words = split(r, ' ');
        if (words.size() != 4) continue;
        Place p;
        int* numbers[]{&p.priority, &p.weight, &p.port};
        for (std::size_t i = 0; i < 3; ++i)
            std::from_chars(words[i].data(), words[i].data() + words[i].size(), *numbers[i]);
        p.address = words[3];
        all.push_back(std::move(p));
    }
    std::ranges::sort(all, [](auto& a, auto& b) {
        return std::tuple{a.priority, -a.weight, a.address} < std::tuple{b.priority, -b.weight, b.address};
    });
    return all;
}

bool is_domain(const std::string& s) {
    unsigned char bytes[16];
    return s.find('.') != s.npos && ::inet_pton(AF_INET, s.c_str(), bytes) != 1 &&
           ::inet_pton(AF_INET6, s.c_str(), bytes) != 1;
}

struct Offers {
    bool starttls = false, required = false, dialback = false, registration = false;
    std::vector<std::string> mechanisms;
};

Offers offers_of(const Element& features) {
    Offers o;
    for (auto& f : features.children) {
        if (f.name == "starttls") o.starttls = true, o.required = f.child("required") != nullptr;
        if (f.name == "dialback") o.dialback = true;
        if (f.name == "register" && f.space.ends_with("/iq-register")) o.registration = true;
        if (f.name == "mechanisms" && f.space.ends_with("xmpp-sasl"))
            for (auto& m : f.children) o.mechanisms.push_back(one_line(m.text, 40));
    }
    return o;
}

class Conversation {
    const Target& t_;
    Answer& answer_;
    std::unique_ptr<Stream> stream_;
    bool server_, direct_; // as a server; TLS from the first byte
    std::string domain_, first_;
    std::optional<XmlStream> xml_;

    bool fail(std::string code, Line what, Text remedy) {
        return answer_.fail(std::move(code), Error{Code::remote, std::move(what), remedy, {}}), false;
    }
    const Line& where() const { return stream_->where(); }
    bool not_xmpp() {
        return answer_.fail("not_xmpp", stranger(where(), first_, Text{"an XMPP server", "XMPP 服务"})), false;
    }

    bool stream_error(const Element& e) {
        auto name = e.children.empty()                                      ? std::string{"stream_error"}
                    : e.children[0].name == "text" && e.children.size() > 1 ? e.children[1].name
                                                                            : e.children[0].name;
        auto* text = e.child("text");
        auto shown =
            text && !text->text.empty() ? one_line(fmt::format("{} ({})", name, text->text), 160) : one_line(name, 60);
        if (name == "host-unknown" || name == "host-gone")
            return fail(
                "host_unknown",
                say("{}: this server does not serve the domain {}", "{}：该服务器不提供域 {}", where(), domain_),
                Text{"Name the domain in the server's configuration (Prosody: `VirtualHost`, ejabberd: `hosts:`) "
                     "exactly as it stands behind the @ of the addresses, and reload it; or correct the url.",
                     "请在服务器配置中写明该域（Prosody 的 `VirtualHost`、ejabberd 的 `hosts:`），与用户地址 @ "
                     "之后的部分完全一致，并重新加载；或改正 url。"});
        std::string code = one_line(name, 40);
        std::ranges::replace_if(
            code, [](unsigned char c) { return !std::isalnum(c); }, '_');
        return fail(
            std::move(code), say("{}: the server ends the stream: {}", "{}：服务器终止了连接：{}", where(), shown),
            Text{"The server's own log names the reason. `policy-violation` and `not-authorized`: its rules about TLS "
                 "or this client's address; `resource-constraint`: a limit of connections or open files.",
                 "原因见服务器日志。`policy-violation`、`not-authorized`：TLS "
                 "规则或对本机地址的限制；`resource-constraint`：连接数或打开文件数达到上限。"});
    }

    /// The next element or root. False: it failed, and the answer tells.
    bool next(XmlStream::Got wanted, Element& e) {
        for (;;) {
            auto got = xml_->next(e);
            if (got == wanted && e.name != "error") return true;
            if (got == XmlStream::Got::element && e.name == "error") return stream_error(e);
            if (got == XmlStream::Got::end) {
                return answer_.fail(Error{Code::lost,
                                          say("{}: the server ends the stream without a reason",
                                              "{}：服务器未说明原因就终止了连接", where()),
                                          Text{"Look into the server's log.", "请查看服务器日志。"},
                                          {}}),
                       false;
            }
            if (got != XmlStream::Got::more) return not_xmpp();
            auto more = stream_->read();
            if (!more) {
                if (!who_answers(first_).empty() && first_[0] != '<') return not_xmpp();
                return answer_.fail(more.error()), false;
            }
            if (more->empty())
                return answer_.fail(Error{
                           Code::lost,
                           say("{}: closes the connection without an answer", "{}：没有应答就关闭了连接", where()),
                           Text{"Does this port want TLS from the first byte (`xmpps://`)? Is it a proxy without a "
                                "living server behind it? Look into the server's log.",
                                "该端口是否一开始就要求 TLS（应写 "
                                "`xmpps://`）？是否是后端已停止的代理？请查看服务器日志。"},
                           {}}),
                       false;
            if (first_.empty()) first_ = more->substr(0, 80);
            xml_->feed(*more);
        }
    }
    bool send(std::string_view xml) {
        auto wrong = stream_->write(xml);
        if (wrong) answer_.fail(std::move(*wrong));
        return !wrong;
    }
    /// A stream and the features that it begins with.
    bool open(Offers& offers) {
        xml_.emplace();
        Element e;
        if (!send(fmt::format("<?xml version='1.0'?><stream:stream to='{}' version='1.0' xml:lang='en' "
                              "xmlns='jabber:{}'{} xmlns:stream='http://etherx.jabber.org/streams'>",
                              xml_escaped(domain_), server_ ? "server" : "client",
                              server_ ? " xmlns:db='jabber:server:dialback'" : "")))
            return false;
        if (!next(XmlStream::Got::root, e)) return false;
        if (e.name != "stream") return not_xmpp();
        if (!next(XmlStream::Got::element, e)) return false;
        if (e.name != "features") return not_xmpp();
        offers = offers_of(e);
        return true;
    }
    bool start_tls(const Offers& offers) {
        if (!offers.starttls)
            return fail(
                "no_starttls",
                say("{}: the server offers no encryption (STARTTLS)", "{}：服务器不提供加密（STARTTLS）", where()),
                Text{"It has no certificate for this domain, or cannot read it: Prosody: `prosodyctl check certs` and "
                     "`prosodyctl cert import`; ejabberd: `certfiles:` and `starttls: true` on the listener. Then "
                     "demand it: `c2s_require_encryption = true`, `starttls_required: true`.",
                     "服务器没有该域的证书，或读不到证书。Prosody：`prosodyctl check certs` 和 `prosodyctl cert "
                     "import`；ejabberd：`certfiles:` 以及监听端口上的 `starttls: "
                     "true`。然后强制加密：`c2s_require_encryption = true`、`starttls_required: true`。"});
        Element e;
        if (!send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") || !next(XmlStream::Got::element, e))
            return false;
        if (e.name == "proceed")
            return secure(*stream_, t_.wish, answer_); // what came in the clear behind it is thrown away
        return fail("starttls_failed",
                    say("{}: the server offers STARTTLS, but refuses to begin it",
                        "{}：服务器声明支持 STARTTLS，却拒绝启用", where()),
                    Text{"Its certificate or key cannot be loaded: the server's log names the file; the service's user "
                         "must be able to read the key.",
                         "证书或私钥无法加载：服务器日志中有文件名；服务的运行用户须能读取私钥。"});
    }

    bool try_place(const std::string& address, int port, Answer& answer) {
        Target t = t_;
        t.address = address;
        t.port = port;
        stream_ = connect(t, answer);
        return stream_ != nullptr;
    }
    bool reach() {
        auto& s = *t_.service;
        if (s.at.empty() && !s.url.empty() && !url_has_port(s.url) && is_domain(domain_)) {
            DnsQuestion q{fmt::format("_xmpp{}-{}._tcp.{}", direct_ ? "s" : "", server_ ? "server" : "client", domain_),
                          "SRV"};
            auto found = look_up(q, name_servers(), {nullptr, nullptr, t_.origin.stop},
                                 Clock::now() + (t_.deadline - Clock::now()) / 3);
            auto places = found ? places_of(found->values) : std::vector<Place>{};
            if (places.size() == 1 && places[0].address == ".")
                return fail("no_service",
                            say("{}: the domain's SRV record says that it offers no such service",
                                "{}：该域的 SRV 记录声明不提供此服务", q.name),
                            Text{"Correct the record, whose target is a single dot, or remove this endpoint.",
                                 "请改正该记录（其目标为一个点），或删除此端点。"});
            for (auto& p : places) {
                Answer trial;
                if (try_place(p.address, p.port, &p == &places.back() ? answer_ : trial)) return true;
            }
            if (!places.empty()) return false;
        }
        return try_place(t_.address, t_.port, answer_);
    }

  public:
    Conversation(const Target& t, Answer& a) : t_{t}, answer_{a}, domain_{t.wish.name} {
        auto scheme = url_scheme(t.service->url);
        server_ = scheme.ends_with("-server");
        direct_ = scheme.starts_with("xmpps");
    }
    void run(Told& told) {
        Offers open_offers, offers;
        if (!reach() || (direct_ && !secure(*stream_, t_.wish, answer_)) || !open(offers)) return;
        auto& fact = told["xmpp.stream"].text = fmt::format("server {}\n", server_ ? "yes" : "no");
        if (!direct_) {
            open_offers = offers;
            fact += fmt::format("required {}\nopen_login {}\n", offers.required ? "yes" : "no",
                                offers.mechanisms.empty() ? "no" : "yes");
            if (!start_tls(offers) || !open(offers)) return;
        }
        fact += fmt::format("registration {}\n", offers.registration || open_offers.registration ? "yes" : "no");
        if (stream_->write("</stream:stream>")) {} // a courtesy
        auto words = fmt::format("{}{}", direct_ ? "" : "STARTTLS, ", ::SSL_get_version(stream_->tls()));
        if (!offers.mechanisms.empty()) words += fmt::format(", {}", fmt::join(offers.mechanisms, " "));
        if (server_ && offers.dialback) words += ", dialback";
        answer_.seen(words);
        if (!server_ && offers.mechanisms.empty())
            fail("no_mechanism",
                 say("{}: the server offers no way to log in", "{}：服务器没有提供任何登录方式", where()),
                 Text{"Its authentication is not configured or its database is down: ejabberd: `auth_method:`, "
                      "Prosody: `authentication =` and the module saslauth; the server's log names the reason.",
                      "认证未配置，或认证数据库不可用。ejabberd 检查 `auth_method:`，Prosody 检查 `authentication =` "
                      "和 saslauth 模块；原因见服务器日志。"});
    }
};

} // namespace

Told ask_xmpp(const Target& t) {
    Answer answer;
    Told told;
    Conversation{t, answer}.run(told);
    return answer.told(*t.service, std::move(told));
}

} // namespace imops::probe
