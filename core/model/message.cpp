#include "core/model/message.hpp"
#include "core/base/string.hpp"
#include "core/model/product.hpp"

namespace imops {

namespace {

std::optional<Protocol> protocol_of(std::string_view url) {
    if (url.starts_with("http://") || url.starts_with("https://")) return Protocol::matrix;
    if (url.starts_with("xmpp://") || url.starts_with("xmpps://")) return Protocol::xmpp;
    return {};
}

std::string_view scheme(Protocol p) { return p == Protocol::matrix ? "https://" : "xmpp://"; }

/// An account is known by its name before the domain.
std::string_view local_part(std::string_view user, Protocol p) {
    if (p == Protocol::xmpp) return user.substr(0, user.find('@'));
    if (user.starts_with('@')) user.remove_prefix(1);
    return user.substr(0, user.find(':'));
}

std::string_view domain_part(std::string_view user, Protocol p) {
    auto at = user.find(p == Protocol::xmpp ? '@' : ':');
    return at == user.npos ? std::string_view{} : user.substr(at + 1);
}

bool loopback(std::string_view host) { return host.starts_with("127.") || host == "::1" || host == "localhost"; }

/// Fills what the url says.
std::optional<Objection> fill(Service& s, const MessageProbe& m, Protocol protocol, std::string url) {
    s.url = url.find("://") == url.npos ? std::string{scheme(protocol)} + url : std::move(url);
    while (s.url.ends_with('/')) s.url.pop_back();
    if (protocol_of(s.url) != protocol)
        return Objection{say("'{}' is no url for a message by {}", "'{}' 不是可用于 {} 消息的 url", one_line(s.url, 80),
                             word(protocol)),
                         Text{"For Matrix write https://im.example.com, for XMPP xmpp://im.example.com.",
                              "Matrix 请写 https://im.example.com，XMPP 请写 xmpp://im.example.com。"}};
    if (auto o = read_url(s)) return o;
    if (s.url.starts_with("http://") && !loopback(s.address))
        return Objection{
            say("passwords would go to '{}' without encryption", "密码会以明文发往 '{}'", one_line(s.url, 80)),
            Text{"Use https://, or ask it on its own host: `url: http://127.0.0.1:8008` with `via:` that host.",
                 "请用 https://；或在其主机本机上检查：`url: http://127.0.0.1:8008` 并用 `via:` 指定该主机。"}};
    for (auto* a : {&m.from, &m.to}) {
        auto domain = domain_part(a->user, protocol);
        if (protocol == Protocol::xmpp && !domain.empty() && domain != s.address)
            return Objection{say("'{}' is no account of {}", "'{}' 不是 {} 的账号", a->user, s.address),
                             say("Both accounts must belong to the domain of `url`: {}.",
                                 "两个账号都必须属于 `url` 的域：{}。", s.address)};
    }
    if (local_part(m.from.user, protocol) == local_part(m.to.user, protocol) &&
        domain_part(m.from.user, protocol) == domain_part(m.to.user, protocol))
        return Objection{say("'{}' would write to itself", "'{}' 会发给自己", m.from.user),
                         Text{"Make two accounts for the probe and name them under `from` and `to`.",
                              "请为探测建立两个账号，分别写在 `from` 和 `to`。"}};
    return {};
}

} // namespace

std::optional<Objection> objection(const MessageProbe& m) {
    std::string host;
    int port = 0;
    if (!m.at.empty() && !split_authority(m.at, host, port))
        return Objection{say("`at: {}` is no address", "`at: {}` 不是地址", m.at),
                         Text{"Write 10.0.0.5, 10.0.0.5:8443 or [fd00::5]:8443.",
                              "请写 10.0.0.5、10.0.0.5:8443 或 [fd00::5]:8443。"}};
    Service s;
    auto protocol = m.protocol ? m.protocol : protocol_of(m.url);
    if (!protocol && m.url.find("://") == m.url.npos) protocol = Protocol::matrix; // a bare name: the product will tell
    if (!protocol) return fill(s, m, Protocol::matrix, m.url);
    return fill(s, m, *protocol, m.url.empty() ? "name.invalid" : m.url);
}

Result<Service> message_service(const Deployment& d, const Product& p) {
    auto wrong = [&](Line what, Line remedy) {
        return Error{Code::config, say("{}: {}", "{}：{}", d.file, what), std::move(remedy), {}};
    };
    if (!d.message)
        return wrong(Text{"there are no accounts for a message", "没有配置收发消息的账号"},
                     Text{"Make two accounts for the probe alone and write `message: {from: {user: NAME, password: "
                          "{file: PATH}}, to: {user: NAME, password: {file: PATH}}}`.",
                          "请专为探测建立两个账号，并写 `message: {from: {user: 账号, password: {file: 路径}}, to: "
                          "{user: 账号, password: {file: 路径}}}`。"});
    auto& m = d.message->value;
    auto protocol = m.protocol ? m.protocol : protocol_of(m.url);
    if (!protocol) protocol = p.message;
    if (!protocol)
        return wrong(say("how messages of {} are sent is not known", "不知道 {} 的消息协议", p.id),
                     Text{"Write `protocol: matrix` or `protocol: xmpp` under `message:`; others cannot be sent yet.",
                          "请在 `message:` 下写 `protocol: matrix` 或 `protocol: xmpp`；其他协议目前还不支持。"});
    auto usual = *protocol == Protocol::xmpp ? d.domain : d.names.empty() ? std::string{} : d.names.front();
    if (m.url.empty() && usual.empty())
        return wrong(Text{"where the message is to be sent is not known", "不知道消息发往哪里"},
                     Text{"Write `url:` under `message:`, or `domain:` and the public `names:`.",
                          "请在 `message:` 下写 `url:`，或写明 `domain:` 和对外域名 `names:`。"});
    Service s;
    if (auto o = fill(s, m, *protocol, m.url.empty() ? usual : m.url))
        return wrong(std::move(o->what), std::move(o->remedy));
    s.name = message_name;
    s.at = m.at;
    s.via = m.via;
    s.ca = m.ca.empty() ? d.ca : m.ca;
    s.within = m.within;
    s.user = m.from.user;
    s.password = m.from.password;
    s.to = m.to;
    return s;
}

} // namespace imops
