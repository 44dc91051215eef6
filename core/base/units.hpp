#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace imops {

/// "4 GiB", "500MB", "0" -> bytes. KB/MB/GB/TB are powers of 1000, KiB/MiB/GiB/TiB of 1024. A bare number other than 0
/// is refused.
std::optional<double> parse_bytes(std::string_view);
/// "10 s", "250ms", "2m", "12 h", "90 days", "1 year" -> seconds. A bare number other than 0 is refused.
std::optional<double> parse_duration(std::string_view);
/// "85 %" -> 0.85; a bare number is taken as it is ("0.85").
std::optional<double> parse_share(std::string_view);
/// A decimal number, nothing before or after it.
std::optional<double> parse_number(std::string_view);
/// "2026-11-21" -> seconds since 1970 at 00:00 UTC of that day; impossible days are refused.
std::optional<double> parse_date(std::string_view);

/// Short forms for people, the same in both languages: "7.6 GiB", "40 s", "12 ms", "90 d", "85 %", "12,345",
/// "2026-11-21".
std::string show_bytes(double);
std::string show_duration(double seconds);
std::string show_share(double);
std::string show_number(double);
std::string show_date(double seconds_since_1970);
/// "2026-11-21T09:30:00Z"
std::string show_time(double seconds_since_1970);

} // namespace imops
