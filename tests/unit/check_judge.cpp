#include "core/check/run.hpp"
#include "tests/unit/check_packs.hpp"
#include <gtest/gtest.h>

using namespace imops;
using namespace imops::testing_help;
using nlohmann::json;

namespace {

const std::string facts = "pack: t\ntitle: {en: T, zh: T}\nfacts:\n"
                          "  t.size: {sh: echo, type: bytes}\n"
                          "  t.limit: {sh: echo, type: bytes}\n"
                          "  t.flags: {sh: echo, type: map, keys: {virtual: bool, load: number}}\n"
                          "  t.disks: {sh: echo, type: table, columns: {mount: text, free: bytes}}\n"
                          "  t.names: {sh: echo, type: list}\n"
                          "checks:\n";
const std::string texts =
    "    title: {en: Size, zh: 大小}\n    why: {en: a, zh: a}\n    source: own\n    remedy: {en: mend it, zh: 处理}\n"
    "    examples: [{given: {t.size: 1 KB}, is: fail}, {given: {t.size: 9 KB}, is: ok}]\n";

/// A catalogue with the one check "t.x" that has these lines.
Catalogue catalogue(const std::string& lines) { return one_pack(facts + "  - id: t.x\n" + texts + lines); }

const std::string plain_check =
    "    value: t.size\n    fail: value < 2 * KB\n    warn: value < 4 * KB\n    limit: 2 * KB\n    warn_limit: 4 * KB\n"
    "    says: {en: \"{{ bytes(value) }} of {{ bytes(limit) }} {{ level }}\", zh: \"{{ bytes(value) }}/{{ bytes(limit) "
    "}} {{ level }}\"}\n";
const std::string says = "    says: {en: found, zh: 结果}\n";

std::vector<Finding> judged(const std::string& lines, json given,
                            std::map<std::string, Unread, std::less<>> unread = {}) {
    auto c = catalogue(lines);
    Sight s;
    s.data = Language::constants();
    if (given.is_object()) s.data.update(given);
    s.unread = std::move(unread);
    return judge(*c.check("t.x"), s, "app1");
}

Finding one(const std::string& lines, json given, std::map<std::string, Unread, std::less<>> unread = {}) {
    auto all = judged(lines, std::move(given), std::move(unread));
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Finding{} : all.front();
}

json size(double x) { return {{"t", {{"size", x}}}}; }
Unread absent(const char* why) { return {true, {why, why}}; }
Unread unknown(const char* why) { return {false, {why, why}}; }

} // namespace

TEST(Judge, fail_warn_and_ok_with_value_and_limit) {
    auto f = one(plain_check, size(1000));
    EXPECT_EQ(f.level, Level::fail);
    EXPECT_EQ(f.id, "t.x");
    EXPECT_EQ(f.subject, "app1");
    EXPECT_EQ(f.title.zh, "大小");
    EXPECT_EQ(f.text.en, "1000 B of 2 KiB fail");
    EXPECT_EQ(f.text.zh, "1000 B/2 KiB fail");
    EXPECT_EQ(f.remedy.en, "mend it");
    EXPECT_EQ(f.value.kind, Kind::bytes);
    EXPECT_EQ(f.limit.data, 2000);
    auto w = one(plain_check, size(3000));
    EXPECT_EQ(w.level, Level::warn);
    EXPECT_EQ(w.limit.data, 4000);
    EXPECT_EQ(w.remedy.zh, "处理");
    auto o = one(plain_check, size(4000));
    EXPECT_EQ(o.level, Level::ok);
    EXPECT_TRUE(o.remedy.empty());
    EXPECT_EQ(o.text.en, "3.9 KiB of 3.9 KiB ok");
    ASSERT_EQ(o.metrics.size(), 1u);
    EXPECT_EQ(o.metrics[0].unit, "B");
    EXPECT_EQ(o.metrics[0].value, 4000);
}

TEST(Judge, a_fact_without_value_is_unknown_and_an_absent_one_is_skipped) {
    auto u = one(plain_check, {}, {{"t.size", unknown("needs root")}});
    EXPECT_EQ(u.level, Level::unknown);
    EXPECT_EQ(u.text.en, "could not read t.size: needs root");
    auto a = one(plain_check, {}, {{"t.size", absent("no such thing")}});
    EXPECT_EQ(a.level, Level::skip);
    EXPECT_EQ(a.text.en, "no such thing");
    EXPECT_EQ(
        one(plain_check + "    absent: {en: not here, zh: 没有}\n", {}, {{"t.size", absent("no such thing")}}).text.zh,
        "没有");
    EXPECT_EQ(
        one(plain_check + "    absent: {en: not here, zh: 没有}\n", {}, {{"t.size", unknown("needs root")}}).level,
        Level::unknown)
        << "could not be read is not absent";
}

TEST(Judge, a_key_that_was_not_printed) {
    auto lines = "    value: t.flags.load\n    fail: value > 4\n" + says;
    json given{{"t", {{"flags", {{"virtual", true}}}}}};
    EXPECT_EQ(one(lines, given).level, Level::unknown);
    EXPECT_EQ(one(lines, given).text.en, "t.flags.load was not reported");
    auto a = one(lines + "    absent: {en: no load here, zh: 没有}\n", given);
    EXPECT_EQ(a.level, Level::skip);
    EXPECT_EQ(a.text.en, "no load here");
}

