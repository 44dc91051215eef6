#include "core/check/run.hpp"
#include "tests/unit/check_packs.hpp"
#include "tests/unit/model_problems.hpp"

using namespace imops;
using namespace imops::testing_help;
using Lines = std::vector<std::string>;

namespace {

Lines problems(const std::string& pack, Lang lang = Lang::en) {
    return thrown([&] { one_pack(pack); }, lang);
}

/// A pack whose only check has these lines in place of its own condition.
std::string with(const std::string& lines) { return pack_head + memory_fact + check_head + lines + check_tail; }

} // namespace

TEST(Catalogue, holds_what_the_pack_says) {
    auto c = one_pack(with("    fail: value < 8 * GiB\n"));
    ASSERT_EQ(c.packs().size(), 1u);
    EXPECT_EQ(c.packs()[0].name, "t");
    EXPECT_EQ(c.packs()[0].file, "t.yaml");
    ASSERT_TRUE(c.check("t.memory"));
    EXPECT_EQ(c.check("t.memory")->facts, Lines{"t.memory_total"});
    EXPECT_FALSE(c.check("t.memory")->fleet);
    EXPECT_EQ(c.check("t.none"), nullptr);
    EXPECT_EQ(c.fact("t.memory_total")->type.kind, Kind::bytes);
    EXPECT_EQ(c.owner("fleet.t.memory_total"), c.fact("t.memory_total"));
    EXPECT_EQ(c.owner("need.memory.minimum"), nullptr);
    EXPECT_EQ(c.check_ids(), Lines{"t.memory"});
}

TEST(Catalogue, every_mistake_of_a_pack_has_its_place) {
    std::pair<std::string, std::string> table[]{
        {with("    fail: value < 8\n"), "t.yaml:12:17: fail: bytes is compared with number"},
        {with("    fail: valeu < 8 * GiB\n"), "t.yaml:12:11: fail: unknown name 'valeu'"},
        {with("    fail: value\n"), "t.yaml:12:11: fail: is bytes, but bool is needed here"},
        {with("    limit: 8 * GiB\n"), "t.yaml:7:5: t.memory: a check that can neither fail nor warn"},
        {with("    fail: value < 8 * GiB\n    each: t.memory_total\n"), "t.yaml:7:5: t.memory: `each` needs `label`"},
        {with("    fail: value < 8 * GiB\n    skip: airgap\n"), "t.yaml:7:5: t.memory: `skip` needs `skip_says`"},
        {with("    fail: value < 8 * GiB\n    when: [prefligth]\n"),
         "t.yaml:13:12: one of preflight, health is needed here"},
        {with("    fail: value < 8 * GiB\n    roles: [web]\n"),
         "t.yaml:13:13: one of app, db, cache, proxy, media, turn, queue, search, monitor, backup, jump is needed "
         "here"},
        {with("    fail: value < 8 * GiB\n    none: fail\n"), "t.yaml:13:11: 'fail' is not possible here"},
        {with("    fail: value < 8 * GiB\n    colour: red\n"), "t.yaml:13:5: unknown key 'colour'"},
        {pack_head + memory_fact + "checks: []\n" + "pack: t2\n", "t.yaml:6:1: 'pack' is given twice"},
    };
    for (auto& [text, en] : table) {
        auto all = problems(text);
        ASSERT_FALSE(all.empty()) << text;
        EXPECT_EQ(all.front(), en) << text;
        for (auto& l : problems(text, Lang::zh))
            EXPECT_NE(l.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos);
    }
}

TEST(Catalogue, facts_are_as_strict) {
    auto fact = [](const std::string& lines) {
        return pack_head + lines + check_head + "    fail: value < 8 * GiB\n" + check_tail;
    };
    std::pair<std::string, std::string> table[]{
        {fact("  t.memory_total: {sh: echo, type: byte}\n"), "t.yaml:4:36: 'byte' is not a type"},
        {fact("  t.memory_total: {type: bytes}\n"), "t.yaml:4:26: fact 't.memory_total' needs `sh`"},
        {fact("  t.memory_total: {sh: echo, type: table}\n"),
         "t.yaml:4:36: fact 't.memory_total' does not name its columns"},
        {fact("  t.memory_total: {sh: echo, type: map}\n"),
         "t.yaml:4:36: fact 't.memory_total' does not name its keys"},
        {fact("  t.memory_total: {sh: echo, type: bytes, columns: {a: text}}\n"),
         "t.yaml:4:36: fact 't.memory_total' is a bytes: it has neither keys nor columns"},
        {fact("  T.Memory: {sh: echo, type: bytes}\n"), "t.yaml:4:13: 'T.Memory' is not an id"},
        {fact("  t..x: {sh: echo, type: bytes}\n"), "t.yaml:4:9: 't..x' is not an id"},
        {fact("  t.memory_total: {sh: echo, type: bytes}\n  t.memory_total.swap: {sh: echo, type: bytes}\n"),
         "t.yaml:5:24: fact 't.memory_total.swap' lies inside another name"},
        {fact("  need.memory: {sh: echo, type: bytes}\n"), "t.yaml:4:16: fact 'need.memory' lies inside another name"},
        {fact("  t.memory_total: {sh: echo, type: bytes, timeout: 10}\n"),
         "t.yaml:4:52: a time with its unit is needed here"},
    };
    for (auto& [text, en] : table) {
        auto all = problems(text);
        ASSERT_FALSE(all.empty()) << text;
        EXPECT_NE(std::find(all.begin(), all.end(), en), all.end()) << text << all.front();
    }
}

