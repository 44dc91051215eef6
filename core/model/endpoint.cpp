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
    {"http", ServiceType::http, 80, false, false}, {"https", ServiceType::http, 443, true, false}, {"ws", ServiceType::http, 80, false, false},
    {"wss", ServiceType::http, 443, true, false}, {"tcp", ServiceType::tcp, 0, false, true}, {"tls", ServiceType::tls, 443, true, false},
    {"xmpp", ServiceType::xmpp, 5222, false, false}, {"xmpps", ServiceType::xmpp, 5223, true, false}, {"xmpp-server", ServiceType::xmpp, 5269, false, false},
    {"xmpps-server", ServiceType::xmpp, 5270, true, false}, {"stun", ServiceType::turn, 3478, false, false}, {"turn", ServiceType::turn, 3478, false, false},
    {"turns", ServiceType::turn, 5349, true, false}, {"smtp", ServiceType::smtp, 25, false, false}, {"smtps", ServiceType::smtp, 465, true, false},
    {"dns", ServiceType::dns, 53, false, false},
}};

bool odd(std::string_view s) {
    return s.starts_with('-') || std::any_of(s.begin(), s.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '<' || c == '>'; });
}

} // namespace

Rule<std::string> pattern() {
    return [](const std::string& s) -> std::optional<Objection> {
        re2::RE2 re{s, re2::RE2::Quiet};
        if (re.ok()) return {};
        return Objection{say("'{}' is not a regular expression: {}", "'{}' 不是正则表达式：{}", one_line(s, 60), one_line(re.error(), 80)), Text{"RE2 syntax; escape dots and brackets with a backslash.", "请用 RE2 语法；点号和括号前加反斜杠。"}};
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
    return wrong == std::errc{} && end == digits.data() + digits.size() && port >= 1 && port <= 65535 && !host.empty() && (text.starts_with('[') || host.find(':') == host.npos);
}

std::optional<Objection> read_url(Service& s) {
    auto refuse = [&](Line what) {
        return Objection{std::move(what), Text{"For example https://im.example.com/health, tcp://10.0.0.5:5432, xmpp://im.example.com, dns:_xmpp-client._tcp.im.example.com?type=SRV.",
                                               "例如 https://im.example.com/health、tcp://10.0.0.5:5432、xmpp://im.example.com、dns:_xmpp-client._tcp.im.example.com?type=SRV。"}};
    };
    auto shown = one_line(s.url, 80);
    auto colon = s.url.find(':');
    const Scheme* scheme = nullptr;
    for (auto& k : schemes)
        if (colon != s.url.npos && s.url.substr(0, colon) == k.name) scheme = &k;
    if (!scheme) return refuse(say("'{}' is no url that can be asked", "'{}' 不是可检查的 url", shown));
    std::string_view rest = std::string_view{s.url}.substr(colon + 1);
    if (rest.starts_with("//")) rest.remove_prefix(2);
    auto authority = rest.substr(0, rest.find_first_of("/?#"));
    if (odd(rest)) return refuse(say("'{}' holds characters that a url cannot have", "'{}' 含有 url 中不允许的字符", shown));
    if (authority.find('@') != authority.npos)
        return Objection{Text{"a url with a user or a password in it", "url 中带有用户名或密码"}, Text{"Give `user` and `password: {env: NAME}` beside it; change the password that stood here.", "请在旁边给出 `user` 和 `password: {env: 变量名}`；写在这里的密码应当更换。"}};
    s.type = scheme->type;
    s.port = scheme->port;
    s.tls = scheme->tls;
    if (!split_authority(authority, s.address, s.port) || odd(s.address)) return refuse(say("'{}' names no host, or no port from 1 to 65535", "'{}' 缺少主机，或端口不在 1 到 65535 之间", shown));
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
    case ServiceType::smtp:
    case ServiceType::turn:
    case ServiceType::http:
    case ServiceType::xmpp:
    case ServiceType::tls:
    case ServiceType::tcp:
    case ServiceType::dns: all.push_back("endpoint"); break;
    }
    bool always = s.type == ServiceType::xmpp || s.type == ServiceType::tls; // STARTTLS is demanded of XMPP
    if (s.reachable && (s.tls.value_or(always) || always)) all.push_back("tls");
    return all;
}

} // namespace imops
