#pragma once
#include "core/base/result.hpp"
#include <chrono>
#include <string>
#include <vector>

namespace imops {

/// While it lives, writing to a pipe whose reader has gone is an error instead of the end of the program.
class IgnorePipes {
    void (*before_)(int);

  public:
    IgnorePipes();
    ~IgnorePipes();
    IgnorePipes(const IgnorePipes&) = delete;
    IgnorePipes& operator=(const IgnorePipes&) = delete;
};

struct Ended {
    int status = 0; // exit status; 128 + signal
    std::string out, err;
};

/// Runs a program (argv, looked up in PATH, no shell) to its end with empty standard input; kills its process group at
/// `limit`. Output beyond 16 MiB is dropped. Errors: Code::io (cannot be started), Code::timed_out.
Result<Ended> run_process(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                          std::string_view input = {});

} // namespace imops
