#include "core/report/report.hpp"
#include <algorithm>
#include <tuple>

namespace imops {

std::string_view name(Level l) {
    switch (l) {
    case Level::ok: return "ok";
    case Level::skip: return "skip";
    case Level::waived: return "waived";
    case Level::warn: return "warn";
    case Level::unknown: return "unknown";
    case Level::fail: return "fail";
    }
    return "unknown";
}

std::string_view label(Level l, Lang lang) {
    if (lang == Lang::en) {
        if (l == Level::fail) return "FAIL";
        return name(l);
    }
    switch (l) {
    case Level::ok: return "通过";
    case Level::skip: return "跳过";
    case Level::waived: return "豁免";
    case Level::warn: return "警告";
    case Level::unknown: return "未知";
    case Level::fail: return "失败";
    }
    return "未知";
}

Level Report::worst() const {
    Level w = Level::ok;
    for (auto& f : findings) w = std::max(w, f.level);
    return w;
}

std::map<Level, int> Report::tally() const {
    std::map<Level, int> t;
    for (auto& f : findings) ++t[f.level];
    return t;
}

void Report::sort() {
    std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
        return std::tie(b.level, a.subject, a.id, a.item) < std::tie(a.level, b.subject, b.id, b.item);
    });
}

} // namespace imops
