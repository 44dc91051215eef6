#include "core/render/mask.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <re2/re2.h>
#include <set>

namespace imops::render {

namespace {

constexpr std::string_view hidden = "‹secret›";

/// Without the quotes around it, if there are any.
std::string inside(std::string s) {
    if (s.size() >= 2 && (s[0] == '"' || s[0] == '\'') && s.back() == s[0]) return s.substr(1, s.size() - 2);
    return s;
}

} // namespace

Mask::Mask(const std::vector<std::string>& secrets) {
    std::set<std::string> forms;
    for (auto& s : secrets) {
        if (s.empty()) continue;
        forms.insert(s);
        forms.insert(percent_escaped(s));
        forms.insert(base64(s));
        for (auto& [name, format] : Words<Format>::of) {
            try {
                forms.insert(inside(written(format, s)));
            } catch (const std::exception&) { // it cannot stand in that format
            }
        }
        std::string sql;
        for (char c : s) {
            if (c == '\'' || c == '\\') sql += c;
            sql += c;
        }
        forms.insert(sql);
    }
    values_.assign(forms.begin(), forms.end());
    std::ranges::sort(values_, [](auto& a, auto& b) { return a.size() > b.size(); });
}

std::string Mask::text(std::string_view s) const {
    std::string out{s};
    for (auto& v : values_)
        for (std::size_t at = 0; (at = out.find(v, at)) != out.npos; at += hidden.size())
            out.replace(at, v.size(), hidden);
    return out;
}

std::string Mask::line(std::string_view s) const {
    auto out = text(s);
    // name = value, name: value, name value; the value up to the end of the line or of its quotes
    static const re2::RE2 named{
        R"re((?i)^(.*?(?:pass(?:word|wd)?|secret|token|macaroon|requirepass|masterauth|auth-pass|api[_-]?key)re"
        R"re(|_KEY|DATASOURCE)[a-z0-9_"'\]-]*\s*(?:=>|[=:\s])\s*)("(?:[^"\\]|\\.)*"|'[^']*')re"
        R"re(|[^\s;,}]+.*?)(\s*[;,}]*\s*)$)re"};
    static const re2::RE2 harmless{
        R"re((?i)(_path|_file|_format|_encryption|_length|_policy|lifetime|expire|scram|config_path))re"
        R"re([a-z0-9_"']*\s*(?:=>|[=:\s]))re"};
    if (!re2::RE2::PartialMatch(out, harmless)) re2::RE2::Replace(&out, named, fmt::format(R"(\1{}\3)", hidden));
    static const re2::RE2 url{R"re(://([^:/@\s]+):[^@\s]+@)re"};
    re2::RE2::GlobalReplace(&out, url, fmt::format(R"(://\1:{}@)", hidden));
    return out;
}

} // namespace imops::render
