#pragma once
#include "cli/program.hpp"
#include "core/model/product.hpp"
#include <chrono>
#include <set>

namespace imops {

/// The endpoints of a deployment, the product's own among them, asked again and again around a change.
class Endpoints {
    const Program& p_;
    Deployment d_;
    Product product_, generic_;
    Catalogue catalogue_;
    std::vector<const Check*> checks_;

  public:
    Endpoints(const Program&, const Deployment&, const Product&);
    /// The findings of those that are named (all of them: an empty set names none).
    std::vector<Finding> ask(const std::set<std::string>& names, std::chrono::milliseconds limit) const;
    std::set<std::string> names() const;
    /// The deep probes that are asked on this host itself.
    std::set<std::string> deep(const Host&) const;
    /// Names of those that are well now.
    std::set<std::string> well(std::chrono::milliseconds limit) const;
};

} // namespace imops
