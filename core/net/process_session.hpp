#pragma once
#include "core/net/child.hpp"
#include "core/net/session.hpp"

namespace imops::net {

/// A job as a child process: `sh -s` on this machine, or the system's ssh with a generated configuration. Takes one job
/// only; ssh's own connection sharing keeps the connection between jobs.
class ProcessSession final : public Session {
  public:
    /// `config` is the file for `ssh -F`; empty for a local job.
    ProcessSession(const Host& host, Route route, std::string config, std::chrono::milliseconds connect_limit)
        : Session{host, std::move(route)}, config_{std::move(config)}, connect_limit_{connect_limit} {}
    void begin(const Job& job, std::string prefix, Rise rise, Clock::time_point now) override;
    bool step(Clock::time_point now) override;
    Wants wants() const override;
    void abort() override { child_.reset(); }
    bool usable() const override { return false; }

  private:
    bool remote() const { return !config_.empty(); }
    Clock::time_point deadline() const { return started_ ? exchange_->deadline() : deadline_; }
    void feed();
    bool read(Fd& from, Stream stream);
    void received(Stream stream, std::string_view bytes);
    void finish(int status);
    void fail(Error error);

    std::string config_;
    std::chrono::milliseconds connect_limit_;
    std::optional<Child> child_;
    bool started_ = false;                 // the shell runs: at once for a local job, after started_mark for ssh
    bool moved_ = false, blocked_ = false; // blocked_: standard input has no room
    std::string preface_;                  // what ssh itself said before the shell ran
    Clock::time_point deadline_ = Clock::time_point::max(), drained_ = Clock::time_point::max(), now_{};
};

} // namespace imops::net
