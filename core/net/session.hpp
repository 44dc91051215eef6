#pragma once
#include "core/base/log.hpp"
#include "core/net/child.hpp"
#include "core/net/command.hpp"
#include "core/net/exchange.hpp"
#include "core/net/route.hpp"
#include <optional>
#include <vector>

namespace imops::net {

/// What a session needs before its next step is of use.
struct Wants {
    std::vector<pollfd> fds;
    Clock::time_point wake = Clock::time_point::max(); // the next deadline
    bool every_turn = false;                           // step it each time the loop wakes, whatever woke it
    void at(Clock::time_point t) { wake = std::min(wake, t); }
    void fd(int f, short events) { fds.push_back({f, events, 0}); }
    /// What the source and the sink of a job are waited for by.
    void ask(const Exchange& e) {
        int source = e.waiting() ? e.source_fd() : -1, sink = e.full() ? e.sink_fd() : -1;
        if (source >= 0) fd(source, POLLIN);
        if (sink >= 0) fd(sink, POLLOUT);
        every_turn = every_turn || (e.waiting() && source < 0) || (e.full() && sink < 0);
    }
};

/// One way to one host, with one job at a time. Passive: the loop calls step() when something that it wants has
/// happened. It may be given another job after the first.
class Session {
  public:
    Session(const Host& host, Route route) : host_{host}, route_{std::move(route)}, where_{place(host_, route_)} {}
    virtual ~Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// `job` must live until the result is there. `prefix` is what standard input begins with (see input_prefix).
    virtual void begin(const Job& job, std::string prefix, Rise rise, Clock::time_point now) = 0;
    /// Goes as far as possible without blocking. True if anything moved: other jobs may wait for just that.
    virtual bool step(Clock::time_point now) = 0;
    virtual Wants wants() const = 0;
    /// Ends the job at once. The session cannot be used again.
    virtual void abort() = 0;
    /// Whether the session can take another job after this one.
    virtual bool usable() const = 0;

    const std::optional<Result<Exit>>& result() const { return result_; }
    /// The script was sent and its source has nothing at present: such a session does not count for the fan-out.
    bool waiting() const { return exchange_ && exchange_->waiting(); }
    /// It failed before the shell was started, in a way that only says that the kept connection was stale.
    bool stale() const { return stale_; }
    /// It failed in a way that the system's ssh might not.
    bool openssh_could() const { return openssh_could_; }
    const Host& host() const { return host_; }
    const Route& route() const { return route_; }

  protected:
    Host host_;
    Route route_;
    Line where_;
    std::optional<Exchange> exchange_;
    std::optional<Result<Exit>> result_;
    bool stale_ = false, openssh_could_ = false;
    LogTimer since_; // it was begun

    /// The host has let us in.
    void connected(std::string_view transport) const {
        log(LogLevel::info, "connection", {{"host", host_.name}, {"transport", transport}, since_.ms()});
    }
};

} // namespace imops::net
