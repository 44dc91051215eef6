#include "core/base/expression_functions.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>
#include <cmath>
#include <memory>
#include <re2/re2.h>
#include <set>
#include <unordered_map>

namespace imops::detail {

namespace {

using nlohmann::json;
using Args = Function::Args;
using Gives = Function::Gives;

double num(const json& j) { return j.is_number() ? j.get<double>() : 0; }
std::string str(const json& j) { return j.is_string() ? j.get<std::string>() : Value{Kind::any, j}.show(); }

/// Integers stay integers, so that 4 is not shown as 4.0.
json number(double x) {
    if (x == std::floor(x) && std::abs(x) < 9e15) return json(std::int64_t(x));
    return json(x);
}

/// The values of a list, or of a fleet map {host: value}.
std::vector<double> numbers(const json& j) {
    std::vector<double> v;
    for (auto& x : j)
        if (x.is_number()) v.push_back(x.get<double>());
    return v;
}

json median(Args& a) {
    auto v = numbers(*a[0]);
    if (v.empty()) throw std::runtime_error("median of nothing");
    std::sort(v.begin(), v.end());
    auto n = v.size();
    return number(n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2);
}

json sum(Args& a) {
    double s = 0;
    for (auto x : numbers(*a[0])) s += x;
    return number(s);
}

json extreme(Args& a, bool greatest) {
    auto v = numbers(*a[0]);
    if (v.empty()) throw std::runtime_error(greatest ? "max of nothing" : "min of nothing");
    return number(greatest ? *std::max_element(v.begin(), v.end()) : *std::min_element(v.begin(), v.end()));
}

json column(Args& a) {
    json r = json::array();
    for (auto& row : *a[0]) r.push_back(row.value(str(*a[1]), json{}));
    return r;
}

json where(Args& a) {
    json r = json::array();
    for (auto& row : *a[0])
        if (row.value(str(*a[1]), json{}) == *a[2]) r.push_back(row);
    return r;
}

json same(Args& a) {
    json r = json::array();
    for (auto& [host, value] : a[0]->items())
        if (value == *a[1]) r.push_back(host);
    return r;
}

json spread(Args& a) {
    std::set<json> different;
    for (auto& value : *a[0]) different.insert(value);
    return different.size();
}

json chosen(Args& a, bool wanted) {
    json r = json::array();
    for (auto& item : *a[0])
        if ((std::find(a[1]->begin(), a[1]->end(), item) != a[1]->end()) == wanted) r.push_back(item);
    return r;
}

json words(Args& a) {
    json r = json::array();
    auto text = str(*a[0]);
    for (auto w : split(text, ' '))
        if (!trim(w).empty()) r.push_back(trim(w));
    return r;
}

/// Patterns stand in packs and are used for each host: compiled once.
const RE2& pattern(const std::string& text) {
    thread_local std::unordered_map<std::string, std::unique_ptr<RE2>> known;
    if (known.size() > 500) known.clear(); // somebody makes patterns of data
    auto& re = known[text];
    if (!re) re = std::make_unique<RE2>(text);
    return *re;
}

json matches(Args& a) { return RE2::PartialMatch(str(*a[0]), pattern(str(*a[1]))); }

json part(Args& a) {
    std::string found;
    auto& re = pattern(str(*a[1]));
    if (re.NumberOfCapturingGroups() < 1 || !RE2::PartialMatch(str(*a[0]), re, &found)) return "";
    return found;
}

/// Compares runs of digits as numbers and all else as text: "5.10" is not older than "5.9".
json older(Args& a) {
    auto left = str(*a[0]), right = str(*a[1]);
    std::string_view x = left, y = right;
    auto digits = [](std::string_view s) { return std::min(s.find_first_not_of("0123456789"), s.size()); };
    while (!x.empty() || !y.empty()) {
        auto nx = digits(x), ny = digits(y);
        if (nx || ny) {
            auto vx = parse_number(x.substr(0, nx)).value_or(0), vy = parse_number(y.substr(0, ny)).value_or(0);
            if (vx != vy) return vx < vy;
        } else {
            if (x.empty() || y.empty()) return x.empty() && !y.empty();
            if (x[0] != y[0]) return x[0] < y[0];
            nx = ny = 1;
        }
        x.remove_prefix(std::min(nx, x.size()));
        y.remove_prefix(std::min(ny, y.size()));
    }
    return false;
}

json end(Args& a, bool front) {
    if (a[0]->empty()) throw std::runtime_error(front ? "first of nothing" : "last of nothing");
    return front ? a[0]->front() : a[0]->back();
}

/// As SQL's own literal; E'' where a backslash is in it, so that standard_conforming_strings does not matter.
json sql_text(Args& a) {
    std::string out;
    bool escaped = false;
    for (char c : str(*a[0])) {
        if (c == '\'' || c == '\\') out += c;
        escaped = escaped || c == '\\';
        out += c;
    }
    return (escaped ? "E'" : "'") + out + "'";
}

json sql_name(Args& a) {
    std::string out = "\"";
    for (char c : str(*a[0])) {
        if (c == '"') out += c;
        out += c;
    }
    return out + '"';
}

json authority(Args& a) {
    auto address = str(*a[0]);
    return (address.find(':') == address.npos ? address : "[" + address + "]") + ":" +
           std::to_string(std::int64_t(num(*a[1])));
}

/// 4 or 6 for an address; 0 for a name.
json family(Args& a) {
    auto address = str(*a[0]);
    if (address.find(':') != address.npos) return 6;
    static const RE2 four{R"(\d{1,3}(\.\d{1,3}){3})"};
    return RE2::FullMatch(address, four) ? 4 : 0;
}

json rounded(Args& a) {
    auto power = std::pow(10.0, num(*a[1]));
    return number(std::round(num(*a[0]) * power) / power);
}

/// What functions take, and the functions themselves.
struct Takes {
    const std::vector<Kind> list{Kind::list}, many{Kind::list, Kind::map}, table{Kind::table}, text{Kind::text};
    const std::vector<Kind> numeric{Kind::number, Kind::bytes, Kind::seconds, Kind::clock},
        counted{Kind::list, Kind::table, Kind::map, Kind::text};
    const std::vector<Kind> bytes{Kind::bytes}, seconds{Kind::seconds, Kind::clock}, plain_number{Kind::number}, any;

