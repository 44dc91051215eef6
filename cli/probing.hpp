#pragma once
#include "cli/program.hpp"
#include <chrono>
#include <set>

namespace imops {

/// Asks services and endpoints and judges what they say; as often as one likes.
class Prober {
    const Case& case_;
    std::vector<const Check*> checks_;

  public:
    /// The case must outlive it.
    Prober(const Case&, const Selection&);
    /// All at once, each within `limit`. One that fails is findings too.
    std::vector<Finding> ask(const std::vector<const Service*>&, std::chrono::milliseconds limit) const;
};

/// The endpoints of a deployment, the product's own among them, asked again and again around a change.
class Endpoints {
    Case case_;
    Prober prober_;

  public:
    Endpoints(const Program&, const Deployment&);
    /// The findings of those that are named (all of them: an empty set names none).
    std::vector<Finding> ask(const std::set<std::string>& names, std::chrono::milliseconds limit) const;
    std::set<std::string> names() const;
    /// The deep probes that are asked on this host itself.
    std::set<std::string> deep(const Host&) const;
    /// Names of those that are well now.
    std::set<std::string> well(std::chrono::milliseconds limit) const;
};

} // namespace imops
