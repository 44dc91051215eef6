#pragma once
#include "core/net/fleet.hpp"
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
    bool has_source() const { return bool(job_->in); }
    void received(Stream, std::string_view);
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
    bool waiting_ = false, closing_ = false, spoke_ = false;
};

} // namespace imops::net
