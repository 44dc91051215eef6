#include "core/facts/fact.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <cmath>

namespace imops {

using nlohmann::json;

namespace {

json number(double x) {
    if (x == std::floor(x) && std::abs(x) < 9e15) return json(std::int64_t(x));
    return json(x);
}

/// One printed word or line as a value; null when it does not fit.
json scalar(std::string_view s, Kind kind) {
    switch (kind) {
    case Kind::number:
    case Kind::bytes:
    case Kind::seconds:
    case Kind::clock: {
        auto x = parse_number(trim(s));
        return x ? number(*x) : json{};
    }
    case Kind::boolean:
        s = trim(s);
        if (s == "yes" || s == "true" || s == "1") return true;
        if (s == "no" || s == "false" || s == "0") return false;
        return {};
    case Kind::text:
    case Kind::any: return std::string{s};
    case Kind::list:
    case Kind::map:
    case Kind::table: return {};
    }
    return {};
}

Unread strange(std::string_view text, Kind kind) {
    return {false, say("printed '{}', which is not a {}", "输出 '{}' 不是 {}", one_line(text, 80), name(kind))};
}

std::vector<std::string_view> lines(std::string_view text) {
    std::vector<std::string_view> all;
    for (auto l : split(text, '\n'))
        if (!trim(l).empty()) all.push_back(l.ends_with('\r') ? l.substr(0, l.size() - 1) : l);
    return all;
}

std::variant<json, Unread> typed_map(const Type& type, std::string_view text) {
    json object = json::object();
    for (auto line : lines(text)) {
        auto end = line.find_first_of(" \t");
        auto key = line.substr(0, end);
        auto value = end == line.npos ? std::string_view{} : trim(line.substr(end));
        auto* member = type.member(key);
        if (!member)
            return Unread{false, say("printed the key '{}', which the pack does not declare",
                                     "输出了检查包未声明的键 '{}'", one_line(key, 80))};
        auto v = scalar(value, member->kind);
        if (v.is_null()) return strange(line, member->kind);
        object[std::string{key}] = std::move(v);
    }
    return object;
}

std::variant<json, Unread> typed_table(const Type& type, std::string_view text) {
    json rows = json::array();
    for (auto line : lines(text)) {
        auto fields = split(line, '\t');
        if (fields.size() != type.members.size())
            return Unread{false, say("printed a line of {} fields instead of {}: '{}'",
                                     "输出的一行有 {} 个字段，应为 {} 个：'{}'", fields.size(), type.members.size(),
                                     one_line(line, 80))};
        json row;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            auto v = scalar(fields[i], type.members[i].second.kind);
            if (v.is_null()) return strange(line, type.members[i].second.kind);
            row[type.members[i].first] = std::move(v);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::variant<json, Unread> typed_text(const FactDef& def, const Raw& raw) {
    switch (def.type.kind) {
    case Kind::list: {
        json items = json::array();
        for (auto l : lines(raw.out)) items.push_back(std::string{trim(l)});
        return items;
    }
    case Kind::map: return typed_map(def.type, raw.out);
    case Kind::table: return typed_table(def.type, raw.out);
    case Kind::clock: {
        auto x = parse_number(trim(raw.out));
        if (!x) return strange(raw.out, Kind::clock);
        if (raw.at == 0) return Unread{false, Text{"the time of the answer was not kept", "未记录应答时间"}};
        return *x - raw.at;
    }
    case Kind::number:
    case Kind::bytes:
    case Kind::seconds:
    case Kind::boolean:
    case Kind::text:
    case Kind::any: break;
    }
    auto v = scalar(trim(raw.out), def.type.kind);
    if (v.is_null()) return strange(raw.out, def.type.kind);
    return v;
}

} // namespace

std::variant<json, Unread> typed(const FactDef& def, const Raw& raw) {
    auto told = one_line(raw.err, 160);
    switch (raw.got) {
    case Got::ok: return typed_text(def, raw);
    case Got::failed:
        return Unread{false, told.empty() ? say("ended with status {}", "以状态码 {} 结束", raw.status)
                                          : say("ended with status {}: {}", "以状态码 {} 结束：{}", raw.status, told)};
    case Got::absent:
        return Unread{true, told.empty() ? Line{Text{"not there on this host", "该主机上不存在"}} : Line{told, told}};
    case Got::timed_out:
        return Unread{false, say("no answer in {}", "{} 内无结果", show_duration(def.timeout.seconds))};
    case Got::too_long: return Unread{false, Text{"printed more than 1 MiB", "输出超过 1 MiB"}};
    case Got::needs_root: return Unread{false, Text{"needs root", "需要 root 权限"}};
    case Got::unreached: return Unread{false, Text{"it was not reached", "未能连接"}};
    case Got::no_answer:
        return Unread{true, Text{"the service gave no answer to ask it of: see its first finding",
                                 "该服务没有给出可供检查的应答，见它的第一项结果"}};
    case Got::lost: return Unread{false, Text{"the host did not get to it", "主机未执行到此项"}};
    }
    return Unread{false, Text{"unknown", "未知"}};
}

namespace {

json typed_scalar(const Node& n, Kind kind, Problems& problems) {
    auto& s = n.scalar;
    std::optional<double> x;
    switch (kind) {
    case Kind::bytes: x = parse_bytes(s); break;
    case Kind::seconds:
    case Kind::clock:
        x = s.starts_with('-') ? parse_duration(s.substr(1)) : parse_duration(s);
        if (x && s.starts_with('-')) x = -*x;
        break;
    case Kind::number: x = parse_share(s); break;
    case Kind::boolean:
        if (auto b = parse_bool(n)) return *b;
        break;
    case Kind::text: return s;
    case Kind::any: {
        if (n.quoted) return s;
        if (auto plain_number = parse_number(s)) return number(*plain_number);
        return s;
    }
    case Kind::list:
    case Kind::map:
    case Kind::table: break;
    }
    if (x) return number(*x);
    problems.add(n.place, say("'{}' is not a {}", "'{}' 不是 {}", one_line(s, 60), name(kind)),
                 Text{"Sizes and times have units: 4 GiB, 40 s.", "容量和时间要带单位：4 GiB、40 s。"});
    return {};
}

} // namespace

json typed(const Node& n, const Type& type, Problems& problems) {
    if (n.is_scalar() && type.kind != Kind::list && type.kind != Kind::map && type.kind != Kind::table)
        return typed_scalar(n, type.kind, problems);
    if (n.is_list() && (type.kind == Kind::list || type.kind == Kind::table || type.kind == Kind::any)) {
        json items = json::array();
        auto* inner = type.member("");
        Type item = type.kind == Kind::table ? Type{Kind::map, type.members}
                    : inner                  ? *inner
                                             : Type{type.kind == Kind::list ? Kind::text : Kind::any, {}};
        for (auto& i : n.items) items.push_back(typed(i, item, problems));
        return items;
    }
    if (n.is_map() && (type.kind == Kind::map || type.kind == Kind::any)) {
        json object = json::object();
        for (std::size_t i = 0; i < n.pairs(); ++i) {
            auto& key = n.key(i).scalar;
            auto* member = type.member(key);
            if (!member) member = type.member(""); // a fleet map: {host: value}
            static const Type any;
            if (!member && type.kind == Kind::map) {
                std::vector<std::string> names;
                for (auto& [k, t] : type.members) names.push_back(k);
                auto near = nearest(key, names);
                problems.add(n.key(i).place, say("'{}' is not declared", "'{}' 没有声明", key),
                             near.empty() ? say("Declared: {}", "已声明：{}", fmt::join(names, ", "))
                                          : say("Did you mean '{}'?", "是否想写 '{}'？", near));
                continue;
            }
            object[key] = typed(n.value(i), member ? *member : any, problems);
        }
        return object;
    }
    problems.add(n.place, say("a {} is needed here", "此处需要 {}", name(type.kind)), {});
    return {};
}

void FactEntry::finish(Problems& problems) {
    auto known = [&](const std::string& word, Place p) {
        auto k = kind_of(word);
        if (k && *k != Kind::any) return *k;
        static const std::vector<std::string> words{"text", "number", "bytes", "seconds", "bool",
                                                    "list", "map",    "table", "clock"};
        auto near = nearest(word, words);
        problems.add(p, say("'{}' is not a type", "'{}' 不是类型", one_line(word, 40)),
                     near.empty() ? say("Types are: {}", "类型有：{}", fmt::join(words, ", "))
                                  : say("Did you mean '{}'?", "是否想写 '{}'？", near));
        return Kind::text;
    };
    type.kind = known(kind.value, kind.place);
    for (auto& [member, word] : type.kind == Kind::table ? columns : keys)
        type.members.emplace_back(member, Type{known(word, kind.place), {}});
    if (type.kind == Kind::list) type.members.emplace_back("", Type{Kind::text, {}});
    if (native + !sh.empty() + !with.empty() + !service.empty() != 1)
        problems.add(kind.place, say("fact '{}' needs `sh`", "事实 '{}' 需要 `sh`", id),
                     Text{"Only facts that imops produces itself are `native: true`.",
                          "只有 imops 自身产生的事实才写 `native: true`。"});
    if ((type.kind == Kind::table && columns.empty()) || (type.kind == Kind::map && keys.empty()))
        problems.add(kind.place,
                     say("fact '{}' does not name its {}", "事实 '{}' 没有列出 {}", id,
                         type.kind == Kind::table ? "columns" : "keys"),
                     Text{"Example: keys: {total: bytes}.", "例如：keys: {total: bytes}。"});
    if ((type.kind != Kind::table && !columns.empty()) || (type.kind != Kind::map && !keys.empty()))
        problems.add(kind.place,
                     say("fact '{}' is a {}: it has neither keys nor columns", "事实 '{}' 是 {}，没有 keys 或 columns",
                         id, name(type.kind)),
                     {});
}

} // namespace imops
