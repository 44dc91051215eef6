#include "core/report/writer.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/report/lines.hpp"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

namespace imops {

int plain_status(const Report& r, const WriteOptions& o) {
    if (r.interrupted) return 130;
    switch (r.worst()) {
    case Level::ok:
    case Level::skip:
    case Level::waived: return 0;
    case Level::warn: return o.strict ? 1 : 0;
    case Level::unknown: return o.strict && r.tally()[Level::warn] ? 1 : 3;
    case Level::fail: return 1;
    }
    return 3;
}

namespace {

/// The Monitoring Plugins convention: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int nagios_status(const Report& r, const WriteOptions& o) {
    switch (r.worst()) {
    case Level::ok:
    case Level::skip:
    case Level::waived: return r.interrupted ? 3 : 0;
    case Level::warn: return o.strict ? 2 : 1;
    case Level::unknown: return 3;
    case Level::fail: return 2;
    }
    return 3;
}

std::string xml(std::string_view s) {
    std::string r;
    for (char c : plain(s)) switch (c) {
        case '&': r += "&amp;"; break;
        case '<': r += "&lt;"; break;
        case '>': r += "&gt;"; break;
        case '"': r += "&quot;"; break;
        case '\n': r += "&#10;"; break;
        case '\t': r += "&#9;"; break;
        default: r += c;
        }
    return r;
}

/// A label value of the Prometheus text format.
std::string label_value(std::string_view s) {
    std::string r;
    for (char c : one_line(s)) {
        if (c == '\\' || c == '"') r += '\\';
        r += c;
    }
    return r;
}

/// Text of a Nagios line: `|` begins performance data.
std::string bar_free(std::string s) {
    for (auto& c : s)
        if (c == '|') c = '/';
    return s;
}

/// Nagios keeps 8 KiB of what a plugin prints, and cuts the rest anywhere.
constexpr std::size_t nagios_bytes = 8000;

/// Performance data of what was measured: 'subject id item'=value[UOM]. Always in the same order, so that the same is
/// left out where there is too much: a graph of every other run is none.
std::string measured_data(const Report& r) {
    std::vector<const Finding*> sorted;
    for (auto& f : r.findings) sorted.push_back(&f);
    std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) {
        return std::tie(a->subject, a->id, a->item) < std::tie(b->subject, b->id, b->item);
    });
    std::string text;
    for (auto* f : sorted) {
        auto figure = decimal(f->value);
        if (figure.empty() || f->value.kind == Kind::clock) continue; // a time of the day is no graph
        auto name = one_line(fmt::format("{} {}{}{}", f->subject, f->id, f->item.empty() ? "" : " ", f->item), 120);
        std::replace_if(
            name.begin(), name.end(), [](char c) { return c == '\'' || c == '=' || c == '|'; }, '_');
        auto one = fmt::format(" '{}'={}{}", name, figure,
                               f->value.kind == Kind::bytes     ? "B"
                               : f->value.kind == Kind::seconds ? "s"
                                                                : "");
        if (text.size() + one.size() > nagios_bytes / 2) break;
        text += one;
    }
    return text;
}

nlohmann::ordered_json both(const Line& l) { return {{"en", l.en}, {"zh", l.zh}}; }

} // namespace

