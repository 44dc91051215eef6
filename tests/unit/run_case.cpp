#include "core/run/case.hpp"
#include <algorithm>
#include <gtest/gtest.h>

using namespace imops;

namespace {

constexpr std::string_view pack = R"(
pack: own
title: {en: Own, zh: 自有}
facts:
  own.count: {sh: echo 1, type: number}
checks:
  - id: own.count
    title: {en: Count, zh: 数量}
    why: {en: "It is a test.", zh: "用于测试。"}
    when: [preflight]
    value: own.count
    fail: value < 5
    says: {en: "{{ number(value) }}", zh: "{{ number(value) }}"}
    remedy: {en: "More.", zh: "增加。"}
    source: own
    examples:
      - {given: {own.count: 1}, is: fail}
      - {given: {own.count: 5}, is: ok}
)";

constexpr std::string_view product = R"(
product: p
title: {en: P, zh: P}
about: {en: A, zh: A}
tested: unknown
components:
  - {name: server, title: {en: S, zh: S}, role: app, ports: [{name: client, port: 8008, from: [proxy]}]}
probes:
  - {name: health, component: server, depth: shallow, url: "http://{address}:{port.client}/health", source: own}
sources: [own]
)";

Case of(const std::string& more = {}) {
    auto deployment = parse_deployment("imops: 1\nname: im\nproduct: p\nworkload: {registered: 10}\n"
                                       "hosts: [{name: a, address: 10.0.0.1, roles: [app]}]\n" +
                                           more,
                                       "imops.yaml");
    PackSource source{"checks/own.yaml", pack};
    auto p = parse_product(std::string{product}, "products/p.yaml");
    return {std::move(deployment), load_catalogue({&source, 1}), p, p};
}

} // namespace

TEST(Case, what_the_deployment_changes_in_a_check_holds_for_all_who_judge) {
    Facts facts;
    facts["own.count"] = {Got::ok, 0, "2\n", {}, 0};
    auto level = [&](const Case& c) {
        Selection s;
        auto judge = c.judge(c.checks(s), 0);
        auto found = judge.add(c.deployment().hosts.front(), facts);
        return found.empty() ? Level::unknown : found.front().level;
    };
    EXPECT_EQ(level(of()), Level::fail);
    EXPECT_EQ(level(of("checks: {own.count: {fail: value < 2}}\n")), Level::ok);
}

TEST(Case, the_products_own_probes_are_among_the_endpoints) {
    auto c = of();
    auto& endpoints = c.deployment().endpoints;
    EXPECT_EQ(std::ranges::count_if(endpoints, [](auto& e) { return e.depth == Depth::shallow; }), 1);
}

TEST(Case, a_check_that_does_not_exist_cannot_be_changed) {
    try {
        of("checks: {own.cuont: {off: true}}\n");
        FAIL() << "nothing was said";
    } catch (const Failure& f) {
        EXPECT_NE(f.errors.front().what.in(Lang::en).find("own.cuont"), std::string::npos);
    }
}
