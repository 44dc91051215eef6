#pragma once
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include <optional>
#include <string>

namespace imops::net {

/// How the remote command becomes root before it starts `sh -s`.
enum class Rise { none, ask, password };

/// What carries the command: each has one thing it cannot see by itself.
enum class Carrier {
    local,   // nothing is missing
    openssh, // when the log-in is over: the command first prints `started_mark` on standard error. And a status of 255,
             // which ssh itself uses for a broken connection: it comes as `hidden_status`
    libssh2, // a status of 0, which libssh2 also answers when none came: it comes as `hidden_status`
};

inline constexpr std::string_view started_mark = "imops-started\n";
inline constexpr int hidden_status = 199; // 128 + 71: there is no such signal

/// The remote command: a constant, never anything from a deployment. Its outer shell may be any (fish, csh): the
/// program is in single quotes and holds neither a single quote nor `!` nor a line feed. With Rise other than none it
/// says on standard error `imops-sudo: ok` or `imops-sudo: refused: WHY` before the script begins; after a refusal the
/// script runs without root.
std::string remote_command(Rise, Carrier);

/// What standard input must begin with for that command: nothing, or the lines that bring the password. The password
/// never reaches the script's shell, whatever sudo does. Errors: Code::config (a password of several lines).
Result<std::string> input_prefix(Rise, const Secret* password);

} // namespace imops::net
