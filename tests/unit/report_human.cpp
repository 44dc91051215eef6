#include "core/base/string.hpp"
#include "core/report/writer.hpp"
#include "tests/unit/report_sample.hpp"
#include <gtest/gtest.h>
#include <sstream>

using namespace imops;
using namespace imops::testing_help;

namespace {

std::string written(const Report& r, WriteOptions o = {}) {
    std::ostringstream s;
    find_writer("human")->write(r, o, s);
    return s.str();
}

/// Columns on a terminal, reckoned apart from the writer: two for what begins with E3 to ED or EF.
int columns(std::string_view s) {
    int n = 0;
    for (unsigned char c : s) n += (c & 0xC0) == 0x80 ? 0 : (c >= 0xE3 && c <= 0xED) || c == 0xEF ? 2 : 1;
    return n;
}

Finding unknown(const char* id, const char* subject, const char* why) {
    return {.id = id,
            .subject = subject,
            .item = {},
            .level = Level::unknown,
            .title = {id, id},
            .text = say("could not read {}: {}", "无法读取 {}：{}", id, why),
            .remedy = {},
            .value = {},
            .limit = {},
            .metrics = {}};
}

} // namespace

TEST(Human, shows_what_is_wrong_and_counts_the_rest) {
    auto text = written(sample());
    EXPECT_EQ(text, "FAIL    app1  memory.total  Installed memory\n"
                    "        4 GiB, 8 GiB needed\n"
                    "        → add memory\n"
                    "unknown app1  disk.fsync  disk.fsync\n"
                    "        could not read disk.fsync: needs root\n"
                    "warn    db1 /srv  disk.space  disk.space\n"
                    "        85 % used\n"
                    "        → make room\n"
                    "waived  db1  swap.present  swap.present\n"
                    "        no swap (accepted)\n"
                    "a note\n"
                    "1 FAIL  1 unknown  1 warn  1 waived  1 skip  1 ok\n");
}

TEST(Human, speaks_chinese) {
    auto text = written(sample(), {.lang = Lang::zh});
    EXPECT_TRUE(
        text.starts_with("失败    app1  memory.total  内存容量\n        4 GiB，需要 8 GiB\n        → 增加内存\n"))
        << text;
    EXPECT_TRUE(text.ends_with("备注\n1 失败  1 未知  1 警告  1 豁免  1 跳过  1 通过\n")) << text;
}

TEST(Human, all_shows_what_is_fine_too) {
    auto text = written(sample(), {.all = true});
    EXPECT_NE(text.find("ok      app1  cpu.cores"), std::string::npos);
    EXPECT_NE(text.find("skip    app1  cpu.model"), std::string::npos);
    EXPECT_EQ(written(sample()).find("cpu.cores"), std::string::npos);
}

TEST(Human, no_colour_unless_asked_for) {
    EXPECT_EQ(written(sample(), {.all = true}).find('\x1b'), std::string::npos);
    auto painted = written(sample(), {.colour = true, .all = true});
    EXPECT_NE(painted.find("\x1b[1;31mFAIL"), std::string::npos);
    std::string bare;
    for (std::size_t i = 0; i < painted.size(); ++i) {
        if (painted[i] == '\x1b')
            i = painted.find('m', i);
        else
            bare += painted[i];
    }
    EXPECT_EQ(bare, written(sample(), {.all = true})) << "colour changes nothing else";
}

TEST(Human, is_no_wider_than_asked_for) {
    Report r;
    std::string english, chinese;
    for (int i = 0; i < 40; ++i) english += "word" + std::to_string(i) + " ", chinese += "内存不足时服务会被终止，";
    r.findings.push_back({.id = "x.y",
                          .subject = "app1",
                          .item = {},
                          .level = Level::fail,
                          .title = {"t", "标题"},
                          .text = {english, chinese},
                          .remedy = {english, chinese},
                          .value = {},
                          .limit = {},
                          .metrics = {}});
    for (int width : {40, 60, 100, 140})
        for (auto lang : {Lang::en, Lang::zh})
            for (auto text = written(r, {.lang = lang, .width = width}); auto line : split(text, '\n')) {
                EXPECT_LE(columns(line), width + 1) << line;
                EXPECT_FALSE(bad_utf8(line)) << "cut inside a character";
            }
    // and nothing of the text is lost
    auto text = written(r, {.lang = Lang::zh, .width = 40});
    std::string joined;
    for (char c : text)
        if (c != ' ' && c != '\n') joined += c;
    EXPECT_NE(joined.find(chinese), std::string::npos);
}

TEST(Human, a_command_to_paste_is_never_broken) {
    Report r;
    std::string command = "`sysctl -w net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=8192`";
    r.findings.push_back({.id = "x.y",
                          .subject = "app1",
                          .item = {},
                          .level = Level::fail,
                          .title = {"t", "t"},
                          .text = {"a", "a"},
                          .remedy = {"Some words before it: " + command + " and after.", "先执行 " + command + " 。"},
                          .value = {},
                          .limit = {},
                          .metrics = {}});
    for (int width : {40, 50, 60, 80})
        for (auto lang : {Lang::en, Lang::zh})
            EXPECT_NE(written(r, {.lang = lang, .width = width}).find(command), std::string::npos) << width;
}

TEST(Human, unknowns_with_one_reason_are_one_entry) {
    Report r;
    for (auto id : {"a.a", "b.b", "c.c"}) r.findings.push_back(unknown(id, "app1", "needs root"));
    r.findings.push_back(unknown("d.d", "app1", "no answer in 10 s"));
    r.findings.push_back(unknown("a.a", "db1", "needs root"));
    auto text = written(r, {.width = 140});
    EXPECT_NE(text.find("could not read a.a: needs root (and 2 more for the same reason: b.b, c.c)"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("unknown app1  b.b"), std::string::npos) << text;
    EXPECT_NE(text.find("could not read d.d: no answer in 10 s\n"), std::string::npos) << text;
    EXPECT_NE(text.find("unknown db1  a.a"), std::string::npos) << "another host is another problem";
    EXPECT_NE(text.find("5 unknown"), std::string::npos) << "all are counted";
    EXPECT_NE(written(r, {.lang = Lang::zh, .width = 140}).find("同一原因另有 2 项：b.b, c.c"), std::string::npos);
}

TEST(Human, an_interrupted_run_says_so) {
    auto r = sample();
    r.interrupted = true;
    EXPECT_NE(written(r).find("interrupted: this is what was known so far\n"), std::string::npos);
    EXPECT_NE(written(r, {.lang = Lang::zh}).find("已中断"), std::string::npos);
    EXPECT_EQ(written({}), "nothing was judged\n");
    EXPECT_EQ(written({}, {.lang = Lang::zh}), "没有结果\n");
}
