#include "cli/probing.hpp"
#include "cli/collect.hpp"
#include "cli/services.hpp"

namespace imops {

namespace {

/// Whether it answers; what else there is to say of it, preflight says.
Selection answers() {
    Selection s;
    s.when = When::health;
    s.packs = {"endpoint"};
    return s;
}

} // namespace

Prober::Prober(const Case& c, const Selection& s) : case_{c}, checks_{c.checks(s)} {}

std::vector<Finding> Prober::ask(const std::vector<const Service*>& asked, std::chrono::milliseconds limit) const {
    if (asked.empty()) return {};
    auto facts = ask_services(case_.deployment(), asked, case_.catalogue(), checks_, limit);
    auto judge = case_.judge(checks_, wall_clock());
    std::vector<Finding> found;
    for (auto* s : asked)
        for (auto& f : judge.add(*s, facts[s->name])) found.push_back(std::move(f));
    return found;
}

Endpoints::Endpoints(const Program& p, const Deployment& d) : case_{p.open(d, p.config)}, prober_{case_, answers()} {}

std::set<std::string> Endpoints::names() const {
    std::set<std::string> all;
    for (auto& e : case_.deployment().endpoints) all.insert(e.name);
    return all;
}

std::set<std::string> Endpoints::deep(const Host& h) const {
    std::set<std::string> all;
    for (auto& e : case_.deployment().endpoints)
        if (e.via == h.name && e.depth == Depth::deep) all.insert(e.name);
    return all;
}

std::vector<Finding> Endpoints::ask(const std::set<std::string>& names, std::chrono::milliseconds limit) const {
    std::vector<const Service*> asked;
    for (auto& e : case_.deployment().endpoints)
        if (names.contains(e.name)) asked.push_back(&e);
    return prober_.ask(asked, limit);
}

std::set<std::string> Endpoints::well(std::chrono::milliseconds limit) const {
    auto all = names();
    for (auto& f : ask(all, limit))
        if (f.level >= Level::unknown) all.erase(f.subject);
    return all;
}

} // namespace imops
