#pragma once
#include "core/model/reader.hpp"
#include "core/model/secret_ref.hpp"
#include <map>
#include <string>
#include <vector>

namespace imops {

/// How a host is reached. `automatic` decides between the two SSH ways and says why.
enum class Transport { automatic, local, libssh2, openssh };

/// How to become root on a host whose user is not root.
enum class Sudo { none, ask_without_password, password };

/// What a site sets in the templates of a component: component, then variable.
using Settings = std::map<std::string, Ordered<Placed<Any>>>;

/// One machine of the deployment: how to reach it and what it is for.
/// All text members were validated: no control characters; name, address and user hold only letters, digits and
/// `._:-` (address also `[]%`), and do not begin with `-`.
struct Host {
    std::string name;    // unique in the deployment
    std::string address; // DNS name, IPv4 or IPv6 address
    int port = 22;
    std::string user; // empty: the current user (or what ~/.ssh/config says)
    std::string via;  // name of another host of the deployment: the jump host
    std::vector<std::string> roles;
    std::vector<std::string> components; // of the product; empty: the usual ones of its roles
    std::map<std::string, int> ports;    // that differ from the product's, by their name there
    Transport transport = Transport::automatic;
    std::vector<std::string> identities; // private key files; empty: agent, then ~/.ssh/id_ed25519, id_ecdsa, id_rsa
    SecretRef passphrase;                // of the private key
    SecretRef password;                  // for password and keyboard-interactive log-in
    Sudo sudo = Sudo::none;
    SecretRef sudo_password;         // set exactly when sudo == Sudo::password
    std::string host_key = "strict"; // "strict", "accept-new", or a fingerprint "SHA256:..."
    std::string known_hosts;         // file; empty: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts
    std::string data;                // data directory; empty: what the product says
    Settings settings;               // that differ from the deployment's
};

} // namespace imops
