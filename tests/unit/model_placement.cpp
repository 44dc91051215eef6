#include "core/model/placement.hpp"
#include <algorithm>
#include <gtest/gtest.h>

using namespace imops;

namespace {

using Strings = std::vector<std::string>;

const char* product_text = R"(product: t
title: {en: T, zh: T}
about: {en: t, zh: t}
tested: unknown
sources: [own]
components:
  - name: server
    title: {en: S, zh: S}
    role: app
    units: [server, worker]
    user: im
    data: /srv/im
    ports:
      - {name: client, port: 8008, from: [proxy]}
      - {name: relay, port: 49152-49200, proto: udp, from: [public]}
  - name: redis
    title: {en: R, zh: R}
    role: cache
    ports: [{name: redis, port: 6379, from: [app]}]
sizing:
  - {role: app, registered: 1000, cores: 2, memory: 4 GB, disk: 20 GB, source: own}
  - {role: backup, registered: 1000, cores: 64, memory: 256 GB, disk: 20 GB, source: own}
probes:
  - {name: health, component: server, depth: shallow, url: "http://{address}:{port.client}/health", source: own}
)";

struct Site {
    Product product = parse_product(product_text, "t.yaml");
    Deployment d;
    Placement placement;

    explicit Site(const std::string& rest)
        : d{parse_deployment("imops: 1\nname: t\nproduct: t\nworkload: {registered: 100}\nhosts:\n" + rest,
                             "imops.yaml")},
          placement{d, product, product} {}

    std::string variable(const Host& h, std::string_view name) const {
        for (auto& [key, value] : host_variables(placement.view(h)))
            if (key == name) return value;
        return "none";
    }
};

TEST(Placement, a_hosts_own_ports_are_those_of_scripts_checks_and_probes) {
    Site site{"  - {name: a, address: 10.0.0.2, roles: [app], ports: {client: 18008}}\n"
              "  - {name: b, address: 10.0.0.3, roles: [app]}\n"};
    auto &a = site.d.hosts[0], &b = site.d.hosts[1];
    EXPECT_EQ(site.variable(a, "IMOPS_PORTS"), "tcp/18008"); // of ranges scripts know nothing
    EXPECT_EQ(site.variable(b, "IMOPS_PORTS"), "tcp/8008");
    EXPECT_EQ(host_data(site.placement.view(a))["host"]["ports"], (Strings{"tcp/18008", "udp/49152-49200"}));
    auto endpoints = site.product.endpoints(site.d);
    ASSERT_EQ(endpoints.size(), 2u);
    EXPECT_EQ(endpoints[0].url, "http://10.0.0.2:18008/health");
    EXPECT_EQ(endpoints[1].url, "http://10.0.0.3:8008/health");
}

TEST(Placement, the_port_of_a_service_is_that_of_its_host) {
    Site site{"  - {name: c, address: 10.0.0.4, roles: [cache]}\nservices:\n"
              "  - {name: r, type: redis, host: c, port: 6390}\n"};
    EXPECT_EQ(site.variable(site.d.hosts[0], "IMOPS_PORTS"), "tcp/6390");
}

TEST(Placement, scripts_and_expressions_read_the_same_of_a_host) {
    Site site{"  - {name: a, address: 10.0.0.2, roles: [app], user: ops}\n"};
    auto& a = site.d.hosts[0];
    auto host = host_data(site.placement.view(a))["host"];
    EXPECT_EQ(host["name"], "a");
    EXPECT_EQ(host["user"], "ops");
    EXPECT_EQ(host["data"], "/srv/im");
    EXPECT_EQ(host["service_user"], "im");
    EXPECT_EQ(host["units"], (Strings{"server", "worker"}));
    EXPECT_EQ(host["components"], (Strings{"server"}));
    EXPECT_EQ(site.variable(a, "IMOPS_DATA"), "/srv/im");
    EXPECT_EQ(site.variable(a, "IMOPS_UNITS"), "server worker");
    EXPECT_EQ(site.variable(a, "IMOPS_USER"), "im");
}

TEST(Placement, every_value_has_a_name_that_is_known) {
    Site site{"  - {name: a, address: 10.0.0.2, roles: [app]}\n"};
    Scope s;
    add_host_names(s);
    auto names = s.names();
    std::size_t found = 0;
    auto data = host_data(site.placement.view(site.d.hosts[0]));
    for (auto& [key, value] : data["host"].items()) {
        EXPECT_NE(s.find("host." + key), nullptr) << key;
        ++found;
    }
    EXPECT_EQ(found, std::size_t(std::ranges::count_if(names, [](auto& n) { return n.starts_with("host."); })));
}

TEST(Placement, machines_for_backups_and_to_jump_over_are_not_reckoned) {
    Site site{"  - {name: a, address: 10.0.0.2, roles: [app]}\n  - {name: z, address: 10.0.0.9, roles: [backup]}\n"};
    EXPECT_GT(site.placement.view(site.d.hosts[0]).need.cores, 0);
    EXPECT_EQ(site.placement.view(site.d.hosts[1]).need.cores, 0);
}

} // namespace
