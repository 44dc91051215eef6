#include "core/report/lines.hpp"
#include "core/base/string.hpp"
#include <cmath>

namespace imops {

std::string decimal(const Value& v) {
    if (!v.data.is_number()) return "";
    auto x = v.data.get<double>();
    if (!std::isfinite(x)) return "";
    auto s = fmt::format("{:.6f}", x);
    s.erase(s.find_last_not_of('0') + 1);
    if (s.back() == '.') s.pop_back();
    return s == "-0" ? "0" : s;
}

std::string problem_lines(const Report& r, Lang lang, std::size_t max) {
    constexpr std::size_t last = 60; // what the line that counts needs
    std::string text;
    int left = 0;
    for (auto& f : r.findings) {
        if (f.level < Level::warn) continue;
        auto line = one_line(fmt::format("{} {} {}{}{}: {}", label(f.level, lang), f.subject, f.id,
                                         f.item.empty() ? "" : " ", f.item, f.text.in(lang)));
        if (left || text.size() + line.size() + 1 + last > max)
            ++left;
        else
            text += line + '\n';
    }
    if (left) text += say("... and {} more\n", "……另有 {} 项\n", left).in(lang);
    return text;
}

} // namespace imops
