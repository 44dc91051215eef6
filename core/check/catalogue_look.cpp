#include "core/check/catalogue.hpp"

namespace imops {

const FactDef* Catalogue::fact(std::string_view id) const {
    auto it = fact_by_id_.find(id);
    return it == fact_by_id_.end() ? nullptr : it->second;
}

const Check* Catalogue::check(std::string_view id) const {
    auto it = check_by_id_.find(id);
    return it == check_by_id_.end() ? nullptr : it->second;
}

const FactDef* Catalogue::owner(std::string_view dotted) const {
    if (dotted.starts_with("fleet.")) dotted.remove_prefix(6);
    for (;;) {
        if (auto* f = fact(dotted)) return f;
        auto dot = dotted.rfind('.');
        if (dot == dotted.npos) return nullptr;
        dotted = dotted.substr(0, dot);
    }
}

std::vector<std::string> Catalogue::check_ids() const {
    std::vector<std::string> ids;
    for (auto& [id, c] : check_by_id_) ids.push_back(id);
    return ids;
}

} // namespace imops
