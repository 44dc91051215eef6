#pragma once
#include "core/net/fleet.hpp"
#include <string>
#include <string_view>

/// How we talk to a shell on a host: the only place of scripts that kill processes, keep time and mark what they say.
namespace imops::remote {

/// 128 random bits in hexadecimal: a mark that no output can guess. Throws Failure where the system has no randomness.
std::string random_mark();

/// The text of a script for `sh -s`: the mark, `variables` (lines of assignments and remarks), core/remote/rt.sh and
/// `body`, all but the variables inside one function, so that the shell has read the whole of it before any of it runs.
/// Standard input of what `body` starts is empty; the link itself is descriptor 3. It exits with status 0 at the end of
/// `body`.
std::string program(std::string_view mark, std::string_view variables, std::string_view body);

/// The same, ready for a job. Who builds a script says what it does: `write` is whatever changes the host and stays.
Script script(Effect, std::string_view mark, std::string_view variables, std::string_view body,
              std::chrono::milliseconds limit);

/// core/remote/NAME, as it was built in. Throws Failure for a name that is none.
std::string_view part(std::string_view name);

} // namespace imops::remote
