#pragma once
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include <string>
#include <string_view>

namespace imops::net {

/// What can be told of a private key without its passphrase.
struct KeyFacts {
    std::string type; // "ssh-ed25519"; "ecdsa" or "" where the format hides more
    std::string blob; // the public key in SSH's wire form; empty where the format hides it
    bool encrypted = false;
};

/// Reads the facts of a private key's text (OpenSSH, PEM, PKCS#8). Errors: Code::key_unreadable (not a private key;
/// PuTTY's format).
Result<KeyFacts> inspect_key(std::string_view text, const std::string& path);

struct KeyFile {
    std::string path;
    KeyFacts facts;
    Secret text;
};

/// Errors: Code::key_unreadable: not there, not readable, readable by others (as ssh refuses it too), not a private
/// key.
Result<KeyFile> load_key(const std::string& path);

bool is_security_key(std::string_view type); // sk-...: needs a touch, which libssh2 cannot ask for
bool is_certificate(std::string_view type);  // ...-cert-v01@openssh.com
bool is_there(const std::string& path);

} // namespace imops::net
