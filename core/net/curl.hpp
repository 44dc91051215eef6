#pragma once
#include "core/base/result.hpp"
#include "core/loop/wait.hpp"
#include "core/net/route.hpp"
#include <memory>
#include <span>
#include <string>

namespace imops::net {

struct CurlApi;
class Dialler;

/// One connection that libcurl makes (name look-up without blocking, both address families raced) and owns until this
/// goes.
class Dial {
  public:
    enum class State { dialling, connected, failed };
    ~Dial();
    State state() const { return state_; }
    int fd() const { return fd_; }
    /// Why it failed, as a clause about `where`. Code: name_not_found, refused, timed_out, unreachable.
    Error error(const Line& where) const;

  private:
    friend class Dialler;
    Dialler* dialler_ = nullptr;
    void* easy_ = nullptr;
    State state_ = State::dialling;
    int fd_ = -1;
    int code_ = 0;      // CURLcode
    long os_error_ = 0; // errno of the last connect()
    bool resolved_ = false;
};

/// libcurl, opened (dlopen) when the first host is dialled: loading it costs 8 ms, and local runs never need it.
/// Must outlive its dials.
class Dialler {
  public:
    /// Errors: Code::unsupported (no libcurl.so.4 on this machine).
    static Result<std::unique_ptr<Dialler>> open();
    ~Dialler();

    std::unique_ptr<Dial> dial(const std::string& address, int port, std::chrono::milliseconds limit);
    bool dialling() const { return dialling_ > 0; }
    void perform(); // moves every dial on; never blocks
    /// Waits for the dials and for `fds` at the same time, and sets their revents.
    void wait(std::span<pollfd> fds, int milliseconds);

  private:
    friend class Dial;
    Dialler() = default;
    const CurlApi* api_ = nullptr;
    void* multi_ = nullptr;
    int dialling_ = 0;
};

} // namespace imops::net
