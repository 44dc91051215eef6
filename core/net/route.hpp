#pragma once
#include "core/base/text.hpp"
#include "core/model/host.hpp"
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace imops::net {

using Clock = std::chrono::steady_clock;

/// How one host is reached: what imops.yaml says, completed by what ssh's own configuration says.
struct Route {
    Transport transport = Transport::libssh2;
    Line why;
    std::string address;
    int port = 22;
    std::string user;
    std::string host_key_name;            // HostKeyAlias of ssh's configuration; empty: the address
    std::vector<std::string> identities;  // private key files, in the order of trying; they need not exist
    bool identities_said = false;         // somebody named them: they come before the other keys of the agent
    bool identities_only = false;         // the agent's other keys are not tried
    std::string agent;                    // socket of the agent; empty: none
    std::vector<std::string> known_hosts; // the first one is written to by `accept-new`
};

/// "db1 (10.0.0.5:22)": how every error names the host.
Line place(const Host&, const Route&);

/// Foreign bytes made fit for a message: printable ASCII stays, the rest becomes `\xNN`; cut after `most` bytes.
std::string printable(std::string_view foreign, std::size_t most = 160);

/// The home folder of the current user as ssh sees it: from the password database, not from $HOME.
std::string home_folder();
std::string user_name();

} // namespace imops::net
