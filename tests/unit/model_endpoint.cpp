#include "core/model/product.hpp"
#include <gtest/gtest.h>

using namespace imops;

namespace {

/// "type address port tls", or the objection.
std::string read(std::string url) {
    Service s;
    s.url = std::move(url);
    if (auto o = read_url(s)) return "! " + o->what.en;
    return fmt::format("{} {} {} {}", word(s.type), s.address, s.port, s.tls.value_or(false) ? "tls" : "plain");
}

Deployment two_hosts() {
    return parse_deployment(R"(
imops: 1
name: im
product: synapse
names: [im.example.com]
domain: example.com
ca: /etc/site/ca.pem
workload: {registered: 100}
hosts:
  - {name: app1, address: 10.0.0.1, roles: [app], ports: {client: 18008}}
  - {name: app2, address: fd00::2, roles: [app]}
  - {name: db1, address: 10.0.0.3, roles: [db]}
)",
                            "imops.yaml");
}

Product product(std::string probes) {
    return parse_product(R"(
product: synapse
title: {en: T, zh: T}
about: {en: A, zh: A}
tested: unknown
components:
  - {name: server, title: {en: S, zh: S}, role: app, ports: [{name: client, port: 8008, from: [proxy]}]}
probes:
)" + probes + "sources: [own]\n",
                         "p.yaml");
}

} // namespace

TEST(Endpoint, each_scheme_has_its_kind_and_usual_port) {
    EXPECT_EQ(read("https://im.example.com/x?y=1"), "http im.example.com 443 tls");
    EXPECT_EQ(read("http://10.0.0.5:8008/health"), "http 10.0.0.5 8008 plain");
    EXPECT_EQ(read("ws://im.example.com"), "http im.example.com 80 plain");
    EXPECT_EQ(read("wss://[fd00::5]:8443/ws"), "http fd00::5 8443 tls");
    EXPECT_EQ(read("tcp://db:5432"), "tcp db 5432 plain");
    EXPECT_EQ(read("tls://im.example.com"), "tls im.example.com 443 tls");
    EXPECT_EQ(read("xmpp://im.example.com"), "xmpp im.example.com 5222 plain");
    EXPECT_EQ(read("xmpp-server://im.example.com"), "xmpp im.example.com 5269 plain");
    EXPECT_EQ(read("turns://t.example.com"), "turn t.example.com 5349 tls");
    EXPECT_EQ(read("stun:t.example.com:3479"), "turn t.example.com 3479 plain");
}

TEST(Endpoint, what_is_no_url_is_refused) {
    for (auto url : {"", "im.example.com", "ftp://im.example.com", "https://", "https:///x", "tcp://db", "tcp://db:0",
                     "tcp://db:65536", "tcp://db:5432x", "http://a b/", "http://-x/", "https://[fd00::5",
                     "https://a:b:c/", "http://x/\r\nHost: y", "http://a\"b/"})
        EXPECT_TRUE(read(url).starts_with("! ")) << url;
}

TEST(Endpoint, a_password_in_a_url_is_refused_and_not_shown) {
    auto said = read("https://admin:hunter2@im.example.com/");
    EXPECT_TRUE(said.starts_with("! ")) << said;
    EXPECT_EQ(said.find("hunter2"), said.npos);
}

TEST(Endpoint, groups_say_which_facts_are_asked) {
    auto of = [](std::string url, bool reachable = true) {
        Service s;
        s.url = std::move(url);
        s.reachable = reachable;
        EXPECT_FALSE(read_url(s));
        return fmt::format("{}", fmt::join(groups(s), " "));
    };
    EXPECT_EQ(of("http://a/"), "endpoint");
    EXPECT_EQ(of("https://a/"), "endpoint tls");
    EXPECT_EQ(of("xmpp://a"), "endpoint xmpp tls");
    EXPECT_EQ(of("https://a/", false), "endpoint") << "what must not answer has no certificate to judge";
}