TEST(Catalogue, a_check_without_a_failing_and_a_passing_example_does_not_load) {
    auto body = pack_head + memory_fact + check_head +
                "    fail: value < 8 * GiB\n    says: {en: a, zh: a}\n    remedy: {en: a, zh: a}\n    source: own\n";
    EXPECT_EQ(problems(body),
              (Lines{"t.yaml:7:5: 'examples' is missing", "t.yaml:7:5: t.memory: the examples show no fail"}));
    EXPECT_EQ(problems(body + "    examples: [{given: {t.memory_total: 4 GiB}, is: fail}]\n"),
              Lines{"t.yaml:7:5: t.memory: the examples show no ok"});
    EXPECT_EQ(problems(body + "    examples: [{given: {t.memory_total: 9 GiB}, is: ok}]\n"),
              Lines{"t.yaml:7:5: t.memory: the examples show no fail"});
    EXPECT_EQ(problems(body + "    examples: [{given: {t.memory_total: 9 GiB}, is: good}]\n").back(),
              "t.yaml:16:53: 'good' is not possible here");
}

TEST(Catalogue, both_languages_must_say_the_same) {
    auto pack = pack_head + memory_fact + check_head +
                "    fail: value < 8 * GiB\n    says: {en: \"{{ bytes(value) }}\", zh: \"内存\"}\n    remedy: {en: a, "
                "zh: a}\n    source: own\n" +
                examples;
    EXPECT_EQ(problems(pack), Lines{"t.yaml:13:11: says: the two languages use different names"});
    auto missing = pack_head + memory_fact + check_head +
                   "    fail: value < 8 * GiB\n    says: {en: a}\n    remedy: {en: a, zh: a}\n    source: own\n" +
                   examples;
    EXPECT_EQ(problems(missing), Lines{"t.yaml:13:11: 'zh' is missing"});
}

TEST(Catalogue, problems_of_all_packs_come_together) {
    auto a = with("    fail: value < 8\n"), b = with("    fail: value <\n");
    std::vector<PackSource> both{{"a.yaml", a}, {"b.yaml", b}};
    auto all = thrown([&] { load_catalogue(both); });
    ASSERT_GE(all.size(), 3u);
    EXPECT_EQ(all.front(), "a.yaml:12:17: fail: bytes is compared with number");
    EXPECT_NE(std::find(all.begin(), all.end(), "b.yaml:4:19: fact 't.memory_total' is declared twice"), all.end())
        << fmt::format("{}", fmt::join(all, "\n"));
}

TEST(Catalogue, what_the_deployment_changes_is_as_strict) {
    auto deployment = [](const std::string& rest) { return parse_deployment(small_deployment + rest, "f.yaml"); };
    auto said = [&](const std::string& rest) {
        auto d = deployment(rest);
        return thrown([&] { one_pack(with("    fail: value < 8 * GiB\n")).apply(d); });
    };
    EXPECT_TRUE(said("").empty());
    EXPECT_EQ(said("checks: {t.memry: {level: warn}}\n"), Lines{"f.yaml:7:19: there is no check 't.memry'"});
    EXPECT_EQ(said("waivers: [{check: t.memry, reason: approved, until: 2027-01-01}]\n"),
              Lines{"f.yaml:7:19: there is no check 't.memry'"});
    EXPECT_EQ(said("checks: {t.memory: {fail: value < 2}}\n"),
              Lines{"f.yaml:7:33: fail: bytes is compared with number"});
    auto d = deployment("checks: {t.memry: {off: why not}}\n");
    auto all = everything_said([&] { one_pack(with("    fail: value < 8 * GiB\n")).apply(d); });
    EXPECT_NE(all.find("Did you mean 't.memory'?"), std::string::npos);
    EXPECT_NE(all.find("是否想写 't.memory'？"), std::string::npos);
}

TEST(Selection, names_that_do_not_exist_are_refused_together) {
    auto c = one_pack(with("    fail: value < 8 * GiB\n"));
    auto d = parse_deployment(small_deployment, "f.yaml");
    Selection s;
    s.hosts = {"ap1"};
    s.roles = {"proxi"};
    s.packs = {"t", "u"};
    s.checks = {"t.memroy"};
    s.skip = {"t", "t.memory", "zzzzzzzz"};
    EXPECT_EQ(thrown([&] { check_selection(s, c, d); }),
              (Lines{"there is no host 'ap1'", "there is no role 'proxi'", "there is no pack 'u'",
                     "there is no check 't.memroy'", "there is no check or pack 'zzzzzzzz'"}));
    auto said = everything_said([&] { check_selection(s, c, d); });
    EXPECT_NE(said.find("Did you mean 'app1'?"), std::string::npos);
    EXPECT_NE(said.find("Did you mean 'proxy'?"), std::string::npos);
    EXPECT_NE(said.find("是否想写 't.memory'？"), std::string::npos);
}
