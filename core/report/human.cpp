#include "core/base/string.hpp"
#include "core/report/writer.hpp"
#include <map>

namespace imops {

namespace {

std::string_view colour(Level l) {
    switch (l) {
    case Level::ok: return "\x1b[32m";
    case Level::skip:
    case Level::waived: return "\x1b[2m";
    case Level::warn: return "\x1b[33m";
    case Level::unknown: return "\x1b[35m";
    case Level::fail: return "\x1b[1;31m";
    }
    return "";
}

std::string painted(std::string_view s, Level l, const WriteOptions& w) {
    return w.colour ? fmt::format("{}{}\x1b[0m", colour(l), s) : std::string{s};
}

/// Columns on a terminal: two for CJK and full-width characters.
int columns(std::string_view s) {
    int n = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
        auto c = static_cast<unsigned char>(s[i]);
        if ((c & 0xC0) == 0x80) continue;
        n += c >= 0xE3 && c <= 0xED ? 2 : c == 0xEF ? 2 : 1;
    }
    return n;
}

std::string padded(std::string_view s, int width) {
    return std::string{s} + std::string(std::size_t(std::max(0, width - columns(s))), ' ');
}

/// Breaks at spaces (and between CJK characters where a word is too long); lines after the first are indented. Text
/// between back-quotes is a command to paste: it is never broken.
void wrapped(std::string_view text, int indent, int width, std::ostream& o) {
    int at = indent;
    auto fresh = [&] {
        o << '\n' << std::string(std::size_t(indent), ' ');
        at = indent;
    };
    bool first = true;
    for (auto line : split(text, '\n')) {
        if (!first) fresh();
        first = false;
        bool space = false; // owed before the next word, if that stays on this line
        while (!line.empty()) {
            auto end = line.find(' ');
            if (line[0] == '`')
                if (auto close = line.find('`', 1); close != line.npos) end = line.find(' ', close);
            auto word = line.substr(0, end);
            auto n = columns(word);
            if (at > indent && at + space + n > width && n <= width - indent)
                fresh();
            else if (space && at > indent)
                o << ' ', ++at;
            space = true;
            if (n > width - indent && word.find('`') == word.npos) { // Chinese has no spaces
                for (std::size_t i = 0; i < word.size();) {
                    std::size_t len = 1;
                    while (i + len < word.size() && (static_cast<unsigned char>(word[i + len]) & 0xC0) == 0x80) ++len;
                    auto c = columns(word.substr(i, len));
                    if (at + c > width) fresh();
                    o << word.substr(i, len);
                    at += c;
                    i += len;
                }
            } else {
                o << word;
                at += n;
            }
            if (end == line.npos) break;
            line.remove_prefix(end + 1);
        }
    }
    o << '\n';
}

/// Unknown findings of one host with one reason are one line: twenty checks that need root are one problem.
std::vector<std::pair<const Finding*, std::vector<const Finding*>>> grouped(const Report& r) {
    std::vector<std::pair<const Finding*, std::vector<const Finding*>>> rows;
    std::map<std::pair<std::string, std::string>, std::size_t> where;
    for (auto& f : r.findings) {
        if (f.level == Level::unknown && f.item.empty()) {
            auto reason = f.text.en.substr(f.text.en.find(": ") == f.text.en.npos ? 0 : f.text.en.find(": "));
            auto [it, fresh] = where.try_emplace({f.subject, reason}, rows.size());
            if (!fresh) {
                rows[it->second].second.push_back(&f);
                continue;
            }
        }
        rows.push_back({&f, {}});
    }
    return rows;
}

constexpr int level_width = 8;

} // namespace

void write_finding(const Finding& f, const WriteOptions& w, std::ostream& o) {
    auto who = f.item.empty() ? f.subject : f.subject + " " + f.item;
    if (!who.empty()) who += "  ";
    o << painted(padded(label(f.level, w.lang), level_width), f.level, w);
    auto head = fmt::format("{}{}", who, f.id);
    o << head << (w.colour ? "\x1b[2m" : "") << "  " << f.title.in(w.lang) << (w.colour ? "\x1b[0m" : "") << '\n'
      << std::string(level_width, ' ');
    wrapped(f.text.in(w.lang), level_width, w.width, o);
    if (f.level >= Level::warn && !f.remedy.empty()) {
        o << std::string(level_width, ' ') << "→ ";
        wrapped(f.remedy.in(w.lang), level_width + 2, w.width, o);
    }
}

namespace detail {
void write_human(const Report& r, const WriteOptions& w, std::ostream& o) {
    for (auto& [f, more] : grouped(r)) {
        if (!w.all && f->level < Level::waived) continue;
        if (more.empty()) {
            write_finding(*f, w, o);
            continue;
        }
        auto merged = *f;
        merged.text =
            say("{} (and {} more for the same reason: {})", "{}（同一原因另有 {} 项：{}）", f->text, more.size(), [&] {
                std::string ids;
                for (auto* m : more) ids += (ids.empty() ? "" : ", ") + m->id;
                return ids.size() > 300 ? ids.substr(0, ids.rfind(',', 300)) + ", …" : ids;
            }());
        write_finding(merged, w, o);
    }
    for (auto& n : r.notes) o << n.in(w.lang) << '\n';
    if (r.interrupted)
        o << (w.lang == Lang::zh ? "已中断：以上只是目前已知的结果\n" : "interrupted: this is what was known so far\n");
    auto t = r.tally();
    std::string line;
    for (auto l : {Level::fail, Level::unknown, Level::warn, Level::waived, Level::skip, Level::ok})
        if (t[l]) line += (line.empty() ? "" : "  ") + painted(fmt::format("{} {}", t[l], label(l, w.lang)), l, w);
    if (r.findings.empty()) line = w.lang == Lang::zh ? "没有结果" : "nothing was judged";
    o << line << '\n';
}
} // namespace detail

} // namespace imops
