#include "core/probe/redis/redis.hpp"
#include "core/base/string.hpp"
#include "core/client/redis/conversation.hpp"
#include "core/probe/redis/ha.hpp"
#include <array>

namespace imops::probe {

namespace {

/// An answer that is an error, as code and error of the log-in.
struct Refusal {
    std::array<std::string_view, 2> begins; // what any version says
    std::string_view code;
    Text what, remedy;
};
constexpr std::array<Refusal, 5> refusals{{
    {{"DENIED"},
     "protected_mode",
     {"Redis is in protected mode: it has no password and answers on its loopback address alone",
      "Redis 处于保护模式：没有设置密码，只应答本机回环地址"},
     {"In redis.conf set `requirepass` (or ACL users) and `bind` to the address that the application uses, restart "
      "Redis, and name the password by reference in imops.yaml. Do not turn protected-mode off instead.",
      "在 redis.conf 中设置 `requirepass`（或 ACL 用户），把 `bind` 设为应用使用的地址，重启 Redis，并在 imops.yaml "
      "中以引用方式给出密码。不要用关闭 protected-mode 代替。"}},
    {{"ERR max number of clients"},
     "too_many_clients",
     {"Redis takes no more clients", "Redis 的客户端连接数已满"},
     {"`redis-cli CLIENT LIST` shows who holds them: a pool that leaks, or idle ones (`timeout 300` ends those). If "
      "all are needed raise `maxclients`, and the service's open-files limit by as much.",
      "`redis-cli CLIENT LIST` 查看连接被谁占用：连接池泄漏，还是空闲连接（`timeout 300` 可关闭）。确实需要时调大 "
      "`maxclients`，并同步调大服务的打开文件数上限。"}},
    {{"LOADING"},
     "loading",
     {"Redis is still loading its data", "Redis 仍在加载数据"},
     {"Wait until it is done: `redis-cli INFO persistence | grep loading`. If it begins again and again, read its log: "
      "it may be killed for memory while loading.",
      "等待加载完成：`redis-cli INFO persistence | grep "
      "loading`。如果反复重新加载，请查看日志，可能是加载时内存不足被终止。"}},
    {{"WRONGPASS", "ERR invalid password"},
     "password_wrong",
     {"user name or password is wrong", "用户名或密码错误"},
     {"Compare it with `requirepass` or the `user` lines (ACL) on the Redis host, and with the application's own "
      "configuration. A password with special characters may need quotes there.",
      "请与 Redis 主机上的 `requirepass` 或 "
      "`user`（ACL）配置核对，也与应用自己的配置核对。密码含特殊字符时，在配置文件里可能需要加引号。"}},
    {{"ERR AUTH", "ERR Client sent AUTH"},
     "password_unset",
     {"a password was given, but this Redis has none set", "提供了密码，但该 Redis 没有设置密码"},
     {"Set `requirepass` in redis.conf and restart Redis; an application that sends the password fails until then.",
      "在 redis.conf 中设置 `requirepass` 并重启 Redis；在此之前，带密码连接的应用会连接失败。"}},
}};

Said refused(const redisReply& r, const Stream& s, Text otherwise) {
    auto said = text_of(r);
    for (auto& k : refusals)
        for (auto begin : k.begins)
            if (!begin.empty() && said.starts_with(begin)) {
                Error e{Code::remote, say("{}: {}", "{}：{}", s.where(), k.what), say("{}", "{}", k.remedy), {}};
                return {login_text(k.code, &e), {}};
            }
    Error e{Code::remote,
            say("{}: {}: {}", "{}：{}：{}", s.where(), otherwise, one_line(said, 200)),
            Text{"Look into the log of Redis.", "请查看 Redis 的日志。"},
            {}};
    return {login_text("remote", &e), {}};
}

/// The lines of INFO that are judged: our key, the field of Redis, what is done with the value.
enum class As { plain, ok };
struct Field {
    std::string_view key, field;
    As as = As::plain;
};
constexpr std::array<Field, 22> fields{{
    {"version", "redis_version"},
    {"mode", "redis_mode"},
    {"uptime", "uptime_in_seconds"},
    {"clients", "connected_clients"},
    {"max_clients", "maxclients"},
    {"rejected", "rejected_connections"},
    {"used", "used_memory"},
    {"resident", "used_memory_rss"},
    {"limit", "maxmemory"},
    {"policy", "maxmemory_policy"},
    {"evicted", "evicted_keys"},
    {"aof", "aof_enabled"},
    {"changes", "rdb_changes_since_last_save"},
    {"save_ok", "rdb_last_bgsave_status", As::ok},
    {"aof_ok", "aof_last_write_status", As::ok},
    {"role", "role"},
    {"replicas", "connected_slaves"},
    {"link", "master_link_status"},
    {"sync", "master_sync_in_progress"},
    {"lag", "master_last_io_seconds_ago"},
    {"system_memory", "total_system_memory"},
    {"tilt", "sentinel_tilt"},
}};

std::string info_text(std::string_view info) {
    std::string text;
    for (auto line : split(info, '\n')) {
        line = trim(line);
        auto colon = line.find(':');
        if (colon == line.npos) continue;
        for (auto& f : fields)
            if (line.substr(0, colon) == f.field) {
                auto value = one_line(line.substr(colon + 1), 100);
                text += fmt::format("{} {}\n", f.key, f.as == As::ok ? (value == "ok" ? "yes" : "no") : value);
            }
    }
    return text;
}

} // namespace

Told ask_redis(Stream& stream, const Target& target) {
    Told told;
    RedisConversation redis{stream};
    auto failed = [&](const Error& e) {
        told["redis.login"] = {login_text(e.code == Code::unsupported ? "other_service" : name(e.code), &e), {}};
        return told;
    };
    auto ping = redis.ask({"PING"});
    if (!ping) return failed(ping.error());
    bool open = (*ping)->type != REDIS_REPLY_ERROR, wants = !open && text_of(**ping).starts_with("NOAUTH");
    if (!open && !wants) {
        told["redis.login"] = refused(**ping, stream, {"Redis refuses", "Redis 拒绝了请求"});
        return told;
    }
    if (wants && !target.password) {
        Error e{Code::config,
                say("{}: Redis wants a password, and imops.yaml names none",
                    "{}：Redis 需要密码，而 imops.yaml 没有给出", stream.where()),
                Text{"Name it by reference: `password: {env: NAME}` or `{file: path}`; the application needs it too.",
                     "请以引用方式给出：`password: {env: 变量名}` 或 `{file: 路径}`；应用的配置也需要它。"},
                {}};
        told["redis.login"] = {login_text("password_needed", &e), {}};
        return told;
    }
    if (target.password) {
        std::vector<std::string_view> words{"AUTH"};
        if (!target.user.empty()) words.push_back(target.user);
        words.push_back(target.password->reveal());
        auto auth = redis.ask(words);
        if (!auth) return failed(auth.error());
        if ((*auth)->type == REDIS_REPLY_ERROR) {
            told["redis.login"] = refused(**auth, stream, {"the log-in is refused", "登录被拒绝"});
            return told;
        }
    }
    told["redis.login"] = {login_text("ok") + fmt::format("open {}\n", open ? "yes" : "no"), {}};
    auto info = redis.ask({"INFO"});
    if (!info)
        told["redis.info"].error = info.error().what.en;
    else if ((*info)->type != REDIS_REPLY_STRING)
        told["redis.info"].error = one_line(text_of(**info), 200);
    else {
        auto text = text_of(**info);
        told["redis.info"].text = info_text(text);
        told["redis.replicas"].text = redis_replicas_text(text);
        ask_redis_ha(redis, text, told);
    }
    auto config = redis.ask({"CONFIG", "GET", "maxmemory-policy"});
    if (!config)
        told["redis.rights"].error = config.error().what.en;
    else
        told["redis.rights"].text = fmt::format("config {}\n", (*config)->type == REDIS_REPLY_ARRAY ? "yes" : "no");
    return told;
}

Told ask_redis(const Target& t) {
    auto failed = [](const Error& e) { return Told{{"redis.login", {login_text(name(e.code), &e), {}}}}; };
    auto stream = Stream::dial(t.origin, t.address, t.port, t.deadline);
    if (!stream) return failed(stream.error());
    if (t.tls) {
        auto wrong = (*stream)->start_tls(t.wish);
        if (!wrong) wrong = (*stream)->distrust();
        if (wrong) return failed(*wrong);
    }
    return ask_redis(**stream, t);
}

} // namespace imops::probe
