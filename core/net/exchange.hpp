#pragma once
#include "core/net/fleet.hpp"
#include "core/net/route.hpp"
#include <string>
#include <string_view>

namespace imops::net {

/// What one job sends and receives, whatever carries it: the lines for sudo, the script, then what the source feeds.
class Exchange {
  public:
    Exchange(const Job& job, std::string prefix) : job_{&job}, prefix_{std::move(prefix)} {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() { wipe(); }

    /// The bytes to write now; empty: none at present. Asks the source, without blocking, once the script has been
    /// sent.
    std::string_view next();
    void sent(std::size_t);
    bool closes() const { return closing_ && feed_.empty(); } // the source said `end` and all has been sent
    bool waiting() const { return waiting_; }                 // the last answer of the source was `wait`
    int source_fd() const { return job_->in.fd(); }           // what to wait for then; -1: it is asked each turn
    void received(Stream, std::string_view);
    /// Whether the sink can take more; asks it, if it was full. While it is, nothing is read.
    bool has_room(Clock::time_point now);
    bool full() const { return full_; }
    int sink_fd() const { return job_->out.fd(); } // becomes writable when a full sink has room; -1: it is asked
    /// The shell runs: the limits of the script count from here.
    void started(Clock::time_point now) { begun_ = moved_ = now; }
    Clock::time_point deadline() const;
    /// Why it was ended at that deadline.
    Error too_late(const Line& where) const;
    /// How the job ended, from the exit status of the shell. Errors: Code::no_shell.
    Result<Exit> ended(int status, const Line& where) const;
    const Job& job() const { return *job_; }

  private:
    void wipe();
    std::string_view ending() const;
    const Job* job_;
    std::string prefix_; // may hold the sudo password: wiped as soon as it was sent
    std::string feed_;
    std::size_t sent_ = 0; // of the part that is being sent
    enum class Part { prefix, script, ending, feed } part_ = Part::prefix;
    bool waiting_ = false, closing_ = false, spoke_ = false, full_ = false;
    Clock::time_point begun_ = Clock::time_point::max(), moved_ = Clock::time_point::max();
};

} // namespace imops::net
