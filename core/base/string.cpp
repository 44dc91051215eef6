#include "core/base/string.hpp"
#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>

namespace imops {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0]++;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

/// Length of the well-formed sequence at the beginning of `s` (RFC 3629), 0 if there is none.
std::size_t sequence(std::string_view s) {
    auto at = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
    auto tail = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
    unsigned c = at(0);
    if (c < 0x80) return 1;
    if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        if (!tail(1) || !tail(2) || (c == 0xE0 && at(1) < 0xA0) || (c == 0xED && at(1) > 0x9F)) return 0;
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        if (!tail(1) || !tail(2) || !tail(3) || (c == 0xF0 && at(1) < 0x90) || (c == 0xF4 && at(1) > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

/// C1 controls, bidirectional overrides and line separators: they move the cursor or reorder what is read.
bool harmful(std::string_view sequence) {
    if (sequence.size() == 2) return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
    if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
    auto b = static_cast<unsigned char>(sequence[1]), c = static_cast<unsigned char>(sequence[2]);
    return (b == 0x80 && c >= 0xA8 && c <= 0xAE) || (b == 0x81 && c >= 0xA6 && c <= 0xA9);
}

} // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t least = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (auto& c : candidates)
        if (auto d = distance(typed, c); d < least) {
            least = d;
            best = c;
        }
    return best;
}

std::optional<std::size_t> bad_utf8(std::string_view s) {
    for (std::size_t i = 0; i < s.size();) {
        auto n = sequence(s.substr(i));
        if (!n) return i;
        i += n;
    }
    return {};
}

std::string plain(std::string_view s, std::size_t max) {
    std::string r;
    std::size_t i = 0;
    while (i < s.size() && r.size() < max) {
        auto fine = i; // most of it is printable ASCII
        while (fine < s.size() && fine - i < max - r.size() && s[fine] >= 0x20 && s[fine] < 0x7F) ++fine;
        r += s.substr(i, fine - i);
        if ((i = fine) == s.size() || r.size() >= max) break;
        auto n = sequence(s.substr(i, 4));
        auto c = static_cast<unsigned char>(s[i]);
        if (!n || harmful(s.substr(i, n)))
            r += "\uFFFD";
        else if (n > 1 || (c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t')
            r += s.substr(i, n);
        else if (c != '\r')
            r += "\uFFFD";
        i += std::max<std::size_t>(n, 1);
    }
    if (i < s.size()) r += "…";
    return r;
}

std::string one_line(std::string_view s, std::size_t max) {
    auto r = plain(trim(s), max);
    for (auto& c : r)
        if (c == '\n' || c == '\t') c = ' ';
    return r;
}

std::vector<std::string_view> split(std::string_view s, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        auto end = s.find(by);
        parts.push_back(s.substr(0, end));
        if (end == s.npos) return parts;
        s.remove_prefix(end + 1);
    }
}

std::string_view trim(std::string_view s) {
    constexpr std::string_view blank = " \t\r\n";
    auto b = s.find_first_not_of(blank);
    if (b == s.npos) return {};
    return s.substr(b, s.find_last_not_of(blank) - b + 1);
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
        unsigned three = 0;
        for (std::size_t i = 0; i < 3; ++i)
            three = three << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
        for (std::size_t i = 0; i < 4; ++i) text += i <= bytes.size() ? letters[three >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    static const auto values = [] {
        std::array<signed char, 256> v{};
        v.fill(-1);
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (std::size_t i = 0; i < alphabet.size(); ++i)
            v[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
        return v;
    }();
    std::string out;
    unsigned bits = 0, have = 0, letters = 0;
    bool padded = false;
    for (unsigned char c : text) {
        if (c == '\n' || c == '\r') continue;
        if (c == '=') {
            padded = true;
            continue;
        }
        if (values[c] < 0 || padded) return {};
        bits = (bits << 6 | unsigned(values[c])) & 0xFFFFFF;
        ++letters;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        out += char(bits >> have & 0xFF);
    }
    if (letters % 4 == 1) return {};
    return out;
}

std::string percent_escaped(std::string_view text) {
    std::string out;
    for (unsigned char c : text)
        if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
            out += char(c);
        else
            out += fmt::format("%{:02X}", c);
    return out;
}

std::string shell_quote(std::string_view text) {
    std::string r = "'";
    for (char c : text)
        if (c == '\'')
            r += "'\\''";
        else
            r += c;
    return r + "'";
}

std::string expand_home(std::string_view path) {
    const char* home = std::getenv("HOME");
    if (home && (path == "~" || path.starts_with("~/"))) return std::string{home} + std::string{path.substr(1)};
    return std::string{path};
}

} // namespace imops
