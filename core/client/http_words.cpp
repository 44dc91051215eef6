#include "core/client/http_words.hpp"
#include <array>

namespace imops::client {

namespace {

constexpr Text behind{"On the proxy's host: its error log (`tail /var/log/nginx/error.log`, `journalctl -u haproxy`) "
                      "names the server that it could not reach. Does that service run (`systemctl status`), and does "
                      "it listen where the proxy looks (`ss -ltnp`)?",
                      "在代理所在主机上查看错误日志（`tail /var/log/nginx/error.log`、`journalctl -u "
                      "haproxy`），里面写明了连不上的后端。该服务是否在运行（`systemctl "
                      "status`），是否监听在代理所指的地址和端口（`ss -ltnp`）？"};
constexpr Text nginx_upgrade{"In the proxy's location for this path: `proxy_http_version 1.1; proxy_set_header Upgrade "
                             "$http_upgrade; proxy_set_header Connection \"upgrade\";`, then `nginx -t && systemctl "
                             "reload nginx`. A second proxy or a CDN in front needs the same.",
                             "在代理中该路径的 location 里加上：`proxy_http_version 1.1; proxy_set_header Upgrade "
                             "$http_upgrade; proxy_set_header Connection \"upgrade\";`，然后执行 `nginx -t && "
                             "systemctl reload nginx`。前面如果还有一层代理或 CDN，也需要同样配置。"};

constexpr std::array<StatusWords, 8> refused_upgrades{{
    {200,
     "no_upgrade",
     {"an ordinary page came instead of the WebSocket: the request to upgrade was lost on the way, or this path is "
      "none of a WebSocket",
      "返回的是普通页面而不是 WebSocket：升级请求在途中丢失，或该路径不是 WebSocket 接口"},
     nginx_upgrade},
    {400,
     "no_upgrade",
     {"the server did not see a request to upgrade: a proxy drops the headers Upgrade and Connection",
      "服务器没有收到升级请求：代理丢掉了 Upgrade 和 Connection 请求头"},
     nginx_upgrade},
    {426,
     "no_upgrade",
     {"the server wants another version of HTTP or of the WebSocket: the proxy speaks HTTP/1.0 to it, or drops the "
      "headers of the upgrade",
      "服务器要求升级协议：代理用 HTTP/1.0 访问后端，或丢掉了升级请求头"},
     nginx_upgrade},
    {401,
     "status_wrong",
     {"the server wants a log-in before the upgrade", "服务器要求先登录再升级"},
     {"If clients log in that way write `expect: {status: [401]}`: then it is known that the proxy lets the upgrade "
      "through to the server.",
      "如果客户端就是这样登录的，请写 `expect: {status: [401]}`，这样能说明代理已把升级请求转给服务器。"}},
    {403,
     "status_wrong",
     {"the upgrade is refused", "升级请求被拒绝"},
     {"Servers compare the header Origin with their own public address (`SiteURL` of Mattermost, `ROOT_URL` of "
      "Rocket.Chat): it must be this url's. Else an access rule of the proxy refuses: its log says which.",
      "服务器会把 Origin 与自己的对外地址比较（Mattermost 的 `SiteURL`、Rocket.Chat 的 `ROOT_URL`），它必须与此 url "
      "一致。否则是代理的访问规则拒绝了请求，见其日志。"}},
    {404,
     "status_wrong",
     {"nobody serves a WebSocket at this path", "该路径没有 WebSocket 服务"},
     {"Compare the path with the product's documentation; the proxy's location for it must pass it on unchanged (a "
      "`proxy_pass` with a path behind the port cuts the prefix off), and the module must be on (`mod_http_ws`, "
      "`ejabberd_http_ws`).",
      "请与产品文档核对路径；代理的 location 必须原样转发（`proxy_pass` "
      "的端口后带路径会去掉前缀），且服务端模块已启用（`mod_http_ws`、`ejabberd_http_ws`）。"}},
    {405,
     "status_wrong",
     {"this path takes no upgrade", "该路径不接受升级请求"},
     {"Compare the path with the product's documentation.", "请与产品文档核对路径。"}},
    {505, "no_upgrade", {"the server refuses the version of HTTP", "服务器拒绝该 HTTP 版本"}, nginx_upgrade},
}};

constexpr std::array<StatusWords, 16> statuses{{
    {301,
     "status_wrong",
     {"a redirect", "重定向"},
     {"Write the address it leads to as `url`, or `expect: {status: [301]}` if the redirect itself is what counts.",
      "请把 `url` 改为重定向的目标地址；如果要检查的就是重定向本身，请写 `expect: {status: [301]}`。"}},
    {302,
     "status_wrong",
     {"a redirect", "重定向"},
     {"Write the address it leads to as `url`, or `expect: {status: [302]}` if the redirect itself (to a log-in page) "
      "is what counts.",
      "请把 `url` 改为重定向的目标地址；如果要检查的就是重定向本身（如跳转到登录页），请写 `expect: {status: "
      "[302]}`。"}},
    {400,
     "status_wrong",
     {"the server does not understand the request", "服务器无法识别该请求"},
     {"Plain HTTP sent to a port for TLS (then write https), a Host that the server does not accept (compare "
      "`server_name`), or a parameter that is missing in the url.",
      "可能是把明文 HTTP 发到了 TLS 端口（请写 https）、服务器不接受该 Host（核对 `server_name`），或 url 缺少参数。"}},
    {401,
     "status_wrong",
     {"the server wants a log-in", "服务器要求登录"},
     {"Give `user` and `password: {env: NAME}` (or only `password`, for a token), or choose an address that needs no "
      "log-in; `expect: {status: [401]}` if that is right.",
      "请给出 `user` 和 `password: {env: 变量名}`（令牌只需 `password`），或改用不需登录的地址；本该如此时写 `expect: "
      "{status: [401]}`。"}},
    {403,
     "status_wrong",
     {"access is refused", "拒绝访问"},
     {"An access rule of the proxy (`allow`/`deny`, `http-request deny`) or rights of files: its error log says which. "
      "Is imops asking from an address that may not?",
      "代理的访问规则（`allow`/`deny`、`http-request deny`）或文件权限所致，见其错误日志。imops "
      "所在的地址是否不在放行范围内？"}},
    {404,
     "status_wrong",
     {"there is nothing at this address", "该地址不存在"},
     {"Wrong path, or the request came to another site of the proxy: compare `server_name` (nginx) or `hdr(host)` "
      "(HAProxy) with the name in the url, and the location for this path.",
      "路径有误，或请求落到了代理的其他站点：请核对 `server_name`（nginx）或 `hdr(host)`（HAProxy）与 url "
      "中的域名，以及该路径的 location。"}},
    {405,
     "status_wrong",
     {"this address does not take a GET", "该地址不接受 GET 请求"},
     {"Choose an address that is meant to be read, such as a health or version page.",
      "请改用可读取的地址，例如健康检查或版本页面。"}},
    {413,
     "status_wrong",
     {"the request is too large for the server", "请求超过服务器上限"},
     {"`client_max_body_size` in nginx; compare it with the product's own limit for uploads.",
      "nginx 的 `client_max_body_size`；请与产品自身的上传上限对照。"}},
    {421,
     "status_wrong",
     {"the name of TLS and that of the request are not served together", "TLS 域名与请求域名不属于同一站点"},
     {"Compare the names of the certificate with `server_name`; one connection of HTTP/2 must not carry names of "
      "several sites.",
      "请核对证书中的域名与 `server_name`；同一条 HTTP/2 连接不能承载多个站点的域名。"}},
    {429,
     "status_wrong",
     {"too many requests: a rate limit", "请求过多，触发限流"},
     {"Ask less often (`--watch`), or exempt the address of the monitoring from the limit (`rc_*` of Synapse, "
      "`limit_req` of nginx).",
      "请降低探测频率（`--watch`），或让监控地址不受限流（Synapse 的 `rc_*`、nginx 的 `limit_req`）。"}},
    {431,
     "status_wrong",
     {"the headers of the request are too large for the server", "请求头超过服务器上限"},
     {"Compare `large_client_header_buffers` (nginx) or `tune.bufsize` (HAProxy).",
      "请检查 `large_client_header_buffers`（nginx）或 `tune.bufsize`（HAProxy）。"}},
    {500,
     "status_wrong",
     {"the service itself failed", "服务内部错误"},
     {"Its own log has the reason, with a trace: `journalctl -u NAME -n 100`. Often the database: `imops preflight`.",
      "原因和堆栈在服务自己的日志里：`journalctl -u 服务名 -n 100`。多半是数据库：`imops preflight`。"}},
    {502, "bad_gateway", {"the proxy answers, the server behind it does not", "代理有应答，但后端服务没有"}, behind},
    {503,
     "bad_gateway",
     {"the proxy has no living server behind it, or the service says that it cannot work now",
      "代理没有可用的后端，或服务表示暂时无法工作"},
     behind},
    {504,
     "bad_gateway",
     {"the proxy answers, the server behind it takes too long", "代理有应答，但后端服务超时"},
     behind},
    {530, "bad_gateway", {"the CDN answers, the server behind it does not", "CDN 有应答，但源站没有"}, behind},
}};

} // namespace

const StatusWords& status_words(int status, bool upgrade) {
    static constexpr StatusWords other{
        0,
        "status_wrong",
        {"not what was expected", "与期望不符"},
        {"`curl -sS -i URL` shows the whole answer; the log of the server says why. If this is right, list it: "
         "`expect: {status: [...]}`.",
         "用 `curl -sS -i URL` 查看完整应答，原因见服务器日志。如果本该如此，请写入 `expect: {status: [...]}`。"}};
    if (upgrade)
        for (auto& w : refused_upgrades)
            if (w.status == status) return w;
    for (auto& w : statuses)
        if (w.status == status) return w;
    return other;
}

} // namespace imops::client
