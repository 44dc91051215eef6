#include "core/base/string.hpp"
#include "core/client/postgres/parts.hpp"
#include <re2/re2.h>
#include <span>

namespace imops::client::postgres {

namespace {

/// A cause, by SQLSTATE (empty: libpq's own words) and words of the message (empty: any).
struct Cause {
    std::string_view state, words, code;
    Text what, remedy;
};

const Cause log_in_causes[] = {
    {"28P01",
     "",
     "password_wrong",
     {"user name or password is wrong; PostgreSQL answers alike when the role does not exist or its password has "
      "expired",
      "用户名或密码错误；角色不存在或密码已过期时，PostgreSQL 的应答也是一样的"},
     {"On its host `sudo -u postgres psql -c '\\du'` shows whether the role is there and until when its password "
      "is valid. If it is, set the password anew with psql's `\\password ROLE`, and give the same to the "
      "application and to imops.",
      "在其主机上执行 `sudo -u postgres psql -c '\\du'`，查看角色是否存在、密码有效期。角色存在时，用 psql 的 "
      "`\\password 角色名` 重设密码，并同步到应用和 imops 的引用。"}},
    {"28000",
     "does not exist",
     "no_role",
     {"there is no such role", "没有该角色"},
     {"On its host: `sudo -u postgres createuser --pwprompt ROLE`; or correct `user` in imops.yaml and in the "
      "application.",
      "在其主机上执行 `sudo -u postgres createuser --pwprompt 角色名`；或改正 imops.yaml 和应用中的 `user`。"}},
    {"28000",
     "not permitted to log in",
     "role_locked",
     {"the role may not log in (NOLOGIN)", "该角色不允许登录（NOLOGIN）"},
     {"If it is the application's own role: `sudo -u postgres psql -c 'ALTER ROLE \"ROLE\" LOGIN'`. A group role "
      "must stay so: name the role that is its member.",
      "如果它就是应用的角色：`sudo -u postgres psql -c 'ALTER ROLE \"角色名\" "
      "LOGIN'`。如果是组角色，请保持不变，改用属于该组的登录角色。"}},
    {"28000",
     "client certificate",
     "client_certificate",
     {"the server wants a client certificate, which imops cannot show", "服务器要求客户端证书，而 imops 无法提供"},
     {"Give imops a role of its own with a `hostssl ... scram-sha-256` line in pg_hba.conf above the `cert` one, "
      "and leave the application's line as it is.",
      "为 imops 单独建一个角色，在 pg_hba.conf 的 `cert` 行之上加一行 `hostssl ... "
      "scram-sha-256`，应用的那一行保持不变。"}},
    {"28000",
     "",
     "login_refused",
     {"the log-in is refused", "登录被拒绝"},
     {"The log of PostgreSQL names the line of pg_hba.conf that was used; for an application over TCP its method "
      "should be scram-sha-256.",
      "PostgreSQL 日志会指出命中了 pg_hba.conf 的哪一行；应用通过 TCP 登录时，认证方式应为 scram-sha-256。"}},
    {"3D000",
     "",
     "no_database",
     {"there is no such database", "没有该数据库"},
     {"`sudo -u postgres psql -l` lists what is there. Correct `database` in imops.yaml and in the application, or "
      "create it as the product's documents say, with its encoding and collation.",
      "`sudo -u postgres psql -l` 列出已有数据库。请改正 imops.yaml 和应用中的 "
      "`database`，或按产品文档的编码和排序规则创建。"}},
    {"55000",
     "",
     "database_closed",
     {"the database takes no connections (ALLOW_CONNECTIONS false)",
      "该数据库不接受连接（ALLOW_CONNECTIONS 为 false）"},
     {"Somebody closed it on purpose, perhaps for a restore. When that is done: `sudo -u postgres psql -c 'ALTER "
      "DATABASE \"DATABASE\" ALLOW_CONNECTIONS true'`.",
      "是有人特意关闭的，可能正在恢复数据。完成后执行 `sudo -u postgres psql -c 'ALTER DATABASE \"数据库\" "
      "ALLOW_CONNECTIONS true'`。"}},
    {"42501",
     "",
     "no_connect_right",
     {"the role may not connect to this database", "该角色没有连接此数据库的权限"},
     {"`sudo -u postgres psql -c 'GRANT CONNECT ON DATABASE \"DATABASE\" TO \"ROLE\"'`",
      "`sudo -u postgres psql -c 'GRANT CONNECT ON DATABASE \"数据库\" TO \"角色名\"'`"}},
};

const Text who{
    "`SELECT usename, application_name, client_addr, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3, 4 "
    "ORDER BY 5 DESC` (as superuser) shows who holds them: a pool that leaks, or one process more than reckoned "
    "with.",
    "以超级用户执行 `SELECT usename, application_name, client_addr, state, count(*) FROM pg_stat_activity GROUP BY "
    "1, 2, 3, 4 ORDER BY 5 DESC`，查看连接被谁占用：连接池泄漏，还是进程数超出预期。"};
const Text wait{
    "Wait, and run it again with --retry-until or later. If it stays so, the log of PostgreSQL names the cause; a "
    "long recovery follows a crash or `kill -9`.",
    "请稍候再运行。如果一直如此，请查看 PostgreSQL 日志中的原因；崩溃或 `kill -9` 之后的恢复可能较久。"};
const Cause server_causes[] = {
    {"53300",
     "for role",
     "too_many_for_role",
     {"the role has reached its own limit of connections", "该角色的连接数已达其自身上限"},
     who},
    {"53300",
     "for database",
     "too_many_for_database",
     {"the database has reached its own limit of connections", "该数据库的连接数已达其自身上限"},
     who},
    {"53300",
     "",
     "too_many_clients",
     {"PostgreSQL takes no more connections (max_connections)", "PostgreSQL 连接数已满（max_connections）"},
     who},
    {"57P03", "starting up", "starting_up", {"PostgreSQL is starting up", "PostgreSQL 正在启动"}, wait},
    {"57P03", "shutting down", "shutting_down", {"PostgreSQL is shutting down", "PostgreSQL 正在关闭"}, wait},
    {"57P03",
     "",
     "in_recovery",
     {"PostgreSQL is in recovery and takes no connections", "PostgreSQL 正在恢复，暂不接受连接"},
     wait},
    {"57P01", "", "shutting_down", {"PostgreSQL is shutting down", "PostgreSQL 正在关闭"}, wait},
    {"57P02", "", "in_recovery", {"PostgreSQL has crashed and starts again", "PostgreSQL 崩溃后正在重新启动"}, wait},
    {"08P01",
     "no such database",
     "no_database",
     {"the pooler knows no such database", "连接池没有配置该数据库"},
     {"Add it to [databases] in pgbouncer.ini, or correct `database` in imops.yaml.",
      "请在 pgbouncer.ini 的 [databases] 中添加，或改正 imops.yaml 中的 `database`。"}},
    {"08P01",
     "no such user",
     "no_role",
     {"the pooler knows no such user", "连接池没有配置该用户"},
     {"Add it to the pooler's auth_file, or correct `user` in imops.yaml.",
      "请在连接池的 auth_file 中添加，或改正 imops.yaml 中的 `user`。"}},
    {"08P01",
     "no more connections",
     "too_many_clients",
     {"the pooler takes no more connections (max_client_conn)", "连接池的连接数已满（max_client_conn）"},
     who},
    {"08P01",
     "",
     "pooler",
     {"a pooler answers, but it gives no session", "应答的是连接池，但它没有给出会话"},
     {"Does the PostgreSQL behind it run, and does its own log-in work? The pooler's log names the cause.",
      "其后的 PostgreSQL 是否在运行、连接池自己的登录是否正常？原因见连接池日志。"}},
};

std::span<const Cause> libpq_causes() {
    static const Cause all[] = {
        {"",
         "no password supplied",
         "password_needed",
         {"PostgreSQL wants a password, and imops.yaml names none", "PostgreSQL 需要密码，而 imops.yaml 没有给出"},
         {"Name it by reference: `password: {env: NAME}` or `{file: path}`; the application needs it too.",
          "请以引用方式给出：`password: {env: 变量名}` 或 `{file: 路径}`；应用的配置也需要它。"}},
        {"",
         "does not support SSL",
         "tls_not_offered",
         {"TLS is demanded by imops.yaml, and the server offers none", "imops.yaml 要求 TLS，而服务器未启用"},
         {"In postgresql.conf set `ssl = on`, `ssl_cert_file` and `ssl_key_file`, then `SELECT pg_reload_conf()`.",
          "在 postgresql.conf 中设置 `ssl = on`、`ssl_cert_file`、`ssl_key_file`，然后执行 `SELECT "
          "pg_reload_conf()`。"}},
        {"",
         "channel binding",
         "channel_binding",
         {"channel binding fails: TLS may end at a proxy between", "通道绑定失败：TLS 可能在中间的代理处终止"},
         {"Connect to PostgreSQL itself instead of the proxy, or let the proxy pass TLS through unopened. Do not turn "
          "channel binding off on a network that others use.",
          "请直接连接 PostgreSQL，或让代理透传 TLS。不要在多人共用的网络上关闭通道绑定。"}},
        {"",
         "certificate",
         "certificate_untrusted",
         {"the server's certificate is not trusted", "服务器证书不受信任"},
         {"Renew or complete the certificate on the server; for an authority of your own name its file with `ca:` in "
          "imops.yaml.",
          "请在服务器上更新或补全证书；自建 CA 请在 imops.yaml 中用 `ca:` 指定其证书文件。"}},
        {"",
         "SSL",
         "handshake",
         {"TLS fails", "TLS 握手失败"},
         {"`openssl s_client -starttls postgres -connect ADDRESS:PORT` shows the handshake; does the server offer TLS "
          "1.2 or newer?",
          "用 `openssl s_client -starttls postgres -connect 地址:端口` 查看握手过程；服务器是否支持 TLS 1.2 "
          "或更新版本？"}},
        {"",
         "expected authentication request",
         "other_service",
         {"what answers does not speak PostgreSQL's protocol", "应答者使用的不是 PostgreSQL 协议"},
         {"Correct host and port in imops.yaml; `ss -ltnp` on its host shows which process has which port.",
          "请改正 imops.yaml 中的主机和端口；在其主机上用 `ss -ltnp` 查看各端口属于哪个进程。"}},
        {"",
         "authentication",
         "login_refused",
         {"the server wants a way to log in that this libpq does not know", "服务器要求的认证方式，本机 libpq 不支持"},
         {"In pg_hba.conf let this role log in with scram-sha-256; a newer libpq5 may know the other way too.",
          "请在 pg_hba.conf 中让该角色使用 scram-sha-256 登录；更新的 libpq5 可能支持原来的方式。"}},
        {"",
         "",
         "lost",
         {"the connection broke before the log-in was done", "登录完成前连接中断"},
         {"Look into the log of PostgreSQL: it may have crashed, or a proxy between has no living server.",
          "请查看 PostgreSQL 日志：它可能崩溃过，或中间的代理没有可用后端。"}},
    };
    return all;
}

/// A name as a word of pg_hba.conf.
std::string hba_word(const std::string& name) {
    static const RE2 plain_word{"[a-z0-9_][a-z0-9_-]*"};
    auto shown = one_line(name, 63);
    return RE2::FullMatch(shown, plain_word) && shown != "all" && shown != "replication" ? shown
                                                                                         : fmt::format("\"{}\"", shown);
}

/// pg_hba.conf has no line for us, or one that rejects: which line lets us in. The server says from where it saw us.
Refusal not_in_hba(const std::string& message, const Asked& a) {
    static const RE2 host{R"re(host "([0-9A-Fa-f.:]+)")re"};
    std::string from;
    RE2::PartialMatch(message, host, &from);
    bool rejects = message.find("rejects") != message.npos;
    auto mask = from.empty() ? std::string{"CLIENT-ADDRESS/32"} : from + (from.find(':') == from.npos ? "/32" : "/128");
    auto line = fmt::format("{}  {}  {}  {}  scram-sha-256", a.encrypted ? "hostssl" : "host", hba_word(a.database),
                            hba_word(a.user), mask);
    auto what = rejects ? say("{}: pg_hba.conf rejects this log-in: {}", "{}：pg_hba.conf 拒绝了这次登录：{}", a.where,
                              one_line(message, 250))
                        : say("{}: pg_hba.conf does not let this log-in in: {}", "{}：pg_hba.conf 没有放行这次登录：{}",
                              a.where, one_line(message, 250));
    auto remedy = say("In pg_hba.conf on the database host add, {}: `{}`, then `sudo -u postgres psql -c 'SELECT "
                      "pg_reload_conf()'`. Only the application's own addresses belong there.",
                      "在数据库主机的 pg_hba.conf 中{}加入：`{}`，然后执行 `sudo -u postgres psql -c 'SELECT "
                      "pg_reload_conf()'`。只放行应用自己的地址。",
                      rejects ? Text{"above the line that rejects", "拒绝行之上"}
                              : Text{"above more general lines", "更宽泛的行之上"},
                      line);
    return {"pg_hba", Error{Code::remote, std::move(what), std::move(remedy), {}}};
}

Refusal tls_demanded(const std::string& message, const Asked& a) {
    return {
        "tls_demanded",
        Error{Code::remote,
              say("{}: without TLS this log-in is not let in: {}", "{}：不使用 TLS 时不允许这样登录：{}", a.where,
                  one_line(message, 250)),
              Text{"Take `tls: no` out of imops.yaml, or write `tls: yes` and `ca:`; and set sslmode=verify-full in "
                   "the application. If TLS is not wanted there, pg_hba.conf needs a `host` line for this client.",
                   "请从 imops.yaml 中去掉 `tls: no`，或写 `tls: yes` 和 `ca:`，并在应用中设置 "
                   "sslmode=verify-full。如果确实不使用 TLS，pg_hba.conf 需要为该客户端添加 `host` 行。"},
              {}}};
}

} // namespace

Complaint read_complaint(std::string_view libpq) {
    static const RE2 with_state{R"((?s)(?:^|: |\n)[^:\n]{1,40}:  ([0-9A-Z]{5}): (.*))"};
    Complaint c;
    std::string text{libpq};
    if (!RE2::PartialMatch(text, with_state, &c.state, &c.message)) {
        auto at =
            text.find(" failed: "); // "connection to server at ... failed: ": where it is is said in our own words
        c.message = at == text.npos ? text : text.substr(at + 9);
    }
    if (auto end = c.message.find("\nLOCATION:"); end != c.message.npos) c.message.resize(end);
    c.message = one_line(trim(c.message), 400);
    return c;
}

Refusal read_refusal(const Complaint& c, const Asked& a) {
    if (c.state == "28000" && c.message.find("pg_hba.conf") != c.message.npos)
        return a.without_tls && c.message.find("no encryption") != c.message.npos ? tls_demanded(c.message, a)
                                                                                  : not_in_hba(c.message, a);
    for (auto causes : std::initializer_list<std::span<const Cause>>{log_in_causes, server_causes, libpq_causes()})
        for (auto& k : causes)
            if (k.state == c.state && c.message.find(k.words) != c.message.npos)
                return {std::string{k.code}, Error{Code::remote,
                                                   say("{}: {}: {}", "{}：{}：{}", a.where, k.what, c.message),
                                                   say("{}", "{}", k.remedy),
                                                   {}}};
    return {"remote", Error{Code::remote,
                            say("{}: the log-in fails: {} {}", "{}：登录失败：{} {}", a.where, c.state, c.message),
                            Text{"Look into the log of PostgreSQL.", "请查看 PostgreSQL 的日志。"},
                            {}}};
}

} // namespace imops::client::postgres
