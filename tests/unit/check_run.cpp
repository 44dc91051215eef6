#include "core/base/units.hpp"
#include "core/check/run.hpp"
#include "tests/unit/check_packs.hpp"
#include <gtest/gtest.h>

using namespace imops;
using namespace imops::testing_help;

namespace {

const std::string text = "pack: t\ntitle: {en: T, zh: T}\nfacts:\n"
                         "  t.size: {sh: echo, type: bytes}\n"
                         "  t.id: {sh: echo, type: text}\n"
                         "  t.clock: {sh: echo, type: clock}\n"
                         "  t.secret: {sh: echo, type: text, root: true, roles: [db]}\n"
                         "  t.write: {sh: echo, type: seconds, active: true}\n"
                         "checks:\n";

std::string check(const std::string& id, const std::string& lines, const std::string& given_fail,
                  const std::string& given_ok) {
    return "  - id: " + id +
           "\n    title: {en: a, zh: a}\n    why: {en: a, zh: a}\n    source: own\n    remedy: {en: mend, zh: 处理}\n  "
           "  says: {en: found, zh: 结果}\n" +
           lines + "    examples: [{given: " + given_fail + ", is: fail}, {given: " + given_ok + ", is: ok}]\n";
}

const std::string pack =
    text + check("t.size", "    value: t.size\n    fail: value < 2 * KB\n", "{t.size: 1 KB}", "{t.size: 3 KB}") +
    check("t.unique", "    fail: length(same(fleet.t.id, t.id)) > 1\n", "{t.id: a, fleet.t.id: {x: a, y: a}}",
          "{t.id: a, fleet.t.id: {x: a, y: b}}") +
    check("t.skew", "    value: abs(t.clock - median(fleet.t.clock))\n    fail: value > 5 * seconds\n",
          "{t.clock: 40 s, fleet.t.clock: {x: 0 s, y: 0 s, z: 40 s}}", "{t.clock: 1 s, fleet.t.clock: {x: 1 s}}") +
    check("t.secret", "    roles: [db]\n    fail: t.secret == \"x\"\n", "{t.secret: x}", "{t.secret: y}") +
    check("t.write", "    when: [preflight]\n    value: t.write\n    fail: value > 1 * seconds\n", "{t.write: 2 s}",
          "{t.write: 1 ms}");

const std::string three = "imops: 1\nname: im\nproduct: p\nworkload: {registered: 600}\nhosts:\n"
                          "  - {name: a, address: x, roles: [app]}\n  - {name: b, address: x, roles: [db]}\n  - {name: "
                          "c, address: x, roles: [app]}\n";
const char* bare_product = "product: p\ntitle: {en: P, zh: P}\nabout: {en: p, zh: p}\ntested: unknown\nsources: "
                           "[s]\ncomponents: [{name: s, title: {en: S, zh: S}, role: app}]\n";

constexpr double now = 1795219200; // 2026-11-21

struct Fleet3 {
    Deployment d;
    Catalogue c;
    Product p = parse_product(bare_product, "p.yaml");

    explicit Fleet3(const std::string& rest = {}) : d{parse_deployment(three + rest, "f.yaml")}, c{one_pack(pack)} {
        c.apply(d);
    }

    std::map<std::string, Finding> judged(const std::map<std::string, Facts>& facts, double at = now) {
        Judge j{c, d, p, p, selected_checks({}, c, p), at};
        std::map<std::string, Finding> all;
        auto keep = [&](std::vector<Finding> found) {
            for (auto& f : found) all[f.subject + " " + f.id] = f;
        };
        for (auto& h : d.hosts) keep(j.add(h, facts.contains(h.name) ? facts.at(h.name) : Facts{}));
        keep(j.fleet());
        return all;
    }
};

Facts host(const char* size, const char* id, double clock, const char* secret = "y") {
    auto ok = [](std::string out) { return Raw{Got::ok, 0, std::move(out), {}, now}; };
    return {{"t.size", ok(size)},
            {"t.id", ok(id)},
            {"t.clock", ok(fmt::format("{:.3f}", now + clock))},
            {"t.secret", ok(secret)},
            {"t.write", ok("0.001")}};
}

} // namespace

