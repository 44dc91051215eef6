#include "core/probe/memcached.hpp"
#include "core/base/string.hpp"
#include <array>

namespace imops::probe {

namespace {

constexpr std::string_view stats_command = "stats\r\n", settings_command = "stats settings\r\n";
constexpr std::size_t longest = 1 << 20; // `stats settings` is 2 KiB

/// Lines of text both ways.
class Conversation {
    Stream& stream_;
    std::string left_; // came, but was not looked at yet
    bool first_ = true;

    /// How long the first line is, with its end.
    Result<std::size_t> until_line() {
        for (std::size_t end; (end = left_.find('\n')) == left_.npos;) {
            auto got = stream_.read();
            if (!got) return got.error();
            if (got->empty()) return closed_early(stream_);
            left_ += *got;
            if (left_.size() > longest) return someone_else();
        }
        return left_.find('\n') + 1;
    }

  public:
    explicit Conversation(Stream& s) : stream_{s} {}
    Error someone_else() const { return stranger(stream_, Text{"Memcached", "Memcached"}, 11211, left_); }

    /// One line; the first one shows whether it is Memcached at all.
    Result<std::string> ask(std::string_view command) {
        if (auto wrong = stream_.write(command)) return std::move(*wrong);
        auto size = until_line();
        if (!size) return size.error();
        std::string line{trim(std::string_view{left_}.substr(0, *size))};
        if (first_ && !line.starts_with("VERSION ") && !line.starts_with("CLIENT_ERROR") &&
            !line.starts_with("SERVER_ERROR") && !line.starts_with("ERROR Too many"))
            return someone_else();
        first_ = false;
        left_.erase(0, *size);
        return line;
    }

    /// The lines of "STAT name value", as far as END.
    Result<std::vector<std::pair<std::string, std::string>>> stats(std::string_view command) {
        std::vector<std::pair<std::string, std::string>> all;
        auto line = ask(command);
        for (; line && line->starts_with("STAT "); line = ask("")) {
            auto space = line->find(' ', 5);
            if (space != line->npos && all.size() < 1000)
                all.emplace_back(line->substr(5, space - 5), line->substr(space + 1));
        }
        if (!line) return line.error();
        return all;
    }
};

/// The lines that are judged: our key, the command that tells it, the name of Memcached. Both commands know
/// `evictions`, as different things.
struct Field {
    std::string_view key, name, command = stats_command;
};
constexpr std::array<Field, 12> fields{{
    {"uptime", "uptime"},
    {"connections", "curr_connections"},
    {"max_connections", "maxconns", settings_command},
    {"rejected", "rejected_connections"},
    {"disabled", "listen_disabled_num"},
    {"evicted", "evictions"},
    {"hits", "get_hits"},
    {"misses", "get_misses"},
    {"used", "bytes"},
    {"limit", "limit_maxbytes"},
    {"udp", "udpport", settings_command},
    {"version", "version"},
}};

Told failed(std::string_view code, const Error& e) { return {{"memcached.login", {login_text(code, &e), {}}}}; }
Told failed(const Error& e) { return failed(e.code == Code::unsupported ? "other_service" : name(e.code), e); }

/// Nothing: it lets us in. `open`: nobody asked for a password.
std::optional<Told> log_in(Conversation& memcached, const Stream& s, const Target& t, bool& open) {
    auto said = memcached.ask("version\r\n");
    if (!said) return failed(said.error());
    if (said->starts_with("ERROR Too many") || said->starts_with("SERVER_ERROR"))
        return failed("too_many_clients",
                      {Code::remote,
                       say("{}: Memcached takes no more clients: {}", "{}：Memcached 的客户端连接数已满：{}", s.where(),
                           one_line(*said, 80)),
                       Text{"Add up the connections of all application processes; then raise `-c` (for example `-c "
                            "4096` in /etc/memcached.conf) and the service's `LimitNOFILE`, and restart it.",
                            "把所有应用进程的连接数相加，再调大 `-c`（例如在 /etc/memcached.conf 中写 `-c "
                            "4096`）和服务的 `LimitNOFILE`，并重启。"},
                       {}});
    open = said->starts_with("VERSION ");
    if (open) return {};
    if (!t.password)
        return failed(
            "password_needed",
            {Code::config,
             say("{}: Memcached wants a password, and imops.yaml names none",
                 "{}：Memcached 需要密码，而 imops.yaml 没有给出", s.where()),
             Text{"Name `user` and `password: {env: NAME}` or `{file: path}` in imops.yaml; the application needs them "
                  "too.",
                  "请在 imops.yaml 中写 `user` 和 `password: {env: 变量名}` 或 `{file: 路径}`；应用的配置也需要它们。"},
             {}});
    auto length = t.user.size() + 1 + t.password->reveal().size();
    Secret token{fmt::format("set imops 0 0 {}\r\n{} {}\r\n", length, t.user, t.password->reveal()),
                 t.password->origin()};
    said = memcached.ask(token.reveal());
    if (!said) return failed(said.error());
    if (*said == "STORED") return {};
    return failed("password_wrong",
                  {Code::remote,
                   say("{}: the log-in is refused: {}", "{}：登录被拒绝：{}", s.where(), one_line(*said, 80)),
                   Text{"Compare user and password with the file that Memcached was started with (`-Y`), and with the "
                        "application's configuration.",
                        "请与 Memcached 启动参数 `-Y` 指定的文件以及应用的配置核对用户名和密码。"},
                   {}});
}

} // namespace

Told ask_memcached(Stream& stream, const Target& t) {
    Conversation memcached{stream};
    bool open = false;
    if (auto told = log_in(memcached, stream, t, open)) return std::move(*told);
    Told told{{"memcached.login", {login_text("ok") + fmt::format("open {}\n", open ? "yes" : "no"), {}}}};
    auto& stats = told["memcached.stats"];
    for (auto command : {stats_command, settings_command}) {
        auto named = memcached.stats(command);
        if (!named) {
            stats = {{}, named.error().what.en};
            break;
        }
        for (auto& f : fields)
            for (auto& [name, value] : *named)
                if (f.command == command && name == f.name)
                    stats.text += fmt::format("{} {}\n", f.key, one_line(value, 60));
    }
    return told;
}

Told ask_memcached(const Target& t) {
    auto stream = Stream::dial(t.origin, t.address, t.port, t.deadline);
    if (!stream) return failed(stream.error());
    if (t.tls) {
        auto wrong = (*stream)->start_tls(t.wish);
        if (!wrong) wrong = (*stream)->distrust();
        if (wrong) return failed(*wrong);
    }
    return ask_memcached(**stream, t);
}

} // namespace imops::probe
