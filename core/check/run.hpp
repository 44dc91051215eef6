#pragma once
#include "core/check/catalogue.hpp"
#include "core/model/placement.hpp"
#include <map>
#include <string>
#include <vector>

namespace imops {

/// What to judge; empty lists mean everything. Names were checked by `check_selection`.
struct Selection {
    When when = When::preflight;
    std::vector<std::string> hosts, roles, services, packs, checks, skip;
    bool passive = false; // no facts that write a file or open a port
    bool ask_hosts = true, ask_services = true, ask_endpoints = false;
};

/// Names in a selection that do not exist, with near matches: thrown together (Failure, Code::usage).
void check_selection(const Selection&, const Catalogue&, const Deployment&);

/// Services and endpoints. With `services` given and neither hosts nor roles, no host; with hosts or roles and no
/// `services`, no service.
std::vector<const Service*> selected_services(const Selection&, const Deployment&);
std::vector<const Host*> selected_hosts(const Selection&, const Deployment&);
std::vector<const Check*> selected_checks(const Selection&, const Catalogue&, const Product&);
/// The checks that apply to a host of these roles.
bool applies(const Check&, const Host&);
/// The facts that those checks read from this host: active or passive ones, without the native ones.
std::vector<const FactDef*> needed_facts(const std::vector<const Check*>&, const Catalogue&, const Host&, bool active);

/// Judges facts, as they come or from a bundle: pure. One finding or more for each check and host, waivers applied.
class Judge {
    const Catalogue& catalogue_;
    const Deployment& deployment_;
    const Product& product_;
    Placement placement_;
    std::vector<const Check*> checks_;
    double now_;
    bool brief_ = false;
    std::map<std::string, Sight> sights_; // by host
    nlohmann::json fleet_;                // fact path -> host -> value
    std::vector<const FactDef*> fleet_facts_;

    Sight make_sight(const Host&, const Facts&);
    nlohmann::json needs(const Service&) const;
    void add_facts(Sight&, const std::vector<std::string>& roles, std::string_view service, const Facts&) const;
    void gather_fleet();
    void waive(Finding&) const;
    std::vector<Finding> judged(const Host&, bool fleet);

  public:
    Judge(const Catalogue&, const Deployment&, const Product&, const Product& generic, std::vector<const Check*>,
          double now);
    const Placement& placement() const { return placement_; }
    const Sizing& sizing() const { return placement_.sizing(); }
    /// From now on what is ok or does not apply gets no words: nobody will read them.
    void be_brief() { brief_ = true; }
    /// Findings of the checks that need only this host.
    std::vector<Finding> add(const Host&, const Facts&);
    std::vector<Finding> add(const Service&, const Facts&);
    /// When all hosts have been added: findings of the checks that compare hosts.
    std::vector<Finding> fleet();
};

/// Runs the examples of a check. Each mistake is one line: "memory.total example 2: is warn, expected fail".
std::vector<Line> run_examples(const Check&, const Catalogue&);

} // namespace imops
