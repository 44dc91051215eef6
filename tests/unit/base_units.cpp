#include "core/base/units.hpp"
#include <gtest/gtest.h>

using namespace imops;

namespace {

struct Read {
    const char* text;
    double value;
};

} // namespace

TEST(Units, sizes_of_a_thousand_and_of_1024_are_told_apart) {
    constexpr Read table[]{{"0", 0},
                           {"0 B", 0},
                           {"1 B", 1},
                           {"1 KB", 1e3},
                           {"500MB", 5e8},
                           {"100 GB", 1e11},
                           {"2 TB", 2e12},
                           {"1 KiB", 1024},
                           {"1.5 MiB", 1572864},
                           {"4 GiB", 4294967296.},
                           {"4GiB", 4294967296.},
                           {" 4  GiB ", 4294967296.},
                           {"1 TiB", 1099511627776.},
                           {"7.6 GiB", 7.6 * 1073741824}};
    for (auto& t : table) {
        ASSERT_TRUE(parse_bytes(t.text)) << t.text;
        EXPECT_DOUBLE_EQ(*parse_bytes(t.text), t.value) << t.text;
    }
}

TEST(Units, a_size_without_unit_or_with_a_wrong_one_is_refused) {
    for (auto text : {"",      " ",      "4",        "0.5",       "GiB",         "4 gib",   "4 Gb",
                      "4 G",   "-1 GB",  "+1 GB",    "4 GiB x",   "4 GiB 2 MiB", "4,5 GiB", "nan B",
                      "inf B", "0x10 B", "1e400 GB", "1e308 TiB", "10 s",        "４ GiB",  "4 GiB\n"})
        EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(Units, times) {
    constexpr Read table[]{{"0", 0},           {"250ms", 0.25},      {"10 s", 10},          {"1 second", 1},
                           {"2m", 120},        {"2 min", 120},       {"12 h", 43200},       {"90 days", 7776000},
                           {"90d", 7776000},   {"2 weeks", 1209600}, {"3 months", 7776000}, {"1 year", 31536000},
                           {"1.5 hours", 5400}};
    for (auto& t : table) {
        ASSERT_TRUE(parse_duration(t.text)) << t.text;
        EXPECT_DOUBLE_EQ(*parse_duration(t.text), t.value) << t.text;
    }
    for (auto text :
         {"", "10", "s", "-1 s", "10 sec", "10 S", "1h30m", "1:30", "10 MB", "nan s", "inf d", "1e308 years"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Units, shares) {
    EXPECT_DOUBLE_EQ(*parse_share("85 %"), 0.85);
    EXPECT_DOUBLE_EQ(*parse_share("85%"), 0.85);
    EXPECT_DOUBLE_EQ(*parse_share("0.85"), 0.85);
    EXPECT_DOUBLE_EQ(*parse_share("120 %"), 1.2);
    for (auto text : {"", "%", "% 85", "85 % x", "85 %%", "half", "nan", "inf %"})
        EXPECT_FALSE(parse_share(text)) << text;
}

TEST(Units, numbers) {
    EXPECT_EQ(parse_number("12"), 12);
    EXPECT_EQ(parse_number("-3.5"), -3.5);
    EXPECT_EQ(parse_number("1e3"), 1000);
    for (auto text : {"", " 1", "1 ", "1,000", "0x10", "nan", "inf", "-inf", "1e999", "1.2.3", "--1", "+1", "一"})
        EXPECT_FALSE(parse_number(text)) << text;
}

TEST(Units, dates) {
    EXPECT_EQ(parse_date("1970-01-01"), 0);
    EXPECT_EQ(parse_date("1970-01-02"), 86400);
    EXPECT_EQ(parse_date("2000-03-01"), 951868800);
    EXPECT_EQ(parse_date("2026-11-21"), 1795219200);
    EXPECT_EQ(parse_date("2024-02-29"), 1709164800);
    for (auto text : {"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-1", "26-11-21", "2026-11-21 ",
                      "2026/11/21", "21-11-2026", "-026-01-01", "2026--1-01", "2026-11--1", "tomorrow"})
        EXPECT_FALSE(parse_date(text)) << text;
}

TEST(Units, what_people_see) {
    EXPECT_EQ(show_bytes(0), "0 B");
    EXPECT_EQ(show_bytes(1023), "1023 B");
    EXPECT_EQ(show_bytes(1024), "1 KiB");
    EXPECT_EQ(show_bytes(7.6 * 1073741824), "7.6 GiB");
    EXPECT_EQ(show_bytes(123.4 * 1048576), "123 MiB");
    EXPECT_EQ(show_bytes(5e15), "4547 TiB");
    EXPECT_EQ(show_bytes(-2048), "-2 KiB");
    EXPECT_EQ(show_duration(0), "0 s");
    EXPECT_EQ(show_duration(0.0000005), "0.5 µs");
    EXPECT_EQ(show_duration(0.012), "12 ms");
    EXPECT_EQ(show_duration(40), "40 s");
    EXPECT_EQ(show_duration(-40), "-40 s");
    EXPECT_EQ(show_duration(120), "2 min");
    EXPECT_EQ(show_duration(7200), "2 h");
    EXPECT_EQ(show_duration(90 * 86400), "90 d");
    EXPECT_EQ(show_share(0.85), "85 %");
    EXPECT_EQ(show_share(0.855), "85.5 %");
    EXPECT_EQ(show_number(9999), "9999");
    EXPECT_EQ(show_number(10000), "10,000");
    EXPECT_EQ(show_number(-12345678), "-12,345,678");
    EXPECT_EQ(show_number(0.05), "0.05");
    EXPECT_EQ(show_number(1234.5), "1234.50");
    EXPECT_EQ(show_date(1795219200), "2026-11-21");
    EXPECT_EQ(show_time(1795253400), "2026-11-21T09:30:00Z");
}

TEST(Units, what_is_shown_can_be_read_again) {
    for (double b : {1., 1023., 1024., 5. * 1048576, 100. * 1073741824}) EXPECT_EQ(parse_bytes(show_bytes(b)), b);
    for (double s : {0.012, 40., 600., 43200., 7776000.}) EXPECT_DOUBLE_EQ(*parse_duration(show_duration(s)), s);
}
