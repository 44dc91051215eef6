#pragma once
#include "core/facts/fact.hpp"
#include "core/model/product.hpp"
#include "core/net/fleet.hpp"
#include <chrono>
#include <map>
#include <string>
#include <vector>

/// The fact net.matrix: every way between two hosts that the product needs, tried with a real listener on the one side
/// and a real connection from the other, before anything is installed.
namespace imops {

/// One way: from a host whose role connects, to a TCP port of a component on another.
struct Flow {
    const Host* from = nullptr;
    const Host* to = nullptr; // any host of the deployment, also one that takes no part
    int port = 0;
    bool operator==(const Flow&) const = default;
};

/// The ways that go out from `hosts`, each once, in the order of `hosts`. UDP, ranges of ports, and what is `public` or
/// `local` are none. The targets of each host begin with the host after it, so that not all dial the same host at
/// first.
std::vector<Flow> plan_flows(const std::vector<const Host*>& hosts, const Deployment&, const Product&);

/// One row per flow from each host, as the text of fact net.matrix (tab separated, columns of checks/ports.yaml); empty
/// for a host from which none goes out. `hosts` and their deployment must be the same objects in both. `ok` only if the
/// target's own token of this run came back: a listener is opened on each planned port on which nothing listens yet.
/// One job per host, all in one run of the fleet; those that are ready wait for the others, but not longer than a third
/// of `limit` (15 s at the most). A host that fails is data: `Got::unreached` for its own rows, `error` in those of the
/// others. Nothing stays behind on a host. All is over after `limit`, reckoned from when the shells have been started.
std::map<std::string, Raw> ask_matrix(Fleet&, const std::vector<const Host*>& hosts, const Deployment&, const Product&,
                                      std::chrono::milliseconds limit);

} // namespace imops
