#pragma once
#include "core/base/result.hpp"
#include "core/model/host.hpp"
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace imops::net {

/// What `ssh -G` answers for one host, as far as it matters here.
struct SshSays {
    std::string hostname, user;
    int port = 0; // 0: nothing said
    std::vector<std::string> identities, known_hosts;
    std::string host_key_alias, agent;
    bool identities_only = false;
    std::string beyond_libssh2; // the first setting that libssh2 cannot follow: "proxyjump bastion"; empty: none
};
SshSays parse_ssh_says(std::string_view answer);

/// True if nothing in a system-wide ssh_config can change how a host is reached, so that `ssh -G`, a process start, can
/// be spared. `drop_ins` tells whether the folder that Debian's own file includes holds anything.
bool is_plain(std::string_view system_config, bool drop_ins);
/// The same for this machine: no ~/.ssh/config and a plain /etc/ssh/ssh_config.
bool machine_is_plain(const std::string& home);

/// `~/`, %d, %u, %% in a path of ssh's configuration. Empty if it holds something that cannot be known here.
std::string expand_path(std::string_view path, const std::string& home, const std::string& user);

/// What a generated configuration needs besides the host.
struct ConfigNeeds {
    std::string control_path;
    std::string jump_config, jump_address; // of the jump host; empty: none
    std::string jump_errors;               // the file for what the jump host's ssh says
    std::string user_config;               // included after ours; empty: none
    std::chrono::milliseconds connect_limit{};
};
/// The file for `ssh -F`, for exactly this host: ours first (the first value counts in ssh_config), then the user's,
/// then the system's. Errors: Code::unsupported (fingerprint mode), Code::config (a path that cannot be written into an
/// ssh_config).
Result<std::string> config_text(const Host&, const ConfigNeeds&);

} // namespace imops::net
