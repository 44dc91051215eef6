#include "core/render/format.hpp"
#include "core/render/stamp.hpp"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace imops;
using namespace imops::render;

namespace {

std::string shown(Format f, const std::string& s) {
    try {
        return written(f, s);
    } catch (const std::exception& e) {
        return std::string{"refused: "} + std::string{e.what()}.substr(0, std::string_view{e.what()}.find('\x1f'));
    }
}

TEST(Format, PlainWordsStayAsTheyAre) {
    for (auto f :
         {Format::conf, Format::line, Format::nginx, Format::haproxy, Format::redis, Format::yaml, Format::unit})
        EXPECT_EQ(shown(f, "im.example.com"), "im.example.com");
}

TEST(Format, EachQuotesInItsOwnWay) {
    EXPECT_EQ(shown(Format::nginx, R"(a;b"c\)"), R"("a;b\"c\\")");
    EXPECT_EQ(shown(Format::haproxy, "a'b c"), R"('a'\''b c')");
    EXPECT_EQ(shown(Format::postgres, R"(it's\n)"), R"('it''s\\n')");
    EXPECT_EQ(shown(Format::hba, R"(a"b, all)"), R"("a""b, all")");
    EXPECT_EQ(shown(Format::mysql, R"(p"w#\)"), R"("p\"w#\\")");
    EXPECT_EQ(shown(Format::redis, "a b\xC3\xA9"), R"("a b\xc3\xa9")");
    EXPECT_EQ(shown(Format::lua, "a\"\\\n"), R"("a\"\\\010")");
    EXPECT_EQ(shown(Format::unit, "50% x"), R"("50%% x")");
    EXPECT_EQ(shown(Format::env, "a$b`c"), R"("a\$b\`c")");
    EXPECT_EQ(shown(Format::sh, "a'; rm -rf /"), R"('a'\''; rm -rf /')");
}

TEST(Format, YamlTakesNoTextForSomethingElse) {
    for (auto s : {"yes", "No", "null", "1e3", "0x1F", "12:30", "~", "", "- a", "{{ x }}", "a: b", "#x"})
        EXPECT_EQ(shown(Format::yaml, s), nlohmann::json(s).dump()) << s;
}

TEST(Format, WhatAFormatCannotHoldIsRefused) {
    EXPECT_TRUE(shown(Format::nginx, "a$host").starts_with("refused"));
    EXPECT_TRUE(shown(Format::conf, "two words").starts_with("refused"));
    EXPECT_TRUE(shown(Format::conf, "").starts_with("refused"));
    EXPECT_TRUE(shown(Format::line, " a").starts_with("refused"));
    for (auto f : {Format::conf, Format::line, Format::nginx, Format::haproxy, Format::postgres, Format::hba,
                   Format::mysql, Format::unit, Format::env}) {
        EXPECT_TRUE(shown(f, "a\nb").starts_with("refused")) << int(f);
        EXPECT_TRUE(shown(f, "a\xff").starts_with("refused")) << int(f);
    }
    EXPECT_EQ(shown(Format::nginx, "pass\nword").find("pass"), std::string::npos)
        << "the value itself is in no message";
}

TEST(Format, NumbersAndLists) {
    EXPECT_EQ(written(Format::conf, 4.0), "4");
    EXPECT_EQ(written(Format::conf, 0.75), "0.75");
    EXPECT_EQ(written(Format::yaml, nlohmann::json::array({"a", "b c"})), R"([a, "b c"])");
    EXPECT_EQ(written(Format::nginx, nlohmann::json::array({"a.b", "c d"})), R"(a.b "c d")");
    EXPECT_EQ(written(Format::lua, nlohmann::json::array({"a"})), R"({ "a" })");
    EXPECT_THROW(written(Format::conf, nlohmann::json::object()), std::runtime_error);
}

TEST(Stamp, TellsAChangeByHandFromOneOfTheTemplate) {
    auto text = stamped(Format::conf, Lang::en, "nginx/nginx.conf", "3", "# remark\nworker_processes 4;\n");
    auto s = read_stamp(Format::conf, text);
    ASSERT_TRUE(s);
    EXPECT_EQ(s->template_name, "nginx/nginx.conf");
    EXPECT_EQ(s->version, "3");
    EXPECT_TRUE(s->intact);
    auto edited = text;
    edited.replace(edited.find("4;"), 1, "8");
    EXPECT_FALSE(read_stamp(Format::conf, edited)->intact);
    EXPECT_FALSE(read_stamp(Format::conf, "worker_processes 4;\n"));
}

TEST(Stamp, RemarksAreInEitherLanguage) {
    auto en = stamped(Format::lua, Lang::en, "prosody/prosody.cfg.lua", "1", "-- who\nadmins = {}\n"),
         zh = stamped(Format::lua, Lang::zh, "prosody/prosody.cfg.lua", "1", "-- 管理员\nadmins = {}\n");
    EXPECT_NE(en, zh);
    EXPECT_EQ(essence(Format::lua, en), essence(Format::lua, zh));
    EXPECT_EQ(en.substr(0, en.find('\n')), zh.substr(0, zh.find('\n')));
}

} // namespace
