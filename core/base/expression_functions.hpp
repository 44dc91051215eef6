#pragma once
#include "core/base/value.hpp"
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace imops::detail {

/// One function of the language: what it takes, what it gives, and how.
struct Function {
    using Args = std::vector<const nlohmann::json*>;
    enum class Gives { fixed, item, column, second };
    std::string_view name;
    std::vector<std::vector<Kind>> takes; // for each argument the kinds that fit; empty: any
    Kind result;                          // for Gives::fixed
    Gives gives = Gives::fixed; // item: kind of the list's items; column: list of the table's column; second: kind of
                                // the second argument
    std::function<nlohmann::json(Args&)> run; // empty: inja's own; else it takes the place of inja's
};

const std::vector<Function>& functions();
/// What is wrong with a regular expression, or "".
std::string bad_regex(const std::string&, bool needs_group);

} // namespace imops::detail