TEST(Judge, no_check_ever_vanishes) {
    Fleet3 r;
    auto all = r.judged({{"a", host("3000", "i1", 0)}});
    // a and c: all but t.secret; b: all
    EXPECT_EQ(all.size(), 4u + 5 + 4);
    EXPECT_EQ(all["a t.size"].level, Level::ok);
    EXPECT_EQ(all["b t.size"].level, Level::unknown);
    EXPECT_EQ(all["b t.size"].text.en, "could not read t.size: it was not asked");
    EXPECT_EQ(all["b t.skew"].level, Level::unknown);
    EXPECT_FALSE(all.contains("a t.secret"));
}

TEST(Judge, hosts_are_compared) {
    Fleet3 r;
    auto all =
        r.judged({{"a", host("3000", "same", 0)}, {"b", host("3000", "same", 0.2)}, {"c", host("3000", "other", 40)}});
    EXPECT_EQ(all["a t.unique"].level, Level::fail);
    EXPECT_EQ(all["b t.unique"].level, Level::fail);
    EXPECT_EQ(all["c t.unique"].level, Level::ok);
    EXPECT_EQ(all["a t.skew"].level, Level::ok);
    EXPECT_EQ(all["c t.skew"].level, Level::fail);
    EXPECT_NEAR(all["c t.skew"].value.data.get<double>(), 39.8, 0.01);
}

TEST(Judge, waivers_hold_to_the_end_of_their_last_day) {
    auto day = *parse_date("2026-12-31");
    std::string waiver = "waivers: [{check: t.size, host: a, reason: approved by the customer, until: 2026-12-31}]\n";
    Fleet3 r{waiver};
    std::map<std::string, Facts> facts{
        {"a", host("1000", "i1", 0)}, {"b", host("1000", "i2", 0)}, {"c", host("3000", "i3", 0)}};
    for (double at : {now, day, day + 86399}) {
        auto all = r.judged(facts, at);
        EXPECT_EQ(all["a t.size"].level, Level::waived) << at;
        EXPECT_EQ(all["a t.size"].text.en, "found (accepted until 2026-12-31: approved by the customer)");
        EXPECT_EQ(all["b t.size"].level, Level::fail) << "it is for the other host";
    }
    auto expired = r.judged(facts, day + 86400);
    EXPECT_EQ(expired["a t.size"].level, Level::fail);
    EXPECT_EQ(expired["a t.size"].text.en, "found (the waiver \"approved by the customer\" ended on 2026-12-31)");
    EXPECT_EQ(expired["a t.size"].text.zh, "结果（豁免“approved by the customer”已于 2026-12-31 到期）");
    facts["a"] = host("3000", "i1", 0);
    EXPECT_EQ(r.judged(facts)["a t.size"].level, Level::ok) << "nothing to waive";
}

TEST(Judge, a_second_waiver_counts_when_the_first_has_ended) {
    Fleet3 r{"waivers:\n  - {check: t.size, reason: the first one, until: 2026-01-31}\n  - {check: t.size, reason: the "
             "second one, until: 2027-01-31}\n"};
    EXPECT_EQ(r.judged({{"a", host("1000", "i1", 0)}})["a t.size"].level, Level::waived);
}

TEST(Judge, overrides) {
    std::map<std::string, Facts> facts{{"a", host("1000", "i1", 0)}};
    EXPECT_EQ(Fleet3{"checks: {t.size: {level: warn}}\n"}.judged(facts)["a t.size"].level, Level::warn);
    auto off = Fleet3{"checks: {t.size: {off: the customer knows}}\n"}.judged(facts)["a t.size"];
    EXPECT_EQ(off.level, Level::skip);
    EXPECT_EQ(off.text.en, "switched off: the customer knows");
}