TEST(Judge, no_figure_is_a_skip) {
    auto f = one("    value: t.size\n    fail: value < need.memory.minimum\n    limit: need.memory.minimum\n" + says,
                 {{"t", {{"size", 5}}}, {"need", {{"memory", {{"minimum", nullptr}}}}}});
    EXPECT_EQ(f.level, Level::skip);
    EXPECT_EQ(f.text.en, "no figure is known for need.memory.minimum");
}

TEST(Judge, skip_comes_before_value_unless_it_reads_the_value) {
    auto lines = "    skip: t.flags.virtual\n    skip_says: {en: virtual machine, zh: 虚拟机}\n" + plain_check;
    auto skipped = one(lines, {{"t", {{"flags", {{"virtual", true}}}}}}, {{"t.size", unknown("lost")}});
    EXPECT_EQ(skipped.level, Level::skip) << "the value of what does not apply may not exist";
    EXPECT_EQ(skipped.text.zh, "虚拟机");
    EXPECT_EQ(one(lines, {{"t", {{"flags", {{"virtual", false}}}, {"size", 1}}}}).level, Level::fail);
    EXPECT_EQ(one(lines, size(1), {{"t.flags", unknown("lost")}}).level, Level::unknown)
        << "whether it applies is not known";
    auto spoken = "    skip: t.flags.virtual\n    skip_says: {en: \"load {{ t.flags.load }}\", zh: \"负载 {{ "
                  "t.flags.load }}\"}\n" +
                  plain_check;
    EXPECT_EQ(one(spoken, {{"t", {{"flags", {{"virtual", true}, {"load", 3}}}}}}).text.zh, "负载 3");
    auto by_value = "    skip: value == 0\n    skip_says: {en: none, zh: 无}\n" + plain_check;
    EXPECT_EQ(one(by_value, size(0)).level, Level::skip);
    EXPECT_EQ(one(by_value, size(1)).level, Level::fail);
}

TEST(Judge, what_cannot_be_reckoned_is_unknown) {
    auto f = one("    value: t.size / (t.limit / KB)\n    fail: value < 1 * KB\n" + says,
                 {{"t", {{"size", 5}, {"limit", 0}}}});
    EXPECT_EQ(f.level, Level::unknown);
    EXPECT_NE(f.text.en.find("division by zero"), std::string::npos);
    EXPECT_EQ(one("    value: min(t.names)\n    fail: t.size < 1 * KB\n" + says,
                  {{"t", {{"size", 5}, {"names", json::array()}}}})
                  .level,
              Level::unknown);
}

TEST(Judge, each_row_is_a_finding_of_its_own) {
    auto lines = "    each: t.disks\n    label: row.mount\n    value: row.free\n    fail: value < 1 * KB\n    says: "
                 "{en: \"{{ row.mount }}: {{ bytes(value) }}\", zh: \"{{ row.mount }}：{{ bytes(value) }}\"}\n";
    auto all = judged(
        lines, {{"t", {{"disks", {{{"mount", "/"}, {"free", 10}}, {{"mount", "/srv\x1b[31m\n"}, {"free", 5000}}}}}}});
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].item, "/");
    EXPECT_EQ(all[0].level, Level::fail);
    EXPECT_EQ(all[0].text.en, "/: 10 B");
    EXPECT_EQ(all[1].item, "/srv\uFFFD[31m") << "fit for a terminal";
    EXPECT_EQ(all[1].level, Level::ok);
    EXPECT_EQ(all[1].text.en.find('\x1b'), std::string::npos);
    auto items = judged("    each: t.names\n    label: row\n    value: row\n    fail: matches(value, \"^x\")\n" + says,
                        {{"t", {{"names", {"a", "x1"}}}}});
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(items[1].level, Level::fail);
}

TEST(Judge, no_rows_give_one_finding_and_never_none) {
    auto lines = "    each: t.names\n    label: row\n    fail: matches(row, \"^x\")\n" + says;
    json nothing{{"t", {{"names", json::array()}}}};
    ASSERT_EQ(judged(lines, nothing).size(), 1u);
    EXPECT_EQ(one(lines, nothing).level, Level::skip);
    EXPECT_EQ(one(lines + "    none: ok\n", nothing).level, Level::ok);
    EXPECT_EQ(one(lines, {}, {{"t.names", unknown("lost")}}).level, Level::unknown);
    EXPECT_EQ(one(lines, {}, {{"t.names", absent("none")}}).level, Level::skip);
}

TEST(Judge, rows_do_not_see_the_values_of_others) {
    auto lines = "    each: t.disks\n    label: row.mount\n    skip: row.mount == \"/\"\n    skip_says: {en: not this, "
                 "zh: 不查}\n    value: row.free\n    fail: value < 1 * KB\n" +
                 says;
    auto all = judged(
        lines,
        {{"t",
          {{"disks",
            {{{"mount", "/a"}, {"free", 10}}, {{"mount", "/"}, {"free", 10}}, {{"mount", "/b"}, {"free", 9999}}}}}}});
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].level, Level::fail);
    EXPECT_EQ(all[1].level, Level::skip);
    EXPECT_TRUE(all[1].value.empty());
    EXPECT_EQ(all[2].level, Level::ok);
}

TEST(Judge, hostile_text_of_a_host_is_made_plain) {
    auto f = one("    value: join(t.names, \" \")\n    fail: value != \"\"\n    says: {en: \"is {{ value }}\", zh: "
                 "\"为 {{ value }}\"}\n",
                 {{"t", {{"names", {"{{ 1 + 1 }}", "\x1b]0;x\x07", "\u202E"}}}}});
    EXPECT_EQ(f.text.en, "is {{ 1 + 1 }} \uFFFD]0;x\uFFFD \uFFFD") << "and what looks like a template is not one";
}
