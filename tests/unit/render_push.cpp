#include "core/base/string.hpp"
#include "core/loop/process.hpp"
#include "core/render/diff.hpp"
#include "core/render/live.hpp"
#include "core/render/mask.hpp"
#include "core/render/push.hpp"
#include "core/render/scripts.hpp"
#include <gtest/gtest.h>
#include <unistd.h>

using namespace imops;
using namespace imops::render;

namespace {

std::string diff(std::string_view a, std::string_view b) {
    std::string all;
    for (auto& l : unified_diff(a, b)) all += l.mark == '@' ? l.text + "\n" : l.mark + l.text + "\n";
    return all;
}

TEST(Diff, IsUnified) {
    EXPECT_EQ(diff("a\nb\n", "a\nb\n"), "");
    EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nfive\n6\n7\n8\n"),
              "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    EXPECT_EQ(diff("", "a\n"), "@@ -0,0 +1,1 @@\n+a\n");
    EXPECT_EQ(diff("a\n", ""), "@@ -1,1 +0,0 @@\n-a\n");
    EXPECT_EQ(diff("x\n1\n2\n3\n4\n5\n6\n7\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\nY\n"),
              "@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n");
}

TEST(Diff, ApplyingItGivesTheNewText) {
    std::string a, b;
    for (int i = 0; i < 300; ++i) {
        a += std::to_string(i * 7 % 50) + "\n";
        b += std::to_string(i * 11 % 50) + "\n";
    }
    std::string before, after;
    auto everything = unified_diff(a, b); // so different that all lines are near a change
    for (auto& l : everything) {
        if (l.mark != '+' && l.mark != '@') before += l.text + "\n";
        if (l.mark != '-' && l.mark != '@') after += l.text + "\n";
    }
    EXPECT_EQ(before, a);
    EXPECT_EQ(after, b);
}

TEST(Mask, HidesKnownValuesInEveryForm) {
    Mask m{{R"(p'a"s$s w)"}};
    for (auto f :
         {Format::postgres, Format::redis, Format::yaml, Format::lua, Format::sh, Format::mysql, Format::env}) {
        auto text = "error near " + written(f, R"(p'a"s$s w)") + " in line 1";
        EXPECT_EQ(m.text(text).find("p'"), std::string::npos) << m.text(text);
        EXPECT_EQ(m.text(text).find("s$s"), std::string::npos) << m.text(text);
    }
    EXPECT_EQ(m.text("https://u:p%27a%22s%24s%20w@h"), "https://u:‹secret›@h");
}

TEST(Mask, HidesOlderSecretsByTheirNames) {
    Mask m{{}};
    for (auto line :
         {"requirepass older", "    password: older", "sql_password: \"older\"", "turn_shared_secret: 'older'",
          "MM_SQLSETTINGS_DATASOURCE=\"older\"", "static-auth-secret=older", "  sql = { password = \"older\" }"}) {
        EXPECT_EQ(m.line(line).find("older"), std::string::npos) << m.line(line);
        EXPECT_NE(m.line(line).find("‹secret›"), std::string::npos) << m.line(line);
    }
    EXPECT_EQ(m.line("postgres://u:older@h/db"), "postgres://u:‹secret›@h/db");
    EXPECT_EQ(m.line("password_encryption = scram-sha-256"), "password_encryption = scram-sha-256");
    EXPECT_EQ(m.line("max_connections = 100"), "max_connections = 100");
}

TEST(Live, ReadsWhatTheHostPrints) {
    LiveReader r{4, "M"};
    auto text =
        std::string{"\nM file 0 640 root:adm\na\nb\n\nM done 0 0\nnoise\nM absent 1\nM unreadable 2 600 root:root\n"
                    "M file 3 644 a:b\nhalf\nM done 3 1\n"};
    for (char c : text) r.out({&c, 1});
    auto& f = r.files();
    EXPECT_EQ(f[0].state, LiveFile::State::there);
    EXPECT_EQ(f[0].text, "a\nb\n");
    EXPECT_EQ(f[0].mode, "640");
    EXPECT_EQ(f[0].owner, "root:adm");
    EXPECT_EQ(f[1].state, LiveFile::State::absent);
    EXPECT_EQ(f[2].state, LiveFile::State::unreadable);
    EXPECT_EQ(f[3].state, LiveFile::State::unreadable) << "the reader of it failed";
}

TEST(Live, HostileOutputIsBounded) {
    LiveReader r{1, "M"};
    r.out("M file 0 640 root:adm\n");
    for (int i = 0; i < 3000; ++i) r.out(std::string(10000, 'A'));
    r.out("\nM done 0 0\nM done 77 0\nM done x\nM \nM\n");
    EXPECT_NE(r.files()[0].text.size(), 30'000'000u);
}

TEST(Push, ReaderTellsHowItWent) {
    PushReader r{"M"};
    r.out("banner\nM step nginx check\nM failed nginx check 1\nM said unexpected end of file\nM said second\nM "
          "rollback\nM back nginx\nM end\n");
    ASSERT_TRUE(r.failed);
    EXPECT_EQ(r.failed->component, "nginx");
    EXPECT_EQ(r.failed->step, "check");
    EXPECT_EQ(r.failed->said, "unexpected end of file\nsecond\n");
    EXPECT_TRUE(r.rolled_back);
    EXPECT_TRUE(r.ended);
    EXPECT_FALSE(r.committed);
}

/// A step of a push in this shell: its function, and what the step's status was.
class Step : public testing::TestWithParam<const char*> {
  protected:
    std::string run(const std::string& body, int seconds) const {
        auto script = remote::program(
            "M", {},
            fmt::format("{}imops_dir=$(mktemp -d)\nimops_at=1\nimops_try_1() {{\n{}\n}}\nimops_step {} x try\n"
                        "echo \"status $?\"\ncat \"$imops_dir/said\"\nrm -rf \"$imops_dir\"\n",
                        part_of_script("push.sh"), body, seconds));
        std::vector<std::string> argv;
        for (auto word : split(GetParam(), ' ')) argv.emplace_back(word);
        argv.emplace_back("-s");
        auto ended = run_process(argv, std::chrono::seconds{20}, script);
        return ended ? ended->out : "did not end";
    }
};

TEST_P(Step, WhatHangsIsEndedWithItsChildren) {
    auto own = 1'000'000 + ::getpid(); // seconds that no other test sleeps
    auto said = run(fmt::format("echo begun; sleep {0} & sleep {0}", own), 1);
    EXPECT_EQ(said, "status 124\nbegun\n");
    auto left = run_process({"pgrep", "-f", fmt::format("^sleep {}$", own)}, std::chrono::seconds{5});
    ASSERT_TRUE(left);
    EXPECT_EQ(left->out, "");
}

TEST_P(Step, ItsStatusAndWordsAreKept) {
    EXPECT_EQ(run("echo one; echo two >&2; exit 3", 10), "status 3\none\ntwo\n");
    EXPECT_EQ(run("cat; echo fine", 10), "status 0\nfine\n") << "standard input is empty";
}

TEST_P(Step, WhatDoesNotComeBackIsToldAndTheJournalStays) {
    auto script = remote::program(
        "M", {},
        fmt::format(
            "{}imops_dir=$(mktemp -d)\nimops_state=$imops_dir/state\nmkdir \"$imops_state\" \"$imops_dir/folder\"\n"
            "cd \"$imops_dir\"\necho former >a.imops-old~\necho later >a\n"
            "printf 'had a\\nhad gone/b\\nfresh folder\\n' >\"$imops_state/journal\"\nimops_restore && echo good\n"
            "cat a state/journal\nrmdir folder\nmkdir gone\necho b >gone/b.imops-old~\nimops_restore && echo good\n"
            "ls state\ncd /\nrm -rf \"$imops_dir\"\n",
            part_of_script("push.sh")));
    std::vector<std::string> argv;
    for (auto word : split(GetParam(), ' ')) argv.emplace_back(word);
    argv.emplace_back("-s");
    auto ended = run_process(argv, std::chrono::seconds{20}, script);
    ASSERT_TRUE(ended);
    std::string kept;
    for (auto line : split(ended->out, '\n'))
        if (!line.empty() && line.find(" said ") == std::string::npos) kept += std::string{line} + "\n";
    EXPECT_EQ(kept, "M left - fresh folder\nM left - had gone/b\nformer\nhad a\nhad gone/b\nfresh folder\ngood\n");
    EXPECT_NE(ended->out.find(" said "), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Shells, Step, testing::Values("sh", "dash", "bash", "busybox sh"));

} // namespace
