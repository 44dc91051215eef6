#pragma once
#include "cli/probing.hpp"
#include "core/change/gate.hpp"

namespace imops {

/// Judges a changed host from outside: a new log-in, then the probes of the deployment's endpoints.
class EndpointGate final : public change::Gate {
    const Deployment& d_;
    Endpoints endpoints_;
    std::chrono::seconds patience_;
    std::set<std::string> well_; // endpoints that answered before

    std::optional<Finding> log_in(const Host&) const;
    change::Verdict ask(const Host&, const std::set<std::string>& must) const;

  public:
    EndpointGate(const Program& p, const Deployment& d, std::chrono::seconds patience)
        : d_{d}, endpoints_{p, d}, patience_{patience} {}
    void before() override { well_ = endpoints_.well(std::chrono::seconds{5}); }
    /// What was well before, and the deep probes that are asked on this host.
    change::Verdict after(const Host&) override;
    change::Verdict after_return(const Host&) override;
};

} // namespace imops
