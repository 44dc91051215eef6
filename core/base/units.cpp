#include "core/base/units.hpp"
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace imops {

namespace {

struct Unit {
    std::string_view name;
    double size;
};

constexpr std::array byte_units{Unit{"B", 1},         Unit{"KB", 1e3},         Unit{"MB", 1e6},
                                Unit{"GB", 1e9},      Unit{"TB", 1e12},        Unit{"KiB", 1024},
                                Unit{"MiB", 1048576}, Unit{"GiB", 1073741824}, Unit{"TiB", 1099511627776}};
constexpr std::array time_units{Unit{"ms", 0.001},       Unit{"s", 1},           Unit{"second", 1},
                                Unit{"seconds", 1},      Unit{"m", 60},          Unit{"min", 60},
                                Unit{"minute", 60},      Unit{"minutes", 60},    Unit{"h", 3600},
                                Unit{"hour", 3600},      Unit{"hours", 3600},    Unit{"d", 86400},
                                Unit{"day", 86400},      Unit{"days", 86400},    Unit{"w", 604800},
                                Unit{"week", 604800},    Unit{"weeks", 604800},  Unit{"month", 2592000},
                                Unit{"months", 2592000}, Unit{"year", 31536000}, Unit{"years", 31536000}};

std::string_view trim(std::string_view s) {
    while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
    while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
    return s;
}

template <std::size_t N> std::optional<double> with_unit(std::string_view s, const std::array<Unit, N>& units) {
    s = trim(s);
    double n = 0;
    auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), n);
    if (ec != std::errc{} || n < 0 || !std::isfinite(n)) return {};
    auto unit = trim({end, std::size_t(s.data() + s.size() - end)});
    if (unit.empty()) return n == 0 ? std::optional{0.0} : std::nullopt;
    for (auto& u : units)
        if (u.name == unit && std::isfinite(n * u.size)) return n * u.size;
    return {};
}

/// At most three significant digits, no trailing zeros: 7.64 -> "7.6", 123.4 -> "123".
std::string digits(double x) {
    auto s = std::abs(x) >= 100 ? fmt::format("{:.0f}", x) : fmt::format("{:.1f}", x);
    if (s.ends_with(".0")) s.resize(s.size() - 2);
    return s;
}

} // namespace

std::optional<double> parse_bytes(std::string_view s) { return with_unit(s, byte_units); }
std::optional<double> parse_duration(std::string_view s) { return with_unit(s, time_units); }

std::optional<double> parse_number(std::string_view s) {
    double n = 0;
    auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), n);
    if (ec != std::errc{} || end != s.data() + s.size() || !std::isfinite(n)) return {};
    return n;
}

std::optional<double> parse_share(std::string_view s) {
    s = trim(s);
    if (!s.ends_with('%')) return parse_number(s);
    auto n = parse_number(trim(s.substr(0, s.size() - 1)));
    if (n) *n /= 100;
    return n;
}

std::optional<double> parse_date(std::string_view s) {
    int y = 0, m = 0, d = 0;
    auto field = [&](std::size_t at, std::size_t n, int& v) {
        auto [end, ec] = std::from_chars(s.data() + at, s.data() + at + n, v);
        return ec == std::errc{} && end == s.data() + at + n;
    };
    if (s.size() != 10 || s.find_first_not_of("0123456789-") != s.npos || s[0] == '-' || s[4] != '-' || s[7] != '-' ||
        !field(0, 4, y) || !field(5, 2, m) || !field(8, 2, d))
        return {};
    std::chrono::year_month_day day{std::chrono::year{y}, std::chrono::month{unsigned(m)},
                                    std::chrono::day{unsigned(d)}};
    if (!day.ok()) return {};
    return double(std::chrono::sys_days{day}.time_since_epoch().count()) * 86400;
}

std::string show_bytes(double b) {
    constexpr std::array<Unit, 5> steps{Unit{"B", 1}, Unit{"KiB", 1024}, Unit{"MiB", 1048576}, Unit{"GiB", 1073741824},
                                        Unit{"TiB", 1099511627776}};
    auto* best = &steps[0];
    for (auto& u : steps)
        if (std::abs(b) >= u.size) best = &u;
    return fmt::format("{} {}", digits(b / best->size), best->name);
}

std::string show_duration(double s) {
    double a = std::abs(s);
    if (a == 0) return "0 s";
    if (a < 0.001) return fmt::format("{} µs", digits(s * 1e6));
    if (a < 1) return fmt::format("{} ms", digits(s * 1000));
    if (a < 120) return fmt::format("{} s", digits(s));
    if (a < 7200) return fmt::format("{} min", digits(s / 60));
    if (a < 172800) return fmt::format("{} h", digits(s / 3600));
    return fmt::format("{} d", digits(s / 86400));
}

std::string show_share(double x) { return fmt::format("{} %", digits(x * 100)); }

std::string show_number(double x) {
    if (x != std::floor(x)) return std::abs(x) < 0.1 ? fmt::format("{:.3g}", x) : fmt::format("{:.2f}", x);
    auto s = fmt::format("{:.0f}", x);
    if (std::abs(x) < 10000) return s;
    for (auto at = int(s.size()) - 3; at > (x < 0 ? 1 : 0); at -= 3) s.insert(std::size_t(at), ",");
    return s;
}

std::string show_date(double t) { return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time_t(t))); }
std::string show_time(double t) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time_t(t))); }

} // namespace imops
