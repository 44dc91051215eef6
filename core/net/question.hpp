#pragma once
#include "core/net/child.hpp"
#include "core/net/session.hpp"
#include "core/net/ssh_config.hpp"

namespace imops::net {

/// `ssh -G` for one host, running beside the sessions.
class SshQuestion {
  public:
    /// Null if ssh cannot be started.
    static std::unique_ptr<SshQuestion> ask(const std::string& config, const std::string& address,
                                            Clock::time_point now);
    /// The answer once it is over(); nothing if ssh failed or took longer than 5 s.
    std::optional<SshSays> step(Clock::time_point now);
    bool over() const { return over_; }
    Wants wants() const;

  private:
    SshQuestion(Child child, Clock::time_point deadline) : child_{std::move(child)}, deadline_{deadline} {}
    Child child_;
    Clock::time_point deadline_;
    std::string answer_;
    bool over_ = false;
};

} // namespace imops::net
