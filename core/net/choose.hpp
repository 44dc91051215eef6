#pragma once
#include "core/net/route.hpp"
#include "core/net/ssh_config.hpp"
#include <optional>

namespace imops::net {

/// What is known of one private key file when the transport is chosen.
struct KeyGist {
    std::string path, type;
    bool certificate = false; // KEY-cert.pub lies beside it
};

/// What this machine offers for one host.
struct Means {
    std::vector<KeyGist> keys; // files that exist and can be read
    bool agent = false;        // there is an agent: which keys it holds shows later
    bool kerberos = false;     // there is a ticket
    bool ssh_program = true;
    bool rsa_works = false; // in this libssh2
};

/// Address, user, port, keys, files: imops.yaml first, then ssh's own configuration, then the defaults. `home` as in
/// Route.
Route complete(const Host&, const std::optional<SshSays>&, const std::string& home);
/// Which of the two SSH ways, and why. A transport that imops.yaml names is obeyed.
void choose(Route&, const Host&, const std::optional<SshSays>&, const Means&);
/// Reads the means of this machine.
Means find_means(const Route&);

} // namespace imops::net
