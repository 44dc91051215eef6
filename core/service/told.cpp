#include "core/service/told.hpp"
#include "core/base/string.hpp"

namespace imops::service {

std::string login_text(std::string_view code, const Error* e) {
    auto text = fmt::format("code {}\n", code);
    if (!e) return text;
    auto line = [&](const char* key, const std::string& value) {
        if (!value.empty()) text += fmt::format("{} {}\n", key, one_line(value, 1500));
    };
    line("en", e->what.en);
    line("zh", e->what.zh);
    line("remedy_en", e->remedy.en);
    line("remedy_zh", e->remedy.zh);
    return text;
}

Line who_answers(std::string_view s) {
    if (s.starts_with("HTTP/")) return Text{"an HTTP server", "HTTP 服务"};
    if (s.starts_with("SSH-")) return Text{"an SSH server", "SSH 服务"};
    if (s.starts_with("\x15\x03")) return Text{"a server that wants TLS", "要求 TLS 的服务"};
    if (s.starts_with("220 ") || s.starts_with("220-")) return Text{"a mail server", "邮件服务"};
    if (s.starts_with("ERROR\r\n")) return Text{"Memcached", "Memcached"};
    if (s.starts_with("-ERR") || s.starts_with("-NOAUTH") || s.starts_with("+PONG")) return Text{"Redis", "Redis"};
    if (s.starts_with("<?xml") || s.starts_with("<stream:")) return Text{"an XMPP server", "XMPP 服务"};
    if (s.size() > 5 && s[3] == '\0' && (s[4] == '\x0a' || s[4] == '\xff')) return Text{"MySQL or MariaDB", "MySQL 或 MariaDB"};
    return {};
}

} // namespace imops::service
