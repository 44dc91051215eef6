#include "core/render/format.hpp"
#include "core/base/string.hpp"
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace imops::render {

namespace {

[[noreturn]] void refuse(Text why) { throw std::runtime_error{fmt::format("{}\x1f{}", why.en, why.zh)}; }

bool plain_word(std::string_view s, std::string_view marks) {
    return !s.empty() && std::ranges::all_of(
                             s, [&](unsigned char c) { return std::isalnum(c) || marks.find(char(c)) != marks.npos; });
}

/// In quotes, each of `marks` behind `escape`.
std::string quoted(std::string_view s, char quote, std::string_view marks, char escape) {
    std::string out{quote};
    for (char c : s) {
        if (marks.find(c) != marks.npos) out += escape;
        out += c;
    }
    return out + quote;
}

std::string nginx(std::string_view s) {
    if (s.find('$') != s.npos) refuse({"nginx would take the $ in it for a variable", "其中的 $ 会被 nginx 当作变量"});
    return plain_word(s, "._-/:@+,=%*~") ? std::string{s} : quoted(s, '"', "\"\\", '\\');
}

/// Strong quotes take everything but themselves.
std::string haproxy(std::string_view s) { return plain_word(s, "._-/:@+,=") ? std::string{s} : shell_quote(s); }

std::string postgres(std::string_view s) {
    std::string out = "'";
    for (char c : s) {
        if (c == '\'' || c == '\\') out += c;
        out += c;
    }
    return out + "'";
}

std::string hba(std::string_view s) {
    std::string out = "\"";
    for (char c : s) {
        if (c == '"') out += c;
        out += c;
    }
    return out + '"';
}

std::string redis(std::string_view s) {
    if (plain_word(s, "._-/:@")) return std::string{s};
    std::string out = "\"";
    for (unsigned char c : s) {
        if (c == '"' || c == '\\')
            out += '\\', out += char(c);
        else if (c < 0x20 || c >= 0x7f)
            out += fmt::format("\\x{:02x}", c);
        else
            out += char(c);
    }
    return out + '"';
}

/// JSON's string, which YAML reads the same, once the characters are escaped that JSON leaves alone and YAML forbids or
/// takes for the end of a line: DEL, the control characters of C1, U+2028, U+2029, the byte order mark and its two
/// neighbours.
std::string yaml_quoted(std::string_view s) {
    auto json = nlohmann::json(s).dump();
    std::string out;
    auto at = [&](std::size_t i) { return i < json.size() ? static_cast<unsigned char>(json[i]) : 0u; };
    for (std::size_t i = 0; i < json.size();) {
        unsigned a = at(i), b = at(i + 1), c = at(i + 2), point = 0, length = 1;
        if (a == 0x7f)
            point = a;
        else if (a == 0xc2 && b < 0xa0)
            point = b, length = 2;
        else if ((a == 0xe2 && b == 0x80 && (c == 0xa8 || c == 0xa9)) || (a == 0xef && b == 0xbb && c == 0xbf) ||
                 (a == 0xef && b == 0xbf && c >= 0xbe))
            point = (a & 15) << 12 | (b & 63) << 6 | (c & 63), length = 3;
        if (point)
            out += fmt::format("\\u{:04x}", point);
        else
            out += json[i];
        i += length;
    }
    return out;
}

/// A word that no reader of YAML takes for something else, or a string in quotes.
std::string yaml(std::string_view s) {
    static constexpr std::string_view words[]{"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    std::string lower{s};
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    bool bare = plain_word(s, "._-/") && std::isalpha(static_cast<unsigned char>(s[0])) &&
                std::ranges::find(words, lower) == std::end(words);
    return bare ? std::string{s} : yaml_quoted(s);
}

std::string lua(std::string_view s) {
    std::string out = "\"";
    for (unsigned char c : s) {
        if (c == '"' || c == '\\')
            out += '\\', out += char(c);
        else if (c < 0x20 || c == 0x7f)
            out += fmt::format("\\{:03d}", c);
        else
            out += char(c);
    }
    return out + '"';
}

std::string unit(std::string_view s) {
    if (s.find('$') != s.npos)
        refuse({"systemd would take the $ in it for a variable", "其中的 $ 会被 systemd 当作变量"});
    std::string out;
    for (char c : s) {
        if (c == '%') out += c;
        out += c;
    }
    return plain_word(out, "._-/:@+,=%") ? out : quoted(out, '"', "\"\\", '\\');
}

std::string conf(std::string_view s) {
    if (!plain_word(s, "._-/:@+,=%*~^|()[]") || s.find("${") != s.npos)
        refuse({"this format can only hold plain words", "该格式只能写普通的词（不能含空格、引号等）"});
    return std::string{s};
}

std::string line(std::string_view s) {
    if (s.empty() || trim(s) != s || s[0] == '"' || s[0] == '\'')
        refuse({"this format cannot hold a value with blanks or quotes at its ends", "该格式的值首尾不能有空格或引号"});
    return std::string{s};
}

std::string of_text(Format f, std::string_view s) {
    for (unsigned char c : s)
        if ((c < 0x20 || c == 0x7f) && f != Format::sh && f != Format::redis && f != Format::yaml && f != Format::lua)
            refuse({"it holds a line break or another control character", "其中有换行或其他控制字符"});
    if (bad_utf8(s)) refuse({"it is not UTF-8", "不是 UTF-8 文本"});
    switch (f) {
    case Format::conf: return conf(s);
    case Format::line: return line(s);
    case Format::nginx: return nginx(s);
    case Format::haproxy: return haproxy(s);
    case Format::postgres: return postgres(s);
    case Format::hba: return hba(s);
    case Format::mysql: return quoted(s, '"', "\"\\", '\\');
    case Format::redis: return redis(s);
    case Format::yaml: return yaml(s);
    case Format::lua: return lua(s);
    case Format::unit: return unit(s);
    case Format::env: return quoted(s, '"', "\"\\$`", '\\');
    case Format::sh: return shell_quote(s);
    }
    return {};
}

} // namespace

std::string written(Format f, const nlohmann::json& value) {
    if (value.is_string()) return of_text(f, value.get_ref<const std::string&>());
    if (value.is_number_float() && value == std::floor(value.get<double>()) && std::abs(value.get<double>()) < 9e15)
        return std::to_string(std::int64_t(value.get<double>()));
    if (value.is_number() || value.is_boolean()) return value.dump();
    if (!value.is_array()) refuse({"a table cannot be written as one value", "表不能作为单个值写出"});
    std::vector<std::string> items;
    for (auto& item : value) items.push_back(written(f, item));
    if (f == Format::yaml) return fmt::format("[{}]", fmt::join(items, ", "));
    if (f == Format::lua) return fmt::format("{{ {} }}", fmt::join(items, ", "));
    return fmt::format("{}", fmt::join(items, " "));
}

std::string_view remark(Format f) { return f == Format::lua ? "-- " : "# "; }

} // namespace imops::render
