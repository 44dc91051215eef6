#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace imops {

/// What a value means. bytes and seconds are numbers that do not mix; `any` is only for what cannot be known before it
/// runs.
enum class Kind { number, bytes, seconds, text, boolean, list, map, table, clock, any };
std::string_view name(Kind);                        // as written in packs: "number", "bool", ...
std::optional<Kind> kind_of(std::string_view name); // the reverse
bool is_number(Kind);                               // number, bytes, seconds, clock

/// A kind with what is inside it: the columns of a table, the keys of a map, the items of a list (one unnamed member).
struct Type {
    Kind kind = Kind::any;
    std::vector<std::pair<std::string, Type>> members;
    const Type* member(std::string_view name) const;
};

/// A measured value or a limit: shown to people in its unit, given to machines as it is.
struct Value {
    Kind kind = Kind::any;
    nlohmann::json data; // null: there is none
    bool empty() const { return data.is_null(); }
    /// "7.6 GiB", "40 s", "yes", "a, b, c"; short, one line, safe for a terminal.
    std::string show() const;
};

} // namespace imops
