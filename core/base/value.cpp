#include "core/base/value.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <array>

namespace imops {

namespace {
constexpr std::array<std::pair<Kind, std::string_view>, 10> kinds{{{Kind::number, "number"},
                                                                   {Kind::bytes, "bytes"},
                                                                   {Kind::seconds, "seconds"},
                                                                   {Kind::text, "text"},
                                                                   {Kind::boolean, "bool"},
                                                                   {Kind::list, "list"},
                                                                   {Kind::map, "map"},
                                                                   {Kind::table, "table"},
                                                                   {Kind::clock, "clock"},
                                                                   {Kind::any, "any"}}};
}

std::string_view name(Kind k) {
    for (auto& [kind, n] : kinds)
        if (kind == k) return n;
    return "any";
}

std::optional<Kind> kind_of(std::string_view n) {
    for (auto& [kind, its_name] : kinds)
        if (its_name == n) return kind;
    return {};
}

bool is_number(Kind k) { return k == Kind::number || k == Kind::bytes || k == Kind::seconds || k == Kind::clock; }

const Type* Type::member(std::string_view n) const {
    for (auto& [its_name, type] : members)
        if (its_name == n) return &type;
    return nullptr;
}

std::string Value::show() const {
    if (data.is_null()) return "";
    if (data.is_boolean()) return data.get<bool>() ? "yes" : "no";
    if (data.is_string()) return one_line(data.get_ref<const std::string&>());
    if (data.is_number()) {
        double x = data.get<double>();
        if (kind == Kind::bytes) return show_bytes(x);
        if (kind == Kind::seconds || kind == Kind::clock) return show_duration(x);
        return show_number(x);
    }
    if (data.is_array()) {
        std::string all;
        for (auto& item : data) all += (all.empty() ? "" : ", ") + Value{Kind::any, item}.show();
        return one_line(all);
    }
    return one_line(data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace imops