TEST(Judge, an_override_of_the_condition) {
    std::map<std::string, Facts> facts{{"a", host("1000", "i1", 0)}};
    EXPECT_EQ(Fleet3{"checks: {t.size: {fail: value < 500 * KB / 1000}}\n"}.judged(facts)["a t.size"].level, Level::ok);
    EXPECT_EQ(
        Fleet3{"checks: {t.size: {fail: value < 500 * KB / 1000, warn: value > 0}}\n"}.judged(facts)["a t.size"].level,
        Level::warn);
}

TEST(Selected, checks_and_hosts) {
    Fleet3 r;
    auto ids = [&](Selection s) {
        std::string all;
        for (auto* k : selected_checks(s, r.c, r.p)) all += k->id + " ";
        return all;
    };
    EXPECT_EQ(ids({}), "t.size t.unique t.skew t.secret t.write ");
    EXPECT_EQ(ids({.when = When::health}), "t.size t.unique t.skew t.secret ");
    EXPECT_EQ(ids({.passive = true}), "t.size t.unique t.skew t.secret ");
    EXPECT_EQ(ids({.checks = {"t.skew", "t.size"}}), "t.size t.skew ");
    EXPECT_EQ(ids({.skip = {"t.skew"}}), "t.size t.unique t.secret t.write ");
    EXPECT_EQ(ids({.skip = {"t"}}), "");
    EXPECT_EQ(ids({.packs = {"other"}}), "");
    auto hosts = [&](Selection s) {
        std::string all;
        for (auto* h : selected_hosts(s, r.d)) all += h->name;
        return all;
    };
    EXPECT_EQ(hosts({}), "abc");
    EXPECT_EQ(hosts({.roles = {"app"}}), "ac");
    EXPECT_EQ(hosts({.hosts = {"a", "b"}, .roles = {"db"}}), "b");
}

TEST(Needed, facts_of_a_host) {
    Fleet3 r{"checks: {t.size: {off: the customer knows}}\n"};
    auto ids = [&](const char* host, bool active) {
        std::string all;
        for (auto* f : needed_facts(selected_checks({}, r.c, r.p), r.c, *r.d.host(host), active)) all += f->id + " ";
        return all;
    };
    EXPECT_EQ(ids("a", false), "t.id t.clock ");
    EXPECT_EQ(ids("b", false), "t.id t.clock t.secret ");
    EXPECT_EQ(ids("a", true), "t.write ");
}

TEST(Examples, right_ones_are_silent_and_wrong_ones_are_named) {
    Fleet3 r;
    for (auto& k : r.c.checks()) EXPECT_TRUE(run_examples(k, r.c).empty()) << k.id;
    auto said = [](const std::string& given_fail, const std::string& given_ok) {
        auto c =
            one_pack(text + check("t.size", "    value: t.size\n    fail: value < 2 * KB\n", given_fail, given_ok));
        std::string all;
        for (auto& l : run_examples(*c.check("t.size"), c)) all += l.en + "\n";
        return all;
    };
    EXPECT_EQ(said("{t.size: 3 KB}", "{t.size: 3 KB}"), "t.yaml:18: t.size example 1: is ok, expected fail: found\n");
    EXPECT_EQ(
        said("{t.size: 1 KB}", "{}"),
        "t.yaml:18: t.size example 2: is unknown, expected ok: could not read t.size: the example does not give it\n");
    EXPECT_NE(said("{t.sise: 1 KB}", "{t.size: 3 KB}").find("t.yaml:18:33: unknown name 't.sise'"), std::string::npos)
        << said("{t.sise: 1 KB}", "{t.size: 3 KB}");
    EXPECT_NE(said("{t.size: 1}", "{t.size: 3 KB}").find("'1' is not a bytes"), std::string::npos);
}
