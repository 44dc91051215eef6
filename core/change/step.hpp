#pragma once
#include "core/base/text.hpp"
#include "core/model/host.hpp"
#include "core/net/fleet.hpp"
#include <chrono>
#include <string>

namespace imops::change {

/// One thing that is done to one host. Its scripts are POSIX sh, and each may be run again after it was cut off
/// anywhere: whoever resumes a run cannot know how far the step had come.
struct Step {
    std::string id;             // "db1/files": unique in its plan; stands in the journal
    Line title;                 // "put nginx's files in place"
    const Host* host = nullptr; // may be empty: this step is about no host (nothing is run for it)
    int order = 0;              // steps of one order are a wave; a lower one comes first
    Effect effect = Effect::write;
    std::string action;             // what is done
    std::string undo;               // takes it back, the half of it too; empty: see no_return
    std::string check;              // reads only; status 0: the action has been done. Empty: unknown
    std::chrono::seconds limit{60}; // for each of the three
    Line no_return;                 // why there is no way back, where `undo` is empty
    /// What it was made from, where that is not its scripts (they may hold secrets, and may differ from run to run).
    /// Only a sum of it is kept.
    std::string made_from;
    std::string subject() const { return host ? host->name : std::string{}; }
};

} // namespace imops::change
