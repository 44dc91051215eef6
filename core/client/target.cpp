#include "core/client/target.hpp"
#include "core/base/string.hpp"

namespace imops::client {

Line who_answers(std::string_view s) {
    if (s.starts_with("HTTP/")) return Text{"an HTTP server", "HTTP 服务"};
    if (s.starts_with("SSH-")) return Text{"an SSH server", "SSH 服务"};
    if (s.starts_with("\x15\x03")) return Text{"a server that wants TLS", "要求 TLS 的服务"};
    if (s.starts_with("220 ") || s.starts_with("220-")) return Text{"a mail server", "邮件服务"};
    if (s.starts_with("ERROR\r\n")) return Text{"Memcached", "Memcached"};
    if (s.starts_with("-ERR") || s.starts_with("-NOAUTH") || s.starts_with("+PONG")) return Text{"Redis", "Redis"};
    if (s.starts_with("<?xml") || s.starts_with("<stream:")) return Text{"an XMPP server", "XMPP 服务"};
    if (s.size() > 5 && s[3] == '\0' && (s[4] == '\x0a' || s[4] == '\xff'))
        return Text{"MySQL or MariaDB", "MySQL 或 MariaDB"};
    return {};
}

Error stranger(const Stream& s, Text wanted, int port, std::string_view first_bytes) {
    auto who = who_answers(first_bytes);
    auto shown = one_line(first_bytes, 60);
    auto what = who.empty() ? say("{}: what answers does not speak the protocol of {}: {}",
                                  "{}：应答者使用的不是 {} 的协议：{}", s.where(), wanted, shown)
                            : say("{}: {} answers, not {}", "{}：应答的是{}，不是 {}", s.where(), who, wanted);
    return {Code::unsupported,
            std::move(what),
            say("Correct host and port in imops.yaml; the usual port of {} is {}. `ss -ltnp` on its host shows which "
                "process has which port. A port for TLS needs `tls: yes`.",
                "请改正 imops.yaml 中的主机和端口，{} 的常用端口是 {}。在其主机上用 `ss -ltnp` "
                "查看各端口属于哪个进程。TLS 端口需要写 `tls: yes`。",
                wanted, port),
            {}};
}

Error stranger(const Line& where, std::string_view first_bytes, Text wanted) {
    auto who = who_answers(first_bytes);
    Text remedy{"Correct host and port in imops.yaml. `ss -ltnp` on its host shows which process has which port.",
                "请改正 imops.yaml 中的主机和端口。在其主机上用 `ss -ltnp` 查看各端口属于哪个进程。"};
    if (!who.empty() && who.en != wanted.en)
        return {
            Code::unsupported, say("{}: {} answers, not {}", "{}：应答的是{}，不是{}", where, who, wanted), remedy, {}};
    return {Code::unsupported,
            say("{}: what answers is not {}: {}", "{}：应答者不是{}：{}", where, wanted, one_line(first_bytes, 60)),
            remedy,
            {}};
}

Error closed_early(const Stream& s) {
    return {
        Code::lost,
        say("{}: closes the connection without an answer", "{}：没有应答就关闭了连接", s.where()),
        Text{"Is it a proxy without a living server behind it, a server that is just starting or stopping, or a port "
             "for TLS (`tls: yes`)? Look into the service's log.",
             "这是否是后端已停止的代理、正在启动或停止的服务，或 TLS 端口（需要写 `tls: yes`）？请查看该服务的日志。"},
        {}};
}

} // namespace imops::client
