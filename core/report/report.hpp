#pragma once
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/base/value.hpp"
#include <map>
#include <string>
#include <vector>

namespace imops {

/// In order of badness.
enum class Level { ok, skip, waived, warn, unknown, fail };
std::string_view name(Level);
/// The word for people: "ok", "FAIL"; "通过", "失败".
std::string_view label(Level, Lang);

struct Metric {
    std::string name;
    double value = 0;
    std::string unit; // "B", "s" or ""
};

/// One line of any command's result: a check, a sizing line, a rendered file, a backed-up part, a playbook step.
struct Finding {
    std::string id;      // "memory.total"
    std::string subject; // the host, or "" for the deployment
    std::string item;    // what of it, where there are several: a mount, a port
    Level level = Level::ok;
    Line title, text, remedy;
    Value value, limit;
    std::vector<Metric> metrics;
};

struct Report {
    std::string command, deployment;
    double time = 0; // seconds since 1970
    std::vector<Finding> findings;
    std::vector<Line> notes; // remarks that are no findings
    bool interrupted = false;

    Level worst() const;
    std::map<Level, int> tally() const;
    /// Worst first, then by subject, id and item: the same run gives the same order.
    void sort();
};

} // namespace imops
