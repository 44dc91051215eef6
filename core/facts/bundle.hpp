#pragma once
#include "core/facts/fact.hpp"
#include <map>
#include <string>

/// A bundle is a folder (or a tar archive of one):
///   imops.yaml          the deployment as it was
///   meta.json           {"imops": version, "time": seconds since 1970}
///   hosts/NAME.facts    the raw facts of a host
///   services/NAME.facts those of a service
/// A live run saved, a user's bundle and a test fixture are the same thing.
namespace imops {

struct Bundle {
    std::string deployment; // text of imops.yaml
    double time = 0;        // when the facts were read
    std::map<std::string, Facts> hosts, services;
};

/// One file of facts as text. "@ id state [at=seconds]", then lines of output behind a space and of standard error
/// behind "!". state: ok, absent, timed_out, too_long, needs_root, lost, unreached, no_answer, or an exit status. Lines
/// that begin with # are comments.
std::string write_facts(const Facts&);
/// The reverse; what does not fit is a problem with its line. Unknown ids are kept: an older or newer pack may know
/// them.
Facts read_facts(std::string_view text, Problems&);

void write_bundle(const std::string& folder, const Bundle&);
/// A folder or an archive (.tar, .tar.gz, .tar.zst). Throws Failure (Code::io, Code::config).
Bundle read_bundle(const std::string& path);

} // namespace imops
