#pragma once
#include "core/base/expression.hpp"
#include "core/model/sizing.hpp"
#include <string>
#include <vector>

namespace imops {

/// A port of a component as it is on this host: what the host's `ports:` says, else the port of its own service of that
/// name, else the product's. Of a range only the first port can differ.
Port port_on(const Host&, const Port&, const Deployment&);
/// The ports of all components of a host, in the order of the product.
std::vector<Port> ports_on(const Host&, const Deployment&, const Product&);

/// What one host has: its place in the deployment, reckoned once for checks, templates and scripts.
struct HostView {
    const Host* host = nullptr; // as imops.yaml has it
    std::vector<std::string> components, units;
    std::vector<Port> ports; // as they are on this host
    std::string data, service_user;
    Need need;
};

/// Who gets what of a host: a name in checks and templates (or ""), a variable of scripts (or ""), the value. The one
/// list of what there is; its words stand in docs/packs.md and docs/templates.md.
template <class X> void describe(X& x, const HostView& v) {
    auto shown = [](const std::vector<Port>& ports, bool ranges) {
        std::vector<std::string> words;
        for (auto& p : ports)
            if (ranges || p.first == p.last) words.push_back(p.show());
        return words;
    };
    x.text("host.name", "IMOPS_HOST", v.host->name);
    x.text("host.address", "IMOPS_ADDRESS", v.host->address);
    x.words("host.roles", "IMOPS_ROLES", v.host->roles);
    x.text("host.data", "IMOPS_DATA", v.data);
    x.text("host.user", "", v.host->user.empty() ? "$USER" : v.host->user);
    x.number("host.ssh_port", v.host->port);
    x.words("host.components", "", v.components);
    x.words("host.units", "IMOPS_UNITS", v.units);
    x.words("host.ports", "", shown(v.ports, true));
    x.words("", "IMOPS_PORTS", shown(v.ports, false));
    x.text("host.service_user", "IMOPS_USER", v.service_user);
}

/// Where everything is: what each host has, and how large it must be.
class Placement {
    const Deployment& deployment_;
    const Product& product_;
    Sizing sizing_;

  public:
    /// All must outlive it.
    Placement(const Deployment&, const Product&, const Product& generic);
    const Deployment& deployment() const { return deployment_; }
    const Product& product() const { return product_; }
    /// Of the roles that serve users: machines to jump over and for backups are not reckoned.
    const Sizing& sizing() const { return sizing_; }
    HostView view(const Host&) const;
};

/// What scripts get of a host, name and value, without what all hosts have in common.
std::vector<std::pair<std::string, std::string>> host_variables(const HostView&);
/// What expressions read of a host: {"host": {...}}.
nlohmann::json host_data(const HostView&);
/// The names of `host_data`, with their types.
void add_host_names(Scope&);

} // namespace imops