TEST(Endpoint, a_store_is_spoken_to_with_tls_unless_somebody_says_no) {
    auto d = parse_deployment(R"(
imops: 1
name: im
product: synapse
workload: {registered: 100}
hosts: [{name: app1, address: 10.0.0.1, roles: [app]}]
services:
  - {name: unsaid, type: s3, host: app1}
  - {name: port, type: s3, host: app1, port: 9000, region: eu-central-1}
  - {name: plain, type: s3, host: app1, port: 9000, tls: no}
)",
                              "f");
    std::vector<std::string> all;
    for (auto& s : d.services) all.push_back(fmt::format("{}: {} {}", s.name, fmt::join(groups(s), " "), s.region));
    EXPECT_EQ(fmt::format("{}", fmt::join(all, "\n")),
              "unsaid: endpoint tls \nport: endpoint tls eu-central-1\nplain: endpoint ");
}

TEST(Endpoint, mistakes_have_their_place) {
    auto text = R"(
imops: 1
name: im
product: synapse
workload: {registered: 100}
hosts: [{name: app1, address: 10.0.0.1, roles: [app]}]
endpoints:
  - {name: app1, url: "https://a/"}
  - {name: b, url: "nonsense"}
  - {name: c, url: "https://a/", at: "x:y", via: app2}
  - {name: d, url: "https://a/", expect: {status: [42], body: "(", json: {status: ok}}}
)";
    try {
        parse_deployment(text, "f");
        FAIL();
    } catch (const Failure& f) {
        std::vector<std::string> lines;
        for (auto& e : f.errors) {
            lines.push_back(e.what.en);
            EXPECT_FALSE(e.remedy.zh.empty()) << e.what.en;
        }
        auto all = fmt::format("{}", fmt::join(lines, "\n"));
        EXPECT_NE(all.find("42 is not an HTTP status"), all.npos) << all;
        EXPECT_NE(all.find("'(' is not a regular expression"), all.npos) << all;
        EXPECT_NE(all.find("'status' is not a JSON pointer"), all.npos) << all;
    }
}

TEST(Endpoint, a_probe_becomes_one_endpoint_for_each_host_of_its_component) {
    auto p = product(R"(
  - {name: health, component: server, depth: shallow, local: yes, source: own,
     url: "http://{address}:{port.client}/health"}
  - {name: database, component: server, depth: deep, url: "http://{address}:{port.client}/@x:{domain}", source: own}
  - {name: public, component: server, depth: shallow, url: "https://{name}/", source: own}
  - {name: node, component: server, depth: shallow, url: "https://{name}/", at: "{address}", source: own}
)");
    std::vector<std::string> all;
    for (auto& s : p.endpoints(two_hosts()))
        all.push_back(fmt::format("{} {} at={} via={} {}", s.name, s.url, s.at, s.via, s.ca));
    EXPECT_EQ(fmt::format("{}", fmt::join(all, "\n")),
              R"(health@app1 http://127.0.0.1:18008/health at= via=app1 /etc/site/ca.pem
health@app2 http://127.0.0.1:8008/health at= via=app2 /etc/site/ca.pem
database@app1 http://10.0.0.1:18008/@x:example.com at= via= /etc/site/ca.pem
database@app2 http://[fd00::2]:8008/@x:example.com at= via= /etc/site/ca.pem
public https://im.example.com/ at= via= /etc/site/ca.pem
node@app1 https://im.example.com/ at=10.0.0.1 via= /etc/site/ca.pem
node@app2 https://im.example.com/ at=[fd00::2] via= /etc/site/ca.pem)");
    auto nameless = two_hosts();
    nameless.names.clear();
    EXPECT_EQ(p.endpoints(nameless).size(), 4u) << "without a name nothing is asked by it";
}

TEST(Endpoint, a_probe_that_cannot_be_filled_in_is_refused) {
    for (auto probe :
         {R"(  - {name: x, component: nobody, depth: deep, url: "http://{address}/", source: own}
)",
          R"(  - {name: x, component: server, depth: deep, url: "http://{address}:{port.admin}/", source: own}
)",
          R"(  - {name: x, component: server, depth: deep, url: "http://{adress}/", source: own}
)"})
        EXPECT_THROW(product(probe), Failure) << probe;
}
