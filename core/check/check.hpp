#pragma once
#include "core/base/expression.hpp"
#include "core/facts/fact.hpp"
#include "core/report/report.hpp"
#include <string>
#include <vector>

namespace imops {

enum class When { preflight, health };
template <> struct Words<When> {
    static constexpr std::array<std::pair<std::string_view, When>, 2> of{
        {{"preflight", When::preflight}, {"health", When::health}}};
};

/// A template in both languages.
struct Says {
    Expression en, zh;
};

/// What an example gives and what must come out of it.
struct Example {
    Ordered<Any> given;
    std::string is;
    Date now;
    Place place;
};

/// One judgement over facts: data of a pack, compiled. It has no access to anything but what it is given.
struct Check {
    std::string id, pack, file;
    Place place;
    Line title, why, absent;
    std::vector<When> when{When::preflight, When::health};
    std::vector<std::string> roles, products; // empty: all
    std::string source;
    Level none = Level::skip; // with `each` and no rows
    Expression each, label, value, skip, fail, warn, limit, warn_limit;
    Says says, remedy, skip_says;
    std::vector<Example> examples;
    std::vector<std::string> facts; // ids of the facts that it reads
    bool fleet = false;             // it compares hosts
    std::string service;            // it judges the services of this type; empty: hosts
    // changes by the deployment
    bool only_warn = false;
    std::string off;
};

/// Everything a check of one host may see. `data` is the tree of names of docs/packs.md; the fleet and the context are
/// in it.
struct Sight {
    nlohmann::json data;
    std::map<std::string, Unread, std::less<>> unread; // facts without value
    bool brief = false;                                // no words for what is ok or skipped
};

/// Judges one check on one host: one finding, or one for each row. Never none.
std::vector<Finding> judge(const Check&, Sight&, const std::string& host);

} // namespace imops
