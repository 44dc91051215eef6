#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imops {

/// The candidate that a typo most likely meant, or "" when none is near enough (a third of its letters).
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

/// Offset of the first byte that is not well-formed UTF-8; nothing when all is.
std::optional<std::size_t> bad_utf8(std::string_view);

/// Foreign text made fit for a terminal, a log or a page: invalid UTF-8 and control characters (but newline and tab)
/// become U+FFFD or a space, escape sequences cannot survive, more than `max` bytes are cut with "…".
std::string plain(std::string_view foreign, std::size_t max = 2000);
/// The same, and on one line.
std::string one_line(std::string_view foreign, std::size_t max = 300);

std::vector<std::string_view> split(std::string_view, char by);
std::string_view trim(std::string_view);

/// RFC 4648, padded.
std::string base64(std::string_view bytes);
/// The bytes of padded base64, which may be broken into lines; nothing when it is none.
std::optional<std::string> from_base64(std::string_view text);

/// Fit to be one part of a path or a value of a query.
std::string percent_escaped(std::string_view text);

/// `text` as one word of a POSIX shell.
std::string shell_quote(std::string_view text);

/// "~/x" -> "/home/me/x"; other paths unchanged.
std::string expand_home(std::string_view path);

} // namespace imops
