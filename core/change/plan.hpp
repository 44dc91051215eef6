#pragma once
#include "core/change/step.hpp"
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

namespace imops::change {

/// Steps in the order in which they are done. A value: making, printing and comparing it touches no host.
class Plan {
    std::vector<Step> steps_;

  public:
    Plan() = default;
    /// Sorts by order; steps of one order keep theirs. Throws Failure (Code::internal) for an id that stands twice, and
    /// for a step that can neither be taken back nor says why not.
    explicit Plan(std::vector<Step>);
    const std::vector<Step>& steps() const { return steps_; }
    const Step* step(std::string_view id) const;
    /// Steps of one order each, the first first.
    std::vector<std::span<const Step>> waves() const;
    /// SHA-256 (hexadecimal) of all that it was made from: a run that is resumed refuses a plan with another one.
    std::string digest() const;
    /// One line for each step, behind "+" (it is done) or "!" (and cannot be taken back); never its scripts.
    std::vector<std::string> lines(Lang) const;
    /// {"digest": …, "steps": [{"id", "host", "order", "effect", "title", "limit", "undo": bool, "no_return"}]}
    nlohmann::json json() const;
};

/// How two plans differ: lines of `lines`, "- " only in `before`, "+ " only in `after`, "~ " made from something else.
std::vector<std::string> differences(const Plan& before, const Plan& after, Lang);

} // namespace imops::change
