#include "core/net/http_errors.hpp"
#include "core/base/string.hpp"
#include <array>
#include <openssl/x509_vfy.h>

namespace imops::net {

namespace {

Error timed_out(const Failed& f, const Line& where) {
    auto late = [&](Line what, Text remedy) { return Error{Code::timed_out, std::move(what), remedy, {}}; };
    if (f.tls && !f.encrypted)
        return late(
            say("{}: takes the connection, but does not finish the TLS handshake in time",
                "{}：连接已建立，但未在时限内完成 TLS 握手", where),
            Text{"Does this port speak TLS at all? Is the server overloaded, or does something between drop large "
                 "packets (MTU)? `openssl s_client -connect ADDRESS:PORT -servername NAME` shows how far it comes.",
                 "该端口是否启用了 TLS？服务器是否过载，或中间设备是否丢弃大包（MTU）？用 `openssl s_client -connect "
                 "地址:端口 -servername 域名` 查看进行到哪一步。"});
    if (f.status == 0)
        return late(
            say("{}: takes the connection, but gives no answer in time", "{}：连接已建立，但未在时限内应答", where),
            Text{"Is the process stopped, swapping or waiting for its database? On its host: `top`, `vmstat 1 5`, and "
                 "its log. A proxy that waits for a dead server looks the same: compare its timeouts.",
                 "进程是否被挂起、正在换页，或在等待数据库？在其主机上执行 `top`、`vmstat 1 "
                 "5`，并查看日志。代理在等待已停止的后端时也是如此，请核对代理的超时设置。"});
    return late(
        say("{}: the answer began (HTTP {}), but is not complete in time; {} bytes of its body came",
            "{}：应答已开始（HTTP {}），但未在时限内完成，响应体只收到 {} 字节", where, f.status, f.body),
        Text{"Is the link or the disk of the server slow, or does the answer never end (a stream)? `curl -sS -o "
             "/dev/null -w '%{time_total} %{size_download}\\n' URL` shows it; a longer `--timeout` if it is only slow.",
             "链路或服务器磁盘是否过慢，还是应答本来就不会结束（流式接口）？用 `curl -sS -o /dev/null -w "
             "'%{time_total} %{size_download}\\n' URL` 查看；只是慢时加大 `--timeout`。"});
}

/// Why a certificate is not trusted, for those who can do something about it.
struct Distrust {
    std::array<long, 4> verdicts; // X509_V_ERR_...
    Text what, remedy;
};
const std::array<Distrust, 6>& distrusts() {
    static const std::array<Distrust, 6> all{{
        {{X509_V_ERR_CERT_HAS_EXPIRED},
         {"the certificate, or one of its chain, has expired", "证书或证书链中的某一级已过期"},
         {"Renew it (`certbot renew`, or your authority), reload the server so that it uses the new file (`systemctl "
          "reload nginx`), and find out why the renewal failed: `systemctl list-timers`.",
          "请续期（`certbot renew`，或向签发 CA 申请），重新加载服务器使新证书生效（`systemctl reload "
          "nginx`），并查明为何没有自动续期：`systemctl list-timers`。"}},
        {{X509_V_ERR_CERT_NOT_YET_VALID},
         {"the certificate is not valid yet", "证书尚未生效"},
         {"Compare the clocks of this machine and of the server: `timedatectl`. If both are right, the certificate was "
          "issued for later.",
          "请核对本机和服务器的时钟：`timedatectl`。如果都正确，说明证书的生效时间在以后。"}},
        {{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
         {"the certificate is self-signed", "证书是自签名的"},
         {"Clients refuse it as well: install one of an authority that they know. A private authority's own "
          "certificate is named with `ca:` in imops.yaml, and must be installed on the clients.",
          "客户端同样会拒绝：请换成客户端信任的 CA 签发的证书。自建 CA 请在 imops.yaml 中用 `ca:` "
          "指定其证书，并在客户端安装。"}},
        {{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
         {"the certificate's authority is not known here", "签发证书的 CA 在本机不受信任"},
         {"A private authority: name its certificate with `ca:` in imops.yaml, or install it "
          "(`/usr/local/share/ca-certificates`, then `update-ca-certificates`). If it is not yours, find out who "
          "answers in between.",
          "自建 CA：请在 imops.yaml 中用 `ca:` 指定其证书，或安装到系统（放入 `/usr/local/share/ca-certificates` "
          "后执行 `update-ca-certificates`）。如果不是自己的 CA，请查明是谁在中间应答。"}},
        {{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
          X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT},
         {"the chain of the certificate does not lead to a known authority: an intermediate certificate is missing, or "
          "the authority is not known here",
          "证书链无法追溯到受信任的 CA：缺少中间证书，或签发 CA 在本机不受信任"},
         {"Let the server send the whole chain: `fullchain.pem` instead of `cert.pem` (`ssl_certificate` of nginx, "
          "`crt` of HAProxy). Browsers may hide the gap, apps do not. For a private authority name its certificate "
          "with `ca:` in imops.yaml.",
          "请让服务器发送完整证书链：用 `fullchain.pem` 而不是 `cert.pem`（nginx 的 `ssl_certificate`、HAProxy 的 "
          "`crt`）。浏览器可能会自行补全，App 不会。自建 CA 请在 imops.yaml 中用 `ca:` 指定其证书。"}},
        {{X509_V_ERR_CERT_REVOKED},
         {"the certificate was revoked", "证书已被吊销"},
         {"Install a new one, with a new key; the old key may be in foreign hands.",
          "请用新的私钥重新申请证书，旧私钥可能已泄露。"}},
    }};
    return all;
}

Error untrusted(const Failed& f, const Line& where) {
    for (auto& d : distrusts())
        for (auto verdict : d.verdicts)
            if (verdict != X509_V_OK && verdict == f.verify)
                return {Code::tls_untrusted, say("{}: {}", "{}：{}", where, d.what), d.remedy, {}};
    if (f.verify == X509_V_OK || f.verify == X509_V_ERR_UNSPECIFIED) // the latter: libcurl looked at the name first
        return {Code::tls_untrusted,
                say("{}: the certificate is for another name", "{}：证书的域名不符", where),
                Text{"`openssl s_client -connect ADDRESS:PORT -servername NAME </dev/null | openssl x509 -noout -ext "
                     "subjectAltName` shows its names. Is another site of the proxy the default for this port? Else "
                     "have it issued for this name too.",
                     "用 `openssl s_client -connect 地址:端口 -servername 域名 </dev/null | openssl x509 -noout -ext "
                     "subjectAltName` "
                     "查看证书中的域名。是否落到了代理在该端口上的另一个默认站点？否则请重新签发包含该域名的证书。"},
                {}};
    return {Code::tls_untrusted,
            say("{}: the certificate is not trusted: {}", "{}：证书不受信任：{}", where,
                ::X509_verify_cert_error_string(f.verify)),
            Text{"Correct the certificate on the server; verification cannot be turned off.",
                 "请在服务器上更正证书，校验不能关闭。"},
            {}};
}

Error handshake(const Failed& f, const Line& where) {
    if (f.detail.find("wrong version number") != f.detail.npos ||
        f.detail.find("packet length too long") != f.detail.npos)
        return {Code::handshake,
                say("{}: what answers does not speak TLS", "{}：应答者没有使用 TLS", where),
                Text{"Is this the port for plain HTTP? Then the port is wrong, or TLS is not turned on there: `listen "
                     "443 ssl` in nginx, `bind :443 ssl crt FILE` in HAProxy.",
                     "这是否是明文 HTTP 端口？那就是端口写错了，或服务器没有在该端口启用 TLS：nginx 为 `listen 443 "
                     "ssl`，HAProxy 为 `bind :443 ssl crt 文件`。"},
                {}};
    return {Code::handshake,
            say("{}: no TLS: {}", "{}：TLS 握手失败：{}", where, one_line(f.detail, 160)),
            Text{"Does the server know this name, and speak TLS 1.2 or newer? Does it want a client's certificate? "
                 "`openssl s_client -connect ADDRESS:PORT -servername NAME` shows the handshake.",
                 "服务器是否配置了该域名，是否支持 TLS 1.2 以上，是否要求客户端证书？用 `openssl s_client -connect "
                 "地址:端口 -servername 域名` 查看握手过程。"},
            {}};
}

Error lost(const Failed& f, const Line& where) {
    if (f.status == 0)
        return {Code::lost,
                say("{}: closes the connection without an answer", "{}：没有应答就关闭了连接", where),
                Text{"Is it a proxy without a living server behind it, or one that refuses this address? Does the port "
                     "want TLS (https)? Look into the log of what listens there: `ss -ltnp`.",
                     "是否是后端已停止的代理，或拒绝了本机地址？该端口是否要求 TLS（https）？用 `ss -ltnp` "
                     "查看谁在监听，再看它的日志。"},
                {}};
    return {Code::lost,
            say("{}: the connection broke in the middle of the answer (HTTP {}, {} bytes of its body): {}",
                "{}：应答中途连接断开（HTTP {}，响应体已收到 {} 字节）：{}", where, f.status, f.body,
                one_line(f.detail, 120)),
            Text{"Did the service crash or restart (`journalctl -u NAME`), or does a proxy give up (timeouts, a full "
                 "disk for its buffers)?",
                 "服务是否崩溃或重启（`journalctl -u 服务名`），或代理中途放弃（超时、缓冲目录磁盘满）？"},
            {}};
}

} // namespace

Error http_error(const Failed& f, const Line& where) {
    if (f.code == CURLE_OPERATION_TIMEDOUT && f.connected) return timed_out(f, where);
    switch (int(f.code)) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_COULDNT_CONNECT: {
        auto e = connect_error({f.code, f.os_error, f.resolved}, where);
        if (e.code == Code::refused)
            e.remedy = Text{"Does the web server or proxy run (`systemctl status nginx haproxy`), and does it listen "
                            "on this address and port? On its host: `ss -ltnp`.",
                            "Web 服务器或代理是否在运行（`systemctl status nginx "
                            "haproxy`），是否监听该地址和端口？在其主机上执行 `ss -ltnp`。"};
        return e;
    }
    case CURLE_PEER_FAILED_VERIFICATION: return untrusted(f, where);
    case CURLE_SSL_CONNECT_ERROR: return handshake(f, where);
    case CURLE_SSL_CACERT_BADFILE:
        return {
            Code::config,
            say("{}: holds no certificates of authorities that can be read", "{}：无法从中读取 CA 证书",
                f.ca.empty() ? "/etc/ssl/certs" : f.ca),
            Text{"`ca:` names a PEM file with one or more CERTIFICATE blocks; the system's authorities are the package "
                 "ca-certificates.",
                 "`ca:` 应指向包含一个或多个 CERTIFICATE 块的 PEM 文件；系统的 CA 证书由软件包 ca-certificates 提供。"},
            {}};
    case CURLE_TOO_MANY_REDIRECTS:
        return {Code::redirect_loop,
                say("{}: the answers lead on and on to other addresses", "{}：应答一直在重定向", where),
                Text{"Usually the proxy ends TLS and the application, which does not know, sends everybody to https "
                     "again: `proxy_set_header X-Forwarded-Proto $scheme;` in nginx, and let the application trust it.",
                     "通常是代理已终结 TLS，而应用不知情，不断跳转到 https：在 nginx 中设置 `proxy_set_header "
                     "X-Forwarded-Proto $scheme;`，并让应用信任该请求头。"},
                {}};
    case CURLE_UNSUPPORTED_PROTOCOL:
        if (f.status >= 300 && f.status <= 399)
            return {Code::not_http,
                    say("{}: redirects to what is neither http nor https", "{}：重定向到了既非 http 也非 https 的地址",
                        where),
                    Text{"`curl -sSI URL` shows where it leads; correct the redirect of the server.",
                         "用 `curl -sSI URL` 查看目标地址，并改正服务器的重定向。"},
                    {}};
        if (f.connected) return not_http(where, f.detail);
        [[fallthrough]];
    case CURLE_URL_MALFORMAT:
        return {Code::config,
                say("{}: libcurl cannot ask this url: {}", "{}：libcurl 无法访问该 url：{}", where,
                    one_line(f.detail, 120)),
                Text{"Correct `url`.", "请改正 `url`。"},
                {}};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return not_http(where, f.detail);
    case CURLE_OUT_OF_MEMORY: return long_headers(where); // so does libcurl name one line of more than 100 KiB
    default: break;                                       // an enum of somebody else, which grows
    }
    if (f.detail.find("alert") != f.detail.npos) return handshake(f, where); // TLS 1.3 refuses after the handshake
    return lost(f, where);
}

Error not_http(const Line& where, std::string_view first) {
    Text remedy{"Correct host and port; `ss -ltnp` on its host shows which process has which port.",
                "请改正主机和端口；在其主机上用 `ss -ltnp` 查看各端口属于哪个进程。"};
    if (first.starts_with("\x15\x03"))
        return {Code::not_http,
                say("{}: what answers wants TLS", "{}：应答者要求使用 TLS", where),
                Text{"Write https (or wss) in the url.", "请在 url 中写 https（或 wss）。"},
                {}};
    return {Code::not_http,
            say("{}: what answers is not HTTP: {}", "{}：应答不是 HTTP：{}", where, one_line(first, 80)),
            remedy,
            {}};
}

Error long_headers(const Line& where) {
    return {Code::too_long,
            say("{}: the headers of the answer are too long; no more than 256 KiB are read",
                "{}：响应头过长，最多读取 256 KiB", where),
            Text{"Clients and proxies stop at 8 to 32 KiB. Which header grows? Usually cookies, or a redirect that "
                 "carries its own address on and on: `curl -sSI URL | wc -c`.",
                 "客户端和代理的上限一般为 8 到 32 KiB。是哪个响应头在变长？通常是 "
                 "Cookie，或不断附带自身地址的重定向：`curl -sSI URL | wc -c`。"},
            {}};
}

Error long_body(const Line& where, std::size_t limit) {
    return {Code::too_long,
            say("{}: the body of the answer is longer than {} bytes; the rest was not read",
                "{}：响应体超过 {} 字节，其余部分没有读取", where, limit),
            Text{"Is this the right address? `curl -sSI URL` shows the kind and length of what it gives.",
                 "地址是否正确？用 `curl -sSI URL` 查看返回内容的类型和长度。"},
            {}};
}

} // namespace imops::net
