#pragma once
#include "core/base/result.hpp"
#include <chrono>
#include <string>
#include <vector>

namespace imops {

struct Ended {
    int status = 0; // exit status; 128 + signal
    std::string out, err;
};

/// For a program that has begun with begin_program (core/loop/program.hpp): one that does not read all of `input` is no
/// error. Runs a program (argv, looked up in PATH, no shell) to its end with empty standard input; kills its process
/// group at `limit`. Output beyond 16 MiB is dropped. Errors: Code::io (cannot be started), Code::timed_out.
Result<Ended> run_process(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                          std::string_view input = {});

} // namespace imops
