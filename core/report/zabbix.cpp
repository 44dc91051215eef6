#include "core/base/string.hpp"
#include "core/report/lines.hpp"
#include "core/report/writer.hpp"
#include <nlohmann/json.hpp>
#include <set>

namespace imops {

namespace {

using Json = nlohmann::ordered_json;

/// Zabbix allows these in the technical name of a host. A deployment's name has no others.
std::string host_name(std::string_view deployment) {
    std::string r;
    for (char c : one_line(deployment, 128))
        r += std::isalnum(static_cast<unsigned char>(c)) || std::string_view{"._- "}.find(c) != std::string_view::npos
                 ? c
                 : '_';
    return r.empty() ? "imops" : r;
}

/// Foreign text as a quoted parameter of an item's key. Zabbix cannot quote a backslash at the end, and would expand
/// macros. Short: subject, title and item make the item's name, of 255 characters at most.
std::string parameter(std::string_view s, std::size_t max = 60) {
    auto r = one_line(s, max);
    for (auto& c : r) switch (c) {
        case '"': c = '\''; break;
        case '\\': c = '/'; break;
        case '{': c = '('; break;
        case '}': c = ')'; break;
        default: break;
        }
    return r;
}

/// One entry of a line as zabbix_sender reads it.
std::string entry(std::string_view s) {
    std::string r = "\"";
    for (char c : s) {
        if (c == '\n')
            r += "\\n";
        else {
            if (c == '"' || c == '\\') r += '\\';
            r += c;
        }
    }
    return r + '"';
}

std::string_view unit(Kind k) {
    switch (k) {
    case Kind::bytes: return "B";
    case Kind::seconds: return "s";
    case Kind::clock: return "unixtime";
    case Kind::number:
    case Kind::text:
    case Kind::boolean:
    case Kind::list:
    case Kind::map:
    case Kind::table:
    case Kind::any: return "";
    }
    return "";
}

/// What low-level discovery knows of a finding. The macros {#ID}, {#SUBJECT} and {#ITEM} are the parameters of its
/// keys.
struct Discovered {
    Json macros;
    std::string parameters;

    Discovered(const Finding& f, Lang lang) {
        auto id = parameter(f.id), subject = parameter(f.subject), item = parameter(f.item, 100);
        parameters = fmt::format("[\"{}\",\"{}\",\"{}\"]", id, subject, item);
        macros = {{"{#ID}", id},
                  {"{#SUBJECT}", subject},
                  {"{#ITEM}", item},
                  {"{#TITLE}", parameter(f.title.in(lang))},
                  {"{#UNIT}", unit(f.value.kind)}};
    }
};

} // namespace

namespace detail {

void write_zabbix(const Report& r, const WriteOptions& w, std::ostream& o) {
    auto head = entry(host_name(r.deployment)), time = fmt::format("{:.0f}", r.time);
    auto value = [&](std::string_view key, std::string_view v) {
        return fmt::format("{} {} {} {}\n", head, entry(key), time, entry(v));
    };
    auto all = Json::array(), measured = Json::array();
    std::string values;
    std::set<std::string> seen; // one value for each key; the worst comes first
    for (auto& f : r.findings) {
        Discovered d{f, w.lang};
        if (!seen.insert(d.parameters).second) continue;
        values += value("imops.level" + d.parameters, std::to_string(int(f.level)));
        if (auto figure = decimal(f.value); !figure.empty()) {
            values += value("imops.metric" + d.parameters, figure);
            measured.push_back(d.macros);
        }
        all.push_back(std::move(d.macros));
    }
    auto dump = [](const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); };
    // What is to be discovered comes first: the items are made while the rest is read.
    o << value("imops.discovery", dump(all)) << value("imops.discovery.metrics", dump(measured));
    o << value("imops.worst", std::to_string(int(r.worst())));
    auto t = r.tally();
    for (auto l : {Level::ok, Level::skip, Level::waived, Level::warn, Level::unknown, Level::fail})
        o << value(fmt::format("imops.{}", name(l)), std::to_string(t[l]));
    o << value("imops.problems", problem_lines(r, w.lang, 8000)) << values;
}

} // namespace detail

} // namespace imops