    std::vector<Function> of_values() const {
        return {
            {"bytes", {bytes}, Kind::text, Gives::fixed, [](Args& a) -> json { return show_bytes(num(*a[0])); }},
            {"duration",
             {seconds},
             Kind::text,
             Gives::fixed,
             [](Args& a) -> json { return show_duration(num(*a[0])); }},
            {"percent",
             {plain_number},
             Kind::text,
             Gives::fixed,
             [](Args& a) -> json { return show_share(num(*a[0])); }},
            {"number",
             {plain_number},
             Kind::text,
             Gives::fixed,
             [](Args& a) -> json { return show_number(num(*a[0])); }},
            {"date",
             {{Kind::seconds, Kind::number}},
             Kind::text,
             Gives::fixed,
             [](Args& a) -> json { return show_date(num(*a[0])); }},
            {"abs", {numeric}, Kind::any, Gives::item, [](Args& a) { return number(std::abs(num(*a[0]))); }},
            {"sum", {many}, Kind::any, Gives::item, sum},
            {"median", {many}, Kind::any, Gives::item, median},
            {"min", {many}, Kind::any, Gives::item, [](Args& a) { return extreme(a, false); }},
            {"max", {many}, Kind::any, Gives::item, [](Args& a) { return extreme(a, true); }},
            {"column", {table, text}, Kind::list, Gives::column, column},
            {"where", {table, text, any}, Kind::table, Gives::fixed, where},
            {"same", {{Kind::map}, any}, Kind::list, Gives::fixed, same},
            {"spread", {many}, Kind::number, Gives::fixed, spread},
            {"less", {list, list}, Kind::list, Gives::fixed, [](Args& a) { return chosen(a, false); }},
            {"both", {list, list}, Kind::list, Gives::fixed, [](Args& a) { return chosen(a, true); }},
            {"words", {text}, Kind::list, Gives::fixed, words},
            {"matches", {text, text}, Kind::boolean, Gives::fixed, matches},
            {"part", {text, text}, Kind::text, Gives::fixed, part},
            {"older", {text, text}, Kind::boolean, Gives::fixed, older},
            {"int", {text}, Kind::number, Gives::fixed, {}},
            {"float", {text}, Kind::number, Gives::fixed, {}},
            {"round", {numeric, plain_number}, Kind::any, Gives::item, rounded},
            {"floor", {numeric}, Kind::any, Gives::item, [](Args& a) { return number(std::floor(num(*a[0]))); }},
            {"ceil", {numeric}, Kind::any, Gives::item, [](Args& a) { return number(std::ceil(num(*a[0]))); }},
            {"least",
             {numeric, numeric},
             Kind::any,
             Gives::item,
             [](Args& a) { return number(std::min(num(*a[0]), num(*a[1]))); }},
            {"most",
             {numeric, numeric},
             Kind::any,
             Gives::item,
             [](Args& a) { return number(std::max(num(*a[0]), num(*a[1]))); }},
        };
    }
    std::vector<Function> of_texts() const {
        return {
            {"choose",
             {{Kind::boolean}, any, any},
             Kind::any,
             Gives::second,
             [](Args& a) { return *a[0] == true ? *a[1] : *a[2]; }},
            {"text",
             {any},
             Kind::text,
             Gives::fixed,
             [](Args& a) -> json {
                 return a[0]->is_string()   ? *a[0]
                        : a[0]->is_number() ? json(number(num(*a[0])).dump())
                                            : json(a[0]->dump());
             }},
            {"sql_text", {text}, Kind::text, Gives::fixed, sql_text},
            {"sql_name", {text}, Kind::text, Gives::fixed, sql_name},
            {"url_part", {text}, Kind::text, Gives::fixed, [](Args& a) -> json { return percent_escaped(str(*a[0])); }},
            {"authority", {text, plain_number}, Kind::text, Gives::fixed, authority},
            {"family", {text}, Kind::number, Gives::fixed, family},
            {"length", {counted}, Kind::number, Gives::fixed, {}},
            {"lower", {text}, Kind::text, Gives::fixed, {}},
            {"upper", {text}, Kind::text, Gives::fixed, {}},
            {"replace", {text, text, text}, Kind::text, Gives::fixed, {}},
            {"join", {list, text}, Kind::text, Gives::fixed, {}},
            {"first", {list}, Kind::any, Gives::item, [](Args& a) { return end(a, true); }},
            {"last", {list}, Kind::any, Gives::item, [](Args& a) { return end(a, false); }},
            {"exists", {text}, Kind::boolean, Gives::fixed, {}},
        };
    }
};

} // namespace

std::string bad_regex(const std::string& regex, bool needs_group) {
    RE2 re{regex, RE2::Quiet};
    if (!re.ok()) return re.error();
    return needs_group && re.NumberOfCapturingGroups() < 1 ? "no group in it" : "";
}

const std::vector<Function>& functions() {
    static const auto all = [] {
        Takes takes;
        auto made = takes.of_values();
        auto more = takes.of_texts();
        made.insert(made.end(), more.begin(), more.end());
        return made;
    }();
    return all;
}

} // namespace imops::detail
