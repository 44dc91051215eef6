#include "core/base/log.hpp"
#include "core/base/file.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/base/string.hpp"
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <shared_mutex>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace imops {

namespace {

constexpr std::size_t longest = 500; // bytes of a value

struct Target {
    std::shared_ptr<spdlog::logger> logger;
    bool json;
};

/// The log of this run and the secrets that it must not show.
struct State {
    std::shared_mutex mutex;
    Redactor redactor;
    std::vector<Target> targets;
    std::atomic<int> lowest{spdlog::level::off}; // that any target takes
};
State& state() {
    static State s;
    return s;
}

spdlog::level::level_enum of(LogLevel l) {
    switch (l) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::off;
}

Error cannot_write(const std::string& file, const Line& why) {
    return {Code::io,
            say("the log {} cannot be written: {}", "日志 {} 无法写入：{}", file, why),
            Text{"Name another place (--log-file, or `log: {file: }` in imops.yaml), or make its folder writable.",
                 "请换一个位置（--log-file，或 imops.yaml 中的 `log: {file: }`），或使其目录可写。"},
            {}};
}

spdlog::sink_ptr file_sink(const LogOptions& o) {
    namespace fs = std::filesystem;
    std::error_code none;
    auto folder = fs::path{o.file}.parent_path();
    try {
        if (!folder.empty() && !fs::exists(folder, none)) make_folder(folder.string());
    } catch (const Failure& f) {
        throw Failure{cannot_write(o.file, f.errors.front().what)};
    }
    auto type = fs::status(o.file, none).type();
    if (type != fs::file_type::not_found && type != fs::file_type::regular)
        throw Failure{cannot_write(o.file, Text{"it is no regular file", "不是普通文件"})};
    spdlog::file_event_handlers handlers;
    handlers.after_open = [](const spdlog::filename_t&, std::FILE* f) { ::fchmod(::fileno(f), 0600); };
    try {
        return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(o.file, o.size, std::size_t(o.keep), false,
                                                                      handlers);
    } catch (const spdlog::spdlog_ex& e) {
        throw Failure{cannot_write(o.file, say("{}", "{}", one_line(e.what())))};
    }
}

std::string quoted(const std::string& value) {
    return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// key=value, in quotes where it could not be read back otherwise.
std::string word(const std::string& value) {
    bool bare = !value.empty() && value.find_first_of(" \"=\\") == value.npos;
    return bare ? value : quoted(value);
}

struct Shown { // a field, fit to be written
    std::string_view key;
    std::string value;
    bool number;
};

std::string line(bool json, std::string_view event, const std::vector<Shown>& fields) {
    std::string out{event};
    if (json) out = R"("event":")" + out + '"';
    for (auto& f : fields)
        if (json)
            out += fmt::format(R"(,"{}":{})", f.key, f.number ? f.value : quoted(f.value));
        else
            out += fmt::format(" {}={}", f.key, f.number ? f.value : word(f.value));
    return out;
}

constexpr const char* json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","process":%P,%v})";
constexpr const char* text_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %l [%P] %v";

Target target(spdlog::sink_ptr sink, const LogOptions& o, bool json) {
    auto logger = std::make_shared<spdlog::logger>("imops", std::move(sink));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(json ? json_pattern : text_pattern,
                                                                      spdlog::pattern_time_type::utc));
    logger->set_level(of(o.level));
    logger->flush_on(spdlog::level::trace); // what was done is on record even if the program is killed
    logger->set_error_handler([file = o.file, told = false](const std::string& why) mutable {
        if (std::exchange(told, true)) return;
        auto e = cannot_write(file, say("{}", "{}", one_line(why)));
        std::fprintf(stderr, "imops: %s / %s\n", e.what.en.c_str(), e.what.zh.c_str());
    });
    return {std::move(logger), json};
}

} // namespace

void begin_log(const LogOptions& o) {
    std::vector<Target> targets;
    if (!o.file.empty()) targets.push_back(target(file_sink(o), o, o.format == LogFormat::json));
    if (o.on_error) targets.push_back(target(std::make_shared<spdlog::sinks::stderr_sink_mt>(), o, false));
    auto& s = state();
    std::unique_lock lock{s.mutex};
    s.lowest = targets.empty() ? spdlog::level::off : of(o.level);
    s.targets = std::move(targets);
}

void end_log() { begin_log({}); }

void hide_in_log(std::string_view secret) {
    auto& s = state();
    if (s.lowest == spdlog::level::off) return; // nothing is written, so nothing need be remembered
    std::unique_lock lock{s.mutex};
    s.redactor.add(secret);
}

bool logs(LogLevel l) { return of(l) >= state().lowest; }

void log(LogLevel l, std::string_view event, std::initializer_list<LogField> fields) {
    if (!logs(l)) return;
    auto& s = state();
    std::shared_lock lock{s.mutex};
    std::vector<Shown> shown;
    for (auto& f : fields)
        shown.push_back({f.key, f.number ? f.value : one_line(s.redactor(f.value), longest), f.number});
    for (auto& t : s.targets) t.logger->log(of(l), line(t.json, event, shown));
}

} // namespace imops
