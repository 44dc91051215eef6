#pragma once
#include "cli/program.hpp"
#include "core/facts/bundle.hpp"
#include "core/facts/script.hpp"
#include "core/net/fleet.hpp"
#include <functional>

namespace imops {

struct CollectOptions {
    int fan_out = 32;
    std::chrono::milliseconds timeout{120'000}; // for the script of one host
    bool passive = false;
};

/// What the pack's fragments may use on this host: docs/packs.md.
Variables script_variables(const Host&, const Placement&);

/// The fleet of a deployment, which must outlive it.
std::unique_ptr<Fleet> fleet_of(const Deployment&, int fan_out);

/// The one place where hosts and facts meet: one script for each host over the fleet, its answer as facts. `arrived` is
/// called for each host as soon as its passive facts are there and no active ones are to follow. A host that fails is
/// facts too
/// (`access.login`); nothing is thrown for it. True: it was interrupted.
bool collect(Fleet&, const Placement&, const Catalogue&, const std::vector<const Host*>&,
             const std::vector<const Check*>&, const CollectOptions&, const Program&,
             const std::function<void(const Host&, Facts)>& arrived);

/// Seconds since 1970.
double wall_clock();

} // namespace imops
