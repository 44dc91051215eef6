#pragma once
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include <string>
#include <vector>

namespace imops {

/// Where a secret is to be found; never the secret itself. Exactly one of the three is set, or none.
struct SecretRef {
    std::string env;                  // name of an environment variable
    std::string file;                 // path; its mode must be 0600 or stricter, its first line counts
    std::vector<std::string> command; // argv; first line of its standard output, ended after 10 s
    bool empty() const { return env.empty() && file.empty() && command.empty(); }
    /// Reads it. Errors (Code::config): variable not set, file not there or readable by others, command failed.
    Result<Secret> read() const;
};

} // namespace imops
