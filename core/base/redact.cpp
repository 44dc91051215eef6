#include "core/base/redact.hpp"
#include "core/base/string.hpp"
#include <array>
#include <fmt/format.h>
#include <memory>
#include <re2/re2.h>
#include <string.h>
#include <vector>

namespace imops {

namespace {

constexpr std::size_t short_value = 4;

std::string doubled(std::string_view text, char which) {
    std::string out;
    for (char c : text) out.append(c == which ? 2 : 1, c);
    return out;
}

std::string json_inside(std::string_view text, bool slashes) {
    std::string out;
    for (unsigned char c : text) {
        if (c == '"' || c == '\\' || (slashes && c == '/'))
            out += {'\\', char(c)};
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (c == '\r')
            out += "\\r";
        else if (c < 0x20)
            out += fmt::format("\\u{:04x}", c);
        else
            out += char(c);
    }
    return out;
}

std::string hex(std::string_view bytes, const char* digits) {
    std::string out;
    for (unsigned char c : bytes) out += {digits[c >> 4], digits[c & 15]};
    return out;
}

/// What base64 makes of the bytes at each of the three places where they may begin in a longer text: the digits that
/// depend on nothing but them.
std::vector<std::string> base64_inside(std::string_view bytes) {
    std::vector<std::string> all;
    for (std::size_t before = 0; before < 3; ++before) {
        auto whole = base64(std::string(before, '\0') + std::string{bytes});
        while (whole.ends_with('=')) whole.pop_back();
        if ((before + bytes.size()) % 3 != 0) whole.pop_back(); // it holds bits of what follows
        auto from = before == 0 ? 0 : before + 1;               // and these of what is before
        if (whole.size() < from + 6) continue;                  // too short to be told from a word
        auto digits = whole.substr(from);
        auto url = digits;
        for (auto& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
        all.push_back(std::move(digits));
        all.push_back(std::move(url));
    }
    return all;
}

std::vector<std::string> spellings_of(std::string_view value) {
    std::vector<std::string> all{std::string{value},         json_inside(value, false),    json_inside(value, true),
                                 percent_escaped(value),     doubled(value, '\''),         doubled(value, '"'),
                                 plain(value, value.size()), one_line(value, value.size())};
    auto quoted = shell_quote(value);
    if (quoted.starts_with('\'') && quoted.size() > 2) quoted = quoted.substr(1, quoted.size() - 2);
    all.push_back(std::move(quoted));
    auto plus = percent_escaped(value); // a form of a page
    for (std::size_t at = 0; (at = plus.find("%20", at)) != plus.npos;) plus.replace(at, 3, "+");
    all.push_back(std::move(plus));
    if (value.size() >= short_value) {
        all.push_back(hex(value, "0123456789abcdef"));
        all.push_back(hex(value, "0123456789ABCDEF"));
        for (auto& b : base64_inside(value)) all.push_back(std::move(b));
    }
    return all;
}

bool of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80); }

void replace_all(std::string& text, const std::string& what, bool alone) {
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos;) {
        auto end = at + what.size();
        if (alone && ((at > 0 && of_word(text[at - 1])) || (end < text.size() && of_word(text[end])))) {
            ++at;
            continue;
        }
        text.replace(at, what.size(), Redactor::mark);
        at += Redactor::mark.size();
    }
}

struct Place {
    std::unique_ptr<RE2> pattern;
    std::string replacement;
};

/// Where a secret stands by the words around it.
const std::vector<Place>& places() {
    static const auto all = [] {
        constexpr std::array<const char*, 3> patterns{
            // postgres://synapse:SECRET@db
            R"((?i)(\b[a-z][a-z0-9+.-]*://[^\s/:@'"]*:)[^\s/@'"]+@)",
            // Authorization: Bearer SECRET
            R"((?i)(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|digest|token)\s+)?)[^\s"',;]+)",
            // password=SECRET, "access_token": "SECRET"
            R"((?i)((?:password|passwd|passphrase|secret|access_token|auth_token|api_?key|private_?key))"
            R"(["']?\s*[:=]\s*)(?:"[^"\n]+"|'[^'\n]+'|[^\s"',;&)}\]]+))",
        };
        std::vector<Place> made;
        for (std::size_t i = 0; i < patterns.size(); ++i)
            made.push_back(
                {std::make_unique<RE2>(patterns[i]), "\\1" + std::string{Redactor::mark} + (i == 0 ? "@" : "")});
        return made;
    }();
    return all;
}

} // namespace

Redactor::~Redactor() {
    for (auto* all : {&spellings_, &short_})
        while (!all->empty()) {
            auto node = all->extract(all->begin());
            ::explicit_bzero(node.value().data(), node.value().size());
        }
}

void Redactor::add(std::string_view value) {
    if (value.empty()) return;
    for (auto& s : spellings_of(value)) (s.size() < short_value ? short_ : spellings_).insert(std::move(s));
    if (value.find('\n') == value.npos) return;
    for (auto line : split(value, '\n'))
        if (trim(line).size() >= 8) add(trim(line)); // of a key, say; less may be a word
}

std::string Redactor::operator()(std::string_view text) const {
    std::string out{text};
    for (auto& s : spellings_) replace_all(out, s, false);
    for (auto& s : short_) replace_all(out, s, true);
    for (auto& p : places()) RE2::GlobalReplace(&out, *p.pattern, p.replacement);
    return out;
}

} // namespace imops
