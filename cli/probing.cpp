#include "cli/probing.hpp"
#include "cli/collect.hpp"
#include "cli/services.hpp"

namespace imops {

Endpoints::Endpoints(const Program& p, const Deployment& d, const Product& product)
    : p_{p}, d_{d}, product_{product}, generic_{p.product("generic")}, catalogue_{p.catalogue(p.config)} {
    catalogue_.apply(d_);
    for (auto& e : product_.endpoints(d_)) d_.endpoints.push_back(std::move(e));
    Selection s;
    s.when = When::health;
    s.packs = {"endpoint"}; // whether it answers; what else there is to say of it, preflight says
    checks_ = selected_checks(s, catalogue_, product_);
}

std::set<std::string> Endpoints::names() const {
    std::set<std::string> all;
    for (auto& e : d_.endpoints) all.insert(e.name);
    return all;
}

std::set<std::string> Endpoints::deep(const Host& h) const {
    std::set<std::string> all;
    for (auto& e : d_.endpoints)
        if (e.via == h.name && e.depth == Depth::deep) all.insert(e.name);
    return all;
}

std::vector<Finding> Endpoints::ask(const std::set<std::string>& names, std::chrono::milliseconds limit) const {
    std::vector<const Service*> asked;
    for (auto& e : d_.endpoints)
        if (names.contains(e.name)) asked.push_back(&e);
    if (asked.empty()) return {};
    auto facts = ask_services(d_, asked, catalogue_, checks_, limit);
    Judge judge{catalogue_, d_, product_, generic_, checks_, wall_clock()};
    std::vector<Finding> found;
    for (auto* s : asked)
        for (auto& f : judge.add(*s, facts[s->name])) found.push_back(std::move(f));
    return found;
}

std::set<std::string> Endpoints::well(std::chrono::milliseconds limit) const {
    auto all = names();
    for (auto& f : ask(all, limit))
        if (f.level >= Level::unknown) all.erase(f.subject);
    return all;
}

} // namespace imops
