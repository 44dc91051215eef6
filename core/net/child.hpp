#pragma once
#include "core/base/result.hpp"
#include "core/loop/wait.hpp"
#include "core/net/route.hpp"
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace imops::net {

/// A file descriptor that closes itself.
class Fd {
    int fd_ = -1;

  public:
    Fd() = default;
    explicit Fd(int fd) : fd_{fd} {}
    Fd(Fd&& o) noexcept : fd_{std::exchange(o.fd_, -1)} {}
    Fd& operator=(Fd&& o) noexcept {
        std::swap(fd_, o.fd_);
        return *this;
    }
    ~Fd() { close(); }
    void close();
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
};

/// A child process with three non-blocking pipes, in a process group of its own. Never outlives this object: the
/// destructor asks its group to end, and after 300 ms makes it.
class Child {
  public:
    /// argv is looked up in PATH; no shell. `both`: its standard input and output, instead of the pipes `in` and `out`.
    /// Errors: Code::io.
    static Result<Child> start(const std::vector<std::string>& argv, Fd both = {});
    Child(Child&& o) noexcept;
    Child& operator=(Child&& o) noexcept;
    ~Child() { end(); }

    /// Ends it and everything in its group.
    void end();
    /// The exit status (128 + signal) once it has ended; does not block.
    std::optional<int> status();
    Fd in, out, err;
    /// Becomes readable when the process ends.
    int ending() const { return ending_.get(); }

  private:
    Child() = default;
    pid_t pid_ = -1;
    Fd ending_; // a pidfd
    std::optional<int> status_;
};

/// Whether a program of that name lies in PATH.
bool in_path(const std::string& program);

} // namespace imops::net