namespace detail {

void write_json(const Report& r, const WriteOptions&, std::ostream& o) {
    nlohmann::ordered_json j{{"command", r.command},
                             {"deployment", r.deployment},
                             {"time", show_time(r.time)},
                             {"worst", name(r.worst())},
                             {"interrupted", r.interrupted}};
    for (auto& [level, n] : r.tally()) j["tally"][std::string{name(level)}] = n;
    j["findings"] = nlohmann::ordered_json::array();
    for (auto& f : r.findings) {
        nlohmann::ordered_json x{{"id", f.id}, {"subject", f.subject}};
        if (!f.item.empty()) x["item"] = f.item;
        x["level"] = name(f.level);
        x["title"] = both(f.title);
        x["text"] = both(f.text);
        if (!f.remedy.empty()) x["remedy"] = both(f.remedy);
        if (!f.value.empty()) x["value"] = f.value.data;
        if (!f.limit.empty()) x["limit"] = f.limit.data;
        if (!f.value.empty()) x["unit"] = name(f.value.kind);
        j["findings"].push_back(std::move(x));
    }
    for (auto& n : r.notes) j["notes"].push_back(both(n));
    o << j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void write_junit(const Report& r, const WriteOptions& w, std::ostream& o) {
    auto t = r.tally();
    o << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      << fmt::format("<testsuites>\n<testsuite name=\"imops.{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
                     "skipped=\"{}\" timestamp=\"{}\">\n",
                     xml(r.command), r.findings.size(), t[Level::fail] + (w.strict ? t[Level::warn] : 0),
                     t[Level::unknown], t[Level::skip] + t[Level::waived], show_time(r.time).substr(0, 19));
    for (auto& f : r.findings) {
        o << fmt::format("<testcase classname=\"{}\" name=\"{}\">", xml(f.subject.empty() ? r.deployment : f.subject),
                         xml(f.item.empty() ? f.id : f.id + " " + f.item));
        auto message = f.text.in(w.lang);
        if (f.level == Level::fail || (w.strict && f.level == Level::warn))
            o << fmt::format("<failure message=\"{}\">{}</failure>", xml(message), xml(f.remedy.in(w.lang)));
        else if (f.level == Level::unknown)
            o << fmt::format("<error message=\"{}\">{}</error>", xml(message), xml(f.remedy.in(w.lang)));
        else if (f.level == Level::skip || f.level == Level::waived)
            o << fmt::format("<skipped message=\"{}\"/>", xml(message));
        else
            o << fmt::format("<system-out>{}</system-out>", xml(message));
        o << "</testcase>\n";
    }
    o << "</testsuite>\n</testsuites>\n";
}

void write_prometheus(const Report& r, const WriteOptions&, std::ostream& o) {
    auto labels = [&](const Finding& f) {
        auto s = fmt::format("command=\"{}\",deployment=\"{}\",host=\"{}\",id=\"{}\"", label_value(r.command),
                             label_value(r.deployment), label_value(f.subject), label_value(f.id));
        if (!f.item.empty()) s += fmt::format(",item=\"{}\"", label_value(f.item));
        return s;
    };
    std::set<std::string> seen; // a series may stand in a file once; the worst comes first
    std::string levels, values;
    for (auto& f : r.findings) {
        auto l = labels(f);
        if (!seen.insert(l).second) continue;
        levels += fmt::format("imops_finding_level{{{}}} {}\n", l, int(f.level));
        if (auto figure = decimal(f.value); !figure.empty())
            values += fmt::format("imops_finding_value{{{}}} {}\n", l, figure);
    }
    o << "# HELP imops_finding_level Level of a finding: 0 ok, 1 skip, 2 waived, 3 warn, 4 unknown, 5 fail.\n# TYPE "
         "imops_finding_level gauge\n"
      << levels
      << "# HELP imops_finding_value The measured value, in bytes, seconds or as a number.\n# TYPE imops_finding_value "
         "gauge\n"
      << values;
    o << "# HELP imops_findings Number of findings by level.\n# TYPE imops_findings gauge\n";
    auto t = r.tally();
    for (auto l : {Level::ok, Level::skip, Level::waived, Level::warn, Level::unknown, Level::fail})
        o << fmt::format("imops_findings{{command=\"{}\",deployment=\"{}\",level=\"{}\"}} {}\n", label_value(r.command),
                         label_value(r.deployment), name(l), t[l]);
    o << fmt::format("# HELP imops_run_timestamp_seconds When the run ended.\n# TYPE imops_run_timestamp_seconds "
                     "gauge\nimops_run_timestamp_seconds{{command=\"{}\",deployment=\"{}\"}} {:.0f}\n",
                     label_value(r.command), label_value(r.deployment), r.time);
}

void write_nagios(const Report& r, const WriteOptions& w, std::ostream& o) {
    static constexpr std::string_view words[]{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    auto t = r.tally();
    auto first = fmt::format(
        "IMOPS {} - {}: {} fail, {} unknown, {} warn, {} ok|fail={};;0;0 unknown={};;;0 warn={};0;;0 ok={};;;0{}\n",
        words[nagios_status(r, w)], bar_free(one_line(r.deployment)), t[Level::fail], t[Level::unknown], t[Level::warn],
        t[Level::ok], t[Level::fail], t[Level::unknown], t[Level::warn], t[Level::ok], measured_data(r));
    o << first << bar_free(problem_lines(r, w.lang, nagios_bytes - first.size()));
}

} // namespace detail

namespace detail { // each in a file of its own, which nothing else calls
void write_human(const Report&, const WriteOptions&, std::ostream&);
void write_json(const Report&, const WriteOptions&, std::ostream&);
void write_junit(const Report&, const WriteOptions&, std::ostream&);
void write_prometheus(const Report&, const WriteOptions&, std::ostream&);
void write_zabbix(const Report&, const WriteOptions&, std::ostream&);
void write_nagios(const Report&, const WriteOptions&, std::ostream&);
} // namespace detail

const std::vector<Writer>& writers() {
    static const std::vector<Writer> all{
        {"human", {"for people (default)", "供人阅读（默认）"}, detail::write_human, plain_status},
        {"json",
         {"all findings with values and both languages", "全部结果，含数值与两种语言"},
         detail::write_json,
         plain_status},
        {"junit", {"JUnit XML, for CI systems", "JUnit XML，供 CI 使用"}, detail::write_junit, plain_status},
        {"prometheus",
         {"text format for node_exporter's textfile collector", "供 node_exporter textfile 采集的文本"},
         detail::write_prometheus,
         plain_status},
        {"zabbix",
         {"lines for `zabbix_sender -T -i`, with low-level discovery",
          "供 `zabbix_sender -T -i` 发送的文本，含低级自动发现"},
         detail::write_zabbix,
         plain_status},
        {"nagios",
         {"plugin line with perfdata; exit status 0/1/2/3 as Nagios expects",
          "Nagios 插件格式与 perfdata；退出码按 Nagios 约定 0/1/2/3"},
         detail::write_nagios,
         nagios_status,
         3}, // a monitor reads 2 as CRITICAL
    };
    return all;
}

const Writer* find_writer(std::string_view wanted) {
    for (auto& w : writers())
        if (w.name == wanted) return &w;
    return nullptr;
}

Line writer_names() {
    std::vector<std::string_view> names;
    for (auto& w : writers()) names.push_back(w.name);
    auto last = names.back();
    names.pop_back();
    return {fmt::format("{} or {}", fmt::join(names, ", "), last),
            fmt::format("{} 或 {}", fmt::join(names, "、"), last)};
}

} // namespace imops
