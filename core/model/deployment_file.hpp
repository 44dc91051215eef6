#pragma once
#include "core/model/deployment.hpp"

namespace imops {

/// What `ssh:` gives for all hosts and a host may say for itself.
struct Access {
    std::optional<int> port;
    std::string user, host_key, known_hosts;
    std::optional<Transport> transport;
    std::vector<std::string> identities;
    SecretRef passphrase, password, sudo_password;
    std::optional<bool> sudo;
};

struct HostEntry : Access {
    std::string name, address, via, data;
    std::vector<Role> roles;
    std::vector<std::string> components;
    std::map<std::string, int> ports;
    Settings settings;
};

struct EndpointEntry : Service {};

struct DeploymentFile {
    Deployment d;
    Access ssh;
    std::vector<Placed<HostEntry>> hosts;
    std::vector<Placed<Service>> services;
    std::vector<Placed<EndpointEntry>> endpoints;
    std::vector<Placed<Waiver>> waivers;
};

/// What is wrong with the whole although each part is well formed.
void validate_hosts(const DeploymentFile&, Problems&);
void validate_references(DeploymentFile&, Problems&);
void validate_names(const DeploymentFile&, const KnownNames&, Problems&);

} // namespace imops
