#pragma once
#include "net_server.hpp"
#include <algorithm>

namespace imops::test {

inline Host local(const std::string& name = "here") {
    Host h;
    h.name = name;
    h.transport = Transport::local;
    return h;
}

/// The same promises for every transport.
struct Every : Net, testing::WithParamInterface<Transport> {
    Server server;
    FleetOptions opt = options();
    std::unique_ptr<Fleet> fleet_;
    Every() { server.allow(make_key(home, "k")); }
    Fleet& fleet() {
        if (!fleet_) fleet_ = make_fleet(opt);
        return *fleet_;
    }
    Host host(const std::string& name = "db1") {
        Host h = server.host(name);
        h.identities = {home / "k"};
        h.transport = GetParam();
        return h;
    }
};

inline const auto every_transport = testing::Values(Transport::local, Transport::libssh2, Transport::openssh);
inline std::string transport_name(const testing::TestParamInfo<Transport>& i) {
    return i.param == Transport::local ? "local" : i.param == Transport::libssh2 ? "libssh2" : "openssh";
}

} // namespace imops::test
