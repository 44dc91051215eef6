#include "core/client/mysql/errors.hpp"
#include "core/base/string.hpp"
#include <array>

namespace imops::client {

namespace {

struct Known {
    std::array<int, 4> numbers; // 0: none
    std::string_view code;
    Text what, remedy;
};

constexpr std::array<Known, 12> known{{
    {{1045, 1698},
     "password_wrong",
     {"user name, password or the host it comes from is wrong for every account",
      "用户名、密码或来源主机与任何账号都不匹配"},
     {"An account of MySQL is a name and a host: the message above names both. On the server: `SELECT user, host, "
      "plugin FROM mysql.user WHERE user = 'NAME';`. Is it there for this host, with the password of imops.yaml and of "
      "the application? `ALTER USER 'NAME'@'HOST' IDENTIFIED BY '...';` sets a new one. A MariaDB that demands TLS "
      "(`require_secure_transport`) says the same to who comes without: then `tls: yes`.",
      "MySQL 的账号由用户名和来源主机组成，上面的信息给出了两者。在服务器上执行 `SELECT user, host, plugin FROM "
      "mysql.user WHERE user = '用户名';`：该主机是否有对应账号？密码与 imops.yaml 及应用配置是否一致？用 `ALTER USER "
      "'用户名'@'主机' IDENTIFIED BY '...';` 重设密码。强制 TLS 的 "
      "MariaDB（`require_secure_transport`）对未加密的连接也返回同样的错误，此时请写 `tls: yes`。"}},
    {{1049},
     "no_database",
     {"there is no such database", "该数据库不存在"},
     {"`SHOW DATABASES;` lists those there are. Correct `database:` in imops.yaml, or create it: `CREATE DATABASE NAME "
      "CHARACTER SET utf8mb4;`.",
      "用 `SHOW DATABASES;` 列出已有的数据库。请改正 imops.yaml 中的 `database:`，或创建它：`CREATE DATABASE 库名 "
      "CHARACTER SET utf8mb4;`。"}},
    {{1044},
     "database_denied",
     {"the account has no right to that database", "该账号对此数据库没有权限"},
     {"Is the name right? Then as administrator: `GRANT ALL PRIVILEGES ON NAME.* TO 'USER'@'HOST';` (not ON *.*).",
      "库名是否正确？确认后以管理员身份执行：`GRANT ALL PRIVILEGES ON 库名.* TO '用户名'@'主机';`（不要用 ON *.*）。"}},
    {{1130},
     "host_not_allowed",
     {"no account may log in from this host", "没有任何账号允许从该主机登录"},
     {"Create the account for the application's host or its private network, not for '%': `CREATE USER "
      "'NAME'@'10.0.0.%' IDENTIFIED BY '...';`, then its rights. Asked from the wrong host? `via:` in imops.yaml.",
      "请为应用所在主机或其内网网段建账号，不要用 '%'：`CREATE USER '用户名'@'10.0.0.%' IDENTIFIED BY "
      "'...';`，再授权。是否从错误的主机发起？请用 imops.yaml 的 `via:`。"}},
    {{1129},
     "host_blocked",
     {"the server has blocked this host after too many connections that were broken off",
      "该主机因中断的连接过多，已被服务器屏蔽"},
     {"As administrator `FLUSH HOSTS;` (MySQL 8: `TRUNCATE performance_schema.host_cache;`). Then find who connects "
      "without logging in: usually the TCP check of a load balancer; give it a log-in of its own.",
      "以管理员身份执行 `FLUSH HOSTS;`（MySQL 8：`TRUNCATE "
      "performance_schema.host_cache;`）。再找出谁只建连接不登录：常见的是负载均衡的 TCP 检查，应改为带账号的检查。"}},
    {{1040},
     "too_many_connections",
     {"all connections of the server are taken", "服务器的连接数已满"},
     {"As administrator (one connection is kept for that) `SHOW PROCESSLIST;` shows who holds them. Add up the pools "
      "of all application processes; then raise `max_connections`, at about 1 MiB of memory each, or shrink the pools.",
      "以管理员身份（服务器为其保留一个连接）执行 `SHOW PROCESSLIST;` "
      "查看连接被谁占用。把所有应用进程的连接池相加，再调大 `max_connections`（每个约 1 MiB 内存）或缩小连接池。"}},
    {{1203, 1226},
     "account_limit",
     {"the account has reached its own limit of connections or statements", "该账号已达到自身的连接数或语句数上限"},
     {"`SHOW CREATE USER 'NAME'@'HOST';` shows the limit (and `max_user_connections` that of all). For the "
      "application: `ALTER USER 'NAME'@'HOST' WITH MAX_USER_CONNECTIONS 200;`, as many as its pools together.",
      "`SHOW CREATE USER '用户名'@'主机';` 查看上限（全局上限见 `max_user_connections`）。应用账号可执行 `ALTER USER "
      "'用户名'@'主机' WITH MAX_USER_CONNECTIONS 200;`，取其连接池总和。"}},
    {{3159},
     "tls_demanded",
     {"the server takes only connections with TLS", "服务器只接受 TLS 连接"},
     {"Say `tls: yes` for this service in imops.yaml, with `ca:` if its authority is your own; the application needs "
      "the same. Do not turn `require_secure_transport` off.",
      "请在 imops.yaml 中为该服务写 `tls: yes`，自建 CA 再加 `ca:`；应用也需同样配置。不要关闭 "
      "`require_secure_transport`。"}},
    {{1820, 1862},
     "password_expired",
     {"the password of the account has expired", "该账号的密码已过期"},
     {"Set a new one as administrator: `ALTER USER 'NAME'@'HOST' IDENTIFIED BY '...';`, and in the application. For an "
      "account of a program: `ALTER USER 'NAME'@'HOST' PASSWORD EXPIRE NEVER;`.",
      "以管理员身份设置新密码：`ALTER USER '用户名'@'主机' IDENTIFIED BY "
      "'...';`，并同步到应用。程序账号可设为不过期：`ALTER USER '用户名'@'主机' PASSWORD EXPIRE NEVER;`。"}},
    {{3118, 4151},
     "account_locked",
     {"the account is locked", "该账号已被锁定"},
     {"Find out who locked it and why; then `ALTER USER 'NAME'@'HOST' ACCOUNT UNLOCK;`.",
      "先查明是谁、为何锁定；之后执行 `ALTER USER '用户名'@'主机' ACCOUNT UNLOCK;`。"}},
    {{2026},
     "handshake",
     {"TLS failed", "TLS 握手失败"},
     {"Has the server a certificate (`SHOW GLOBAL VARIABLES LIKE '%ssl%';`), and is it the same on every server behind "
      "this address?",
      "服务器是否配置了证书（`SHOW GLOBAL VARIABLES LIKE '%ssl%';`）？该地址后面的各台服务器证书是否相同？"}},
    {{2059, 5012, 1251, 1524},
     "plugin_unknown",
     {"the account's way to log in is not supported", "不支持该账号的登录方式"},
     {"imops logs in with mysql_native_password, ed25519 or caching_sha2_password: `SELECT user, host, plugin FROM "
      "mysql.user;` shows the account's. An account for PAM, GSSAPI or the socket is for people: give the application "
      "one with a password.",
      "imops 支持 mysql_native_password、ed25519 和 caching_sha2_password 登录：用 `SELECT user, host, plugin FROM "
      "mysql.user;` 查看账号的方式。PAM、GSSAPI、socket 账号是给人用的，请为应用建一个用密码的账号。"}},
}};

constexpr Text needs_trust{
    "Give the server a certificate that its clients can verify, and name its authority with `ca:` and `tls: yes` in "
    "imops.yaml; a copy of the server's own certificate (server-cert.pem in its data directory) does as `ca:` too. "
    "Without that the password would go to whoever answers.",
    "请为服务器配置客户端可以校验的证书，并在 imops.yaml 中写 `tls: yes` 和 `ca:`；把服务器自己的证书（数据目录中的 "
    "server-cert.pem）复制过来作为 `ca:` 也可以。否则密码可能交给冒充者。"};

} // namespace

MysqlRefusal mysql_refusal(int number, std::string_view text, const Line& where, bool tls, bool trusted) {
    auto shown = one_line(text, 200);
    auto not_allowed =
        number == 5010 ||
        (number == 2061 && !trusted); // the library was not allowed to use the plugin that the account wants
    if (not_allowed && !trusted)
        return {"plugin_needs_tls",
                {Code::remote,
                 say("{}: the account's way to log in sends the password itself, which needs TLS with a trusted "
                     "certificate: {}",
                     "{}：该账号的登录方式会发送密码本身，需要证书可信的 TLS：{}", where, shown),
                 say("{}", "{}", needs_trust),
                 {}}};
    for (auto& k : known) {
        bool matches = false;
        for (auto n : k.numbers) matches = matches || (n && n == number);
        if (!matches && !(not_allowed && k.code == "plugin_unknown")) continue;
        auto remedy = say("{}", "{}", k.remedy);
        if (k.code == "password_wrong" && !tls)
            remedy = say(
                "{} An account made with REQUIRE SSL is refused in the same words: this connection was without TLS.",
                "{} 带 REQUIRE SSL 的账号被拒绝时也是同样的提示：本次连接没有使用 TLS。", remedy);
        return {k.code,
                {Code::remote,
                 say("{}: {}: {} ({})", "{}：{}：{}（{}）", where, k.what, shown, number),
                 std::move(remedy),
                 {}}};
    }
    return {"remote",
            {Code::remote,
             say("{}: the server refuses: {} ({})", "{}：服务器拒绝：{}（{}）", where, shown, number),
             Text{"Look into the log of the database server.", "请查看数据库服务器的日志。"},
             {}}};
}

} // namespace imops::client
