#include "core/render/component.hpp"
#include "core/render/data.hpp"
#include "core/render/include.hpp"
#include <gtest/gtest.h>

using namespace imops;
using namespace imops::render;

namespace {

constexpr const char* head = "component: x\nversion: \"1\"\ntitle: {en: X, zh: X}\nwhen: 'true'\n";

/// All problems as one text.
std::string problems(std::vector<TemplateSource> sources) {
    auto scope = render_scope({});
    try {
        load_components(std::move(sources), scope, Lang::en);
        return "fine";
    } catch (const Failure& f) {
        std::string all;
        for (auto& e : f.errors) all += e.what.en + " → " + e.remedy.en + "\n";
        return all;
    }
}

std::string of(const std::string& manifest, const std::string& text) {
    auto whole = head + manifest + "files:\n  - {template: a.conf, path: /etc/a.conf, format: conf}\n";
    return problems({{"x/component.yaml", "x/component.yaml", whole}, {"x/a.conf", "x/a.conf", text}});
}

TEST(Component, Loads) {
    EXPECT_EQ(
        of("variables:\n  port: {type: number, default: 80, about: {en: a, zh: a}}\n", "port {{ settings.port }}\n"),
        "fine");
}

TEST(Component, EveryMistakeHasItsPlaceAndTheNearestName) {
    auto unknown = of("", "a\nb {{ host.nmae }}\n");
    EXPECT_NE(unknown.find("x/a.conf:2:6: unknown name 'host.nmae'"), std::string::npos) << unknown;
    EXPECT_NE(unknown.find("Did you mean 'host.name'?"), std::string::npos) << unknown;
    auto unused = of("variables:\n  port: {type: number, default: 80, about: {en: a, zh: a}}\n", "a\n");
    EXPECT_NE(unused.find("x/component.yaml:6:"), std::string::npos) << unused;
    EXPECT_NE(unused.find("variable 'port' is not used"), std::string::npos) << unused;
    auto without = of("variables:\n  port: {type: number, about: {en: a, zh: a}}\n", "{{ settings.port }}\n");
    EXPECT_NE(without.find("variable 'port' has no default"), std::string::npos) << without;
    auto kind =
        of("variables:\n  port: {type: number, default: many, about: {en: a, zh: a}}\n", "{{ settings.port }}\n");
    EXPECT_NE(kind.find("x/component.yaml:6:33: a number is needed here"), std::string::npos) << kind;
    auto said = of("", "# {{ say(\"one\") }}\n");
    EXPECT_NE(said, "fine");
    auto fragment = of("check: |\n  one\n  two {{ nobody }}\n", "a\n");
    EXPECT_NE(fragment.find("x/component.yaml:7:"), std::string::npos) << fragment;
}

TEST(Component, StatementsOfManyLinesHaveTheirPlace) {
    auto wrong = of("", "a\n{% if host.name %}\nb\n{% endif %}\n");
    EXPECT_NE(wrong.find("x/a.conf:2:"), std::string::npos) << wrong;
    auto broken = of("", "a\nb\n{% for x in %}\n{% endfor %}\n");
    EXPECT_NE(broken.find("x/a.conf:3:"), std::string::npos) << broken;
}

TEST(Component, ALaterSourceTakesThePlaceOfAnEarlierOne) {
    auto whole = std::string{head} + "files:\n  - {template: a.conf, path: /etc/a.conf, format: conf}\n";
    EXPECT_NE(problems({{"x/component.yaml", "m", whole},
                        {"x/a.conf", "built-in", "fine\n"},
                        {"x/a.conf", "site", "{{ nobody }}\n"}})
                  .find("site:1:4"),
              std::string::npos);
}

std::string include_error(std::vector<TemplateSource> sources) {
    auto r = expand_includes(sources, "x/a");
    return r ? "fine" : r.error().what.en;
}

TEST(Include, PutsOneFileIntoAnother) {
    auto r = expand_includes({{"x/a", "a", "1\n{% include \"x/b\" %}\n4\n"}, {"x/b", "b", "2\n3\n"}}, "x/a");
    ASSERT_TRUE(r);
    EXPECT_EQ(r->text, "1\n2\n3\n4\n");
    auto [file, place] = r->place(4);
    EXPECT_EQ(file, "b");
    EXPECT_EQ(place.line, 2);
    EXPECT_EQ(place.column, 1);
    EXPECT_EQ(r->place(6).second.line, 3);
}

TEST(Include, RefusesWhatLeadsOutOrBack) {
    EXPECT_EQ(include_error({{"x/a", "a", "{% include \"x/a\" %}\n"}}), "a:1: includes itself: x/a → x/a");
    EXPECT_NE(include_error({{"x/a", "a", "{% include \"x/b\" %}\n"}, {"x/b", "b", "{% include \"x/a\" %}\n"}})
                  .find("includes itself"),
              std::string::npos);
    EXPECT_NE(include_error({{"x/a", "a", "{% include \"../../etc/passwd\" %}\n"}}).find("leads out"),
              std::string::npos);
    EXPECT_NE(include_error({{"x/a", "a", "{% include \"/etc/passwd\" %}\n"}}).find("leads out"), std::string::npos);
    EXPECT_NE(include_error({{"x/a", "a", "{% include \"x/n\" %}\n"}}).find("there is no template"), std::string::npos);
}

std::variant<std::string, NoValue> text_of(const std::string& source, const nlohmann::json& data) {
    static Language language;
    Scope s;
    s.add("list", Type{Kind::list, {{"", Type{Kind::text, {}}}}});
    s.add("word", Type{Kind::text, {}});
    auto t = language.file_template(source, s,
                                    {[](const nlohmann::json& v) { return written(Format::nginx, v); }, Lang::zh});
    if (auto* m = std::get_if<Mistake>(&t)) return NoValue{{}, m->what};
    return std::get<Expression>(t).text(data);
}

TEST(FileTemplate, ALoopWithoutEndEnds) {
    nlohmann::json many = nlohmann::json::array();
    for (int i = 0; i < 200; ++i) many.push_back("x");
    auto r = text_of(
        "{% for a in list %}\n{% for b in list %}\n{% for c in list %}\n{% endfor %}\n{% endfor %}\n{% endfor %}\n",
        {{"list", many}});
    ASSERT_TRUE(std::holds_alternative<NoValue>(r));
    EXPECT_NE(std::get<NoValue>(r).what.en.find("million turns"), std::string::npos);
    auto long_text = text_of("{% for a in list %}\n{% for b in list %}\n" + std::string(2000, 'x') +
                                 "\n{% endfor %}\n{% endfor %}\n",
                             {{"list", many}});
    EXPECT_NE(std::get<NoValue>(long_text).what.en.find("4 MiB"), std::string::npos);
}

TEST(FileTemplate, ValuesAreQuotedAndRemarksSpeak) {
    EXPECT_EQ(std::get<std::string>(text_of("# {{ say(\"a\", \"甲\") }}\nx {{ word }};\n", {{"word", "a;b"}})),
              "# 甲\nx \"a;b\";\n");
    auto refused = std::get<NoValue>(text_of("x\ny {{ word }};\n", {{"word", "$a"}}));
    EXPECT_EQ(refused.offset, 7u);
    EXPECT_NE(refused.what.zh.find("变量"), std::string::npos);
}

} // namespace
