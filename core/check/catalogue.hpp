#pragma once
#include "core/check/check.hpp"
#include "core/model/deployment.hpp"
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace imops {

/// One pack as text: built in, or read from a folder.
struct PackSource {
    std::string file; // shown in problems and by `imops explain`
    std::string_view text;
};

struct Pack {
    std::string name, file;
    Line title;
    std::vector<const FactDef*> facts;
    std::vector<const Check*> checks;
};

/// All packs together: a check may read a fact of any pack.
class Catalogue {
    std::unique_ptr<Language> language_;
    Scope scope_;
    std::deque<FactDef> facts_;
    std::deque<Check> checks_;
    std::vector<Pack> packs_;
    std::map<std::string, const FactDef*, std::less<>> fact_by_id_;
    std::map<std::string, Check*, std::less<>> check_by_id_;
    friend struct CatalogueLoader;

  public:
    Catalogue() : language_{std::make_unique<Language>()} {}
    const std::vector<Pack>& packs() const { return packs_; }
    const std::deque<FactDef>& facts() const { return facts_; }
    const std::deque<Check>& checks() const { return checks_; }
    const FactDef* fact(std::string_view id) const;
    const Check* check(std::string_view id) const;
    /// The fact that a dotted name of an expression belongs to; null for names of the context.
    const FactDef* owner(std::string_view dotted) const;
    const Scope& scope() const { return scope_; }
    std::vector<std::string> check_ids() const;

    /// What the deployment changes: overrides compiled, unknown ids in overrides and waivers refused (all at once).
    void apply(const Deployment&);
};

/// Parses, checks and compiles; every problem of every pack is thrown at once (Failure, Code::config).
Catalogue load_catalogue(std::span<const PackSource>);

/// The names of the context (host.*, need.*, workload.* ...) with their types.
Scope context_scope();

} // namespace imops
