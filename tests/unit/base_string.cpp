#include "core/base/string.hpp"
#include "core/base/value.hpp"
#include "core/loop/process.hpp"
#include <gtest/gtest.h>

using namespace imops;

TEST(Nearest, finds_what_a_typo_meant) {
    std::vector<std::string> ids{"memory.total", "memory.available", "cpu.cores", "kernel.version"};
    EXPECT_EQ(nearest("memory.totl", ids), "memory.total");
    EXPECT_EQ(nearest("memory.totla", ids), "memory.total");
    EXPECT_EQ(nearest("cpu_cores", ids), "cpu.cores");
    EXPECT_EQ(nearest("CPU.cores", ids), "cpu.cores");
    EXPECT_EQ(nearest("memory.total", ids), "memory.total");
}

TEST(Nearest, is_silent_when_nothing_is_near) {
    std::vector<std::string> ids{"memory.total", "cpu.cores"};
    EXPECT_EQ(nearest("disk", ids), "");
    EXPECT_EQ(nearest("", ids), "");
    EXPECT_EQ(nearest("x", {}), "");
    // a third of the letters, no more
    EXPECT_EQ(nearest("abcdef", {"abcdxx"}), "abcdxx");
    EXPECT_EQ(nearest("abcdef", {"abcxxx"}), "");
}

TEST(Utf8, well_formed_text_passes) {
    for (auto s :
         {"", "plain", "内存", "é", "\xF0\x9F\x98\x80", "\xC2\x80", "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"})
        EXPECT_FALSE(bad_utf8(s)) << s;
}

TEST(Utf8, the_first_bad_byte_is_named) {
    struct {
        const char* text;
        std::size_t at;
    } table[]{{"ab\xE4\xBD", 2}, // truncated
              {"a\x80", 1},      // a tail without head
              {"\xC0\xAF", 0},   // overlong in two
              {"\xC1\xBF", 0},
              {"x\xE0\x80\xAF", 1},    // overlong in three
              {"\xF0\x80\x80\xAF", 0}, // overlong in four
              {"\xED\xA0\x80", 0},     // surrogates
              {"\xED\xBF\xBF", 0},
              {"\xF4\x90\x80\x80", 0}, // beyond U+10FFFF
              {"\xF5\x80\x80\x80", 0},
              {"\xFE\xFF", 0},
              {"内\xC4\xDA", 3}}; // GBK
    for (auto& t : table) EXPECT_EQ(bad_utf8(t.text), t.at) << t.text;
}

TEST(Plain, no_escape_sequence_survives) {
    EXPECT_EQ(plain("\x1b[31mred\x1b[0m"), "\uFFFD[31mred\uFFFD[0m");
    EXPECT_EQ(plain("\x1b]0;title\x07"), "\uFFFD]0;title\uFFFD");
    EXPECT_EQ(plain("a\x08"
                    "b\x7F"),
              "a\uFFFDb\uFFFD");
    EXPECT_EQ(plain(std::string_view{"a\0b", 3}), "a\uFFFDb");
    EXPECT_EQ(plain("\xC2\x9B"
                    "31m"),
              "\uFFFD31m");                                 // C1: CSI in one character
    EXPECT_EQ(plain("a\u202Eb\u2066c"), "a\uFFFDb\uFFFDc"); // bidirectional override, isolate
    EXPECT_EQ(plain("a\u2028b"), "a\uFFFDb");
    EXPECT_EQ(plain("line\r\nnext\ttab"), "line\nnext\ttab");
    EXPECT_EQ(plain("内存 é \u00A0"), "内存 é \u00A0");
}

TEST(Plain, what_is_not_utf8_is_replaced) {
    EXPECT_EQ(plain("a\xFF"
                    "b"),
              "a\uFFFDb");
    EXPECT_EQ(plain("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
    EXPECT_EQ(plain("ab\xE4\xBD"), "ab\uFFFD\uFFFD");
}

TEST(Plain, what_is_cut_says_so_and_is_cut_between_characters) {
    EXPECT_EQ(plain("abcdef", 6), "abcdef");
    EXPECT_EQ(plain("abcdefg", 6), "abcdef…");
    auto cut = plain("内存内存", 4);
    EXPECT_EQ(cut, "内存…");
    EXPECT_FALSE(bad_utf8(cut));
    // each bad byte becomes three
    auto grown = plain(std::string(9, '\xFF'), 9);
    EXPECT_EQ(grown, "\uFFFD\uFFFD\uFFFD…");
}

TEST(Plain, one_line_is_one_line) {
    EXPECT_EQ(one_line("  a\nb\tc\r\n"), "a b c");
    EXPECT_EQ(one_line("a\u2028b\x1b[2J"), "a\uFFFDb\uFFFD[2J");
    EXPECT_EQ(one_line(std::string(400, 'x')), std::string(300, 'x') + "…");
    EXPECT_EQ(one_line("\n\n"), "");
}

TEST(Split, keeps_empty_parts) {
    EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
    EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
    EXPECT_EQ(trim(" \t a b \r\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
}

TEST(ShellQuote, a_shell_gives_the_same_word_back) {
    for (std::string text :
         {"",       "plain", "a b", "it's", "''", "$(touch /tmp/x)", "`id`", "a;b|c&d",  "\"", "\\", "\\'",
          "a\nb\n", "-n",    "*",   "~",    "!",  "$HOME",           "内存", "\x1b[31m", "\t", "#",  "a\xFFz"}) {
        auto ended = run_process({"sh", "-c", "printf '%s.' " + shell_quote(text)}, std::chrono::seconds{10});
        ASSERT_TRUE(ended);
        EXPECT_EQ(ended->out, text + ".") << text;
        EXPECT_EQ(ended->status, 0);
    }
}

TEST(ExpandHome, only_the_own_home_is_known) {
    ::setenv("HOME", "/home/me", 1);
    EXPECT_EQ(expand_home("~"), "/home/me");
    EXPECT_EQ(expand_home("~/.ssh/id"), "/home/me/.ssh/id");
    EXPECT_EQ(expand_home("~other/x"), "~other/x");
    EXPECT_EQ(expand_home("/a/~/b"), "/a/~/b");
}

TEST(Value, is_shown_in_its_unit) {
    EXPECT_EQ((Value{Kind::bytes, 4294967296.}).show(), "4 GiB");
    EXPECT_EQ((Value{Kind::seconds, 40}).show(), "40 s");
    EXPECT_EQ((Value{Kind::clock, -0.5}).show(), "-500 ms");
    EXPECT_EQ((Value{Kind::number, 12345}).show(), "12,345");
    EXPECT_EQ((Value{Kind::boolean, true}).show(), "yes");
    EXPECT_EQ((Value{Kind::list, {"a", "b"}}).show(), "a, b");
    EXPECT_EQ((Value{}).show(), "");
    EXPECT_EQ((Value{Kind::text, "a\nb\x1b[31m"}).show(), "a b\uFFFD[31m");
    EXPECT_EQ((Value{Kind::any, {{"k", "\xFF"}}}).show(), "{\"k\":\"\uFFFD\"}");
    EXPECT_EQ((Value{Kind::any, {{"k", "\x1b"}}}).show(), "{\"k\":\"\\u001b\"}");
}

TEST(Kind, names_are_reversible) {
    for (auto k : {Kind::number, Kind::bytes, Kind::seconds, Kind::text, Kind::boolean, Kind::list, Kind::map,
                   Kind::table, Kind::clock, Kind::any})
        EXPECT_EQ(kind_of(name(k)), k);
    EXPECT_EQ(kind_of("boolean"), std::nullopt);
}
