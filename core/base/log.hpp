#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace imops {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

struct LogOptions {
    std::string file;      // appended to, mode 0600; empty: none
    bool on_error = false; // the same lines on standard error: --verbose
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text; // of the file: time level [process] event key=value ..., or an object a line
    std::uintmax_t size = 10u << 20;    // bytes after which the file is renamed FILE.1 and a new one begun
    int keep = 5;                       // renamed files that are kept
};

/// The one log of this program, kept by spdlog: from now on lines are written. A place that cannot be written is
/// refused before any work is done. Throws Failure (Code::io). Called again it goes on with other options.
void begin_log(const LogOptions&);
/// Writes what is held back and closes the file: before a test looks at it.
void end_log();
/// A value that no line may show, in any spelling, from now on. Every Secret tells its own.
void hide_in_log(std::string_view secret);

/// One value of a line. Numbers stay numbers in JSON.
struct LogField {
    std::string_view key;
    std::string value;
    bool number = false;

    LogField(std::string_view k, std::string v) : key{k}, value{std::move(v)} {}
    LogField(std::string_view k, std::string_view v) : key{k}, value{v} {}
    LogField(std::string_view k, const char* v) : key{k}, value{v} {}
    template <class N>
    requires std::is_integral_v<N> LogField(std::string_view k, N v) : key{k}, value{std::to_string(v)}, number{true} {}
    LogField(std::string_view k, std::chrono::milliseconds v) : LogField{k, v.count()} {}
};

/// Whether a line of this level goes anywhere; asked first where the fields cost something.
bool logs(LogLevel);
/// One line: what happened, then its fields. Each value is made harmless (one line, at most 500 bytes) and goes
/// through the redactor. Does nothing until begin_log.
void log(LogLevel, std::string_view event, std::initializer_list<LogField>);

/// Milliseconds since it was made: the field `ms` of a line.
class LogTimer {
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();

  public:
    LogField ms() const {
        return {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin_)};
    }
};

} // namespace imops
