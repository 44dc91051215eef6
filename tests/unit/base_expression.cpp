#include "core/base/expression.hpp"
#include <gtest/gtest.h>

using namespace imops;
using nlohmann::json;

namespace {

Scope names() {
    Scope s;
    Type text{Kind::text, {}}, number{Kind::number, {}}, bytes{Kind::bytes, {}}, seconds{Kind::seconds, {}},
        boolean{Kind::boolean, {}};
    s.add("n", number);
    s.add("zero", number);
    s.add("size", bytes);
    s.add("time", seconds);
    s.add("t", text);
    s.add("version", text);
    s.add("yes", boolean);
    s.add("no", boolean);
    s.add("memory.total", bytes);
    s.add("memory.gone", bytes);
    s.add("words_list", Type{Kind::list, {{"", text}}});
    s.add("numbers", Type{Kind::list, {{"", number}}});
    s.add("nothing", Type{Kind::list, {{"", number}}});
    s.add("disks", Type{Kind::table, {{"mount", text}, {"free", bytes}}});
    s.add("fleet.clock", Type{Kind::map, {{"", Type{Kind::clock, {}}}}});
    s.add("clock", Type{Kind::clock, {}});
    s.add("whatever", Type{Kind::any, {}});
    return s;
}

json data() {
    json j = Language::constants();
    j.update(json{{"n", 7},
                  {"zero", 0},
                  {"size", 4294967296},
                  {"time", 7776000},
                  {"t", "Linux 6.1"},
                  {"version", "5.10.2"},
                  {"yes", true},
                  {"no", false},
                  {"memory", {{"total", 8589934592}}},
                  {"words_list", {"a", "b"}},
                  {"numbers", {3, 1, 2}},
                  {"nothing", json::array()},
                  {"disks", {{{"mount", "/"}, {"free", 10}}, {{"mount", "/srv"}, {"free", 30}}}},
                  {"fleet", {{"clock", {{"a", 0}, {"b", 40}, {"c", 0}}}}},
                  {"clock", -2},
                  {"whatever", 3}});
    return j;
}

/// The value of an expression, or the text of why there is none.
json value(const std::string& source) {
    static const Language language;
    static const Scope scope = names();
    auto e = language.expression(source, scope);
    if (auto* m = std::get_if<Mistake>(&e)) return "mistake at " + std::to_string(m->offset) + ": " + m->what.en;
    auto v = std::get<Expression>(e).value(data());
    if (auto* n = std::get_if<NoValue>(&v)) return "no value: " + (n->missing.empty() ? n->what.en : n->missing);
    return std::get<json>(v);
}

Mistake mistake(const std::string& source, std::optional<Kind> wanted = {}) {
    static const Language language;
    static const Scope scope = names();
    auto e = language.expression(source, scope, wanted);
    if (auto* m = std::get_if<Mistake>(&e)) return *m;
    ADD_FAILURE() << source << " is taken as right";
    return {};
}

} // namespace

TEST(Expression, values) {
    std::pair<const char*, json> table[]{
        {"1 + 2 * 3", 7},
        {"(1 + 2) * 3", 9},
        {"7 / 2", 3.5},
        {"7 % 4", 3},
        {"2 ^ 10", 1024},
        {"0 - n", -7},
        {"n > -8", true},
        {"size < 8 * GiB", true},
        {"size == 4 * GiB", true},
        {"size * 0.93 < memory.total", true},
        {"size / memory.total", 0.5},
        {"time >= 30 * days", true},
        {"time > 0", true},
        {"n == 0 or size == 0", false},
        {"yes and not no", true},
        {"not (t == version)", true},
        {"(yes and no) or yes", true},
        {"t == \"a|b\\\"|\"", false},
        {"yes and (no or yes)", true},
        {"t == \"a and b or c\"", false},
        {"\"b\" in words_list", true},
        {"not (\"c\" in words_list)", true},
        {"n in [1, 7]", true},
        {"t + \"!\"", "Linux 6.1!"},
        {"clock - 1 * seconds", -3},
        {"TB > TiB", false},
        {"1 * minutes == 60 * seconds", true},
        {"whatever > 2", true},
    };
    for (auto& [source, expected] : table) EXPECT_EQ(value(source), expected) << source;
}

TEST(Expression, every_function) {
    std::pair<const char*, json> table[]{
        {"bytes(size)", "4 GiB"},
        {"duration(time)", "90 d"},
        {"duration(clock)", "-2 s"},
        {"percent(0.855)", "85.5 %"},
        {"number(12345)", "12,345"},
        {"date(time)", "1970-04-01"},
        {"abs(clock)", 2},
        {"sum(numbers)", 6},
        {"sum(nothing)", 0},
        {"sum(column(disks, \"free\"))", 40},
        {"median(numbers)", 2},
        {"median([4, 1, 3, 2])", 2.5},
        {"median(fleet.clock)", 0},
        {"min(numbers)", 1},
        {"max(numbers)", 3},
        {"max(fleet.clock)", 40},
        {"column(disks, \"mount\")", {"/", "/srv"}},
        {"where(disks, \"mount\", \"/srv\")", json::array({{{"mount", "/srv"}, {"free", 30}}})},
        {"length(where(disks, \"mount\", \"/none\"))", 0},
        {"same(fleet.clock, 0)", {"a", "c"}},
        {"spread(fleet.clock)", 2},
        {"spread(numbers)", 3},
        {"less([\"a\", \"b\", \"c\"], words_list)", {"c"}},
        {"both([\"a\", \"c\"], words_list)", {"a"}},
        {"words(\"  one   two \")", {"one", "two"}},
        {"matches(t, \"^Linux\")", true},
        {"matches(t, \"^Windows\")", false},
        {"part(t, \"Linux ([0-9]+)\")", "6"},
        {"part(t, \"Windows ([0-9]+)\")", ""},
        {"older(version, \"5.9\")", false},
        {"older(version, \"5.10.10\")", true},
        {"older(version, \"5.10.2\")", false},
        {"older(\"5.10\", \"5.10.1\")", true},
        {"older(\"9\", \"10\")", true},
        {"older(\"2.4.0\", \"2.4\")", false},
        {"int(\"42\")", 42},
        {"float(\"4.5\")", 4.5},
        {"round(3.14159, 2)", 3.14},
        {"round(memory.total * 1.2, 0)", 10307921510},
        {"length(words_list)", 2},
        {"length(t)", 9},
        {"length(disks)", 2},
        {"lower(t)", "linux 6.1"},
        {"upper(t)", "LINUX 6.1"},
        {"replace(t, \"Linux\", \"L\")", "L 6.1"},
        {"join(words_list, \", \")", "a, b"},
        {"first(words_list)", "a"},
        {"last(numbers)", 2},
        {"exists(\"memory.total\")", true},
        {"exists(\"memory.gone\")", false},
    };
    for (auto& [source, expected] : table) EXPECT_EQ(value(source), expected) << source;
}

TEST(Expression, no_function_is_left_out_of_the_table_above) {
    for (auto f :
         {"median(nothing)", "min(nothing)", "max(nothing)", "first(nothing)", "last(nothing)", "int(t)", "float(t)"})
        EXPECT_TRUE(value(f).is_string() && value(f).get<std::string>().starts_with("no value: " + std::string{f}))
            << f << ": " << value(f);
}

TEST(Expression, kinds_that_do_not_fit_are_mistakes_with_a_place) {
    struct {
        const char *source, *what;
        std::size_t offset;
    } table[]{
        {"size < 8", "bytes is compared with number", 5},
        {"size < time", "bytes is compared with seconds", 5},
        {"time > 30", "seconds is compared with number", 5},
        {"t == 5", "text is compared with number", 2},
        {"t < version", "text has no order", 2},
        {"yes < no", "bool has no order", 4},
        {"size + time", "bytes and seconds do not add up", 5},
        {"size + 1", "bytes and number do not add up", 5},
        {"size * size", "bytes times bytes has no meaning", 5},
        {"size / time", "bytes divided by seconds has no meaning", 5},
        {"n / size", "number divided by bytes has no meaning", 2},
        {"t + 1", "arithmetic with text and number", 2},
        {"t * 2", "arithmetic with text and number", 2},
        {"n and yes", "`and`, `or` and `not` need conditions, this is number", 0},
        {"not n", "`and`, `or` and `not` need conditions, this is number", 4},
        {"n in words_list", "number in a list of text", 2},
        {"n in size", "`in` needs a list, this is bytes", 2},
        {"bytes(n)", "bytes() takes bytes, this is number", 6},
        {"duration(size)", "duration() takes seconds, this is bytes", 9},
        {"percent(size)", "percent() takes number, this is bytes", 8},
        {"lower(n)", "lower() takes text, this is number", 6},
        {"column(disks, \"mont\")", "the table has no column 'mont'", 0},
        {"exists(\"memory.totl\")", "exists() asks for 'memory.totl', which nothing declares", 0},
        {"median(nothing) > 1 * GiB", "number is compared with bytes", 16},
        {"n % zero", "the divisor of % must be a whole number other than 0, written out", 2},
        {"n % 0", "the divisor of % must be a whole number other than 0, written out", 2},
        {"n % 0.5", "the divisor of % must be a whole number other than 0, written out", 2},
        {"t | lower", "a pipe (|) is no part of the language", 2},
        {"date(|t)", "a pipe (|) is no part of the language", 5},
        {"matches(t, \"(\")", "matches(): '(' does not do as a regular expression: missing ): (", 11},
        {"part(t, \"[0-9]+\")", "part(): '[0-9]+' does not do as a regular expression: no group in it", 8},
    };
    for (auto& t : table) {
        auto m = mistake(t.source);
        EXPECT_EQ(m.what.en, t.what) << t.source;
        EXPECT_EQ(m.offset, t.offset) << t.source;
        EXPECT_FALSE(m.what.zh.empty() || m.what.zh == m.what.en) << t.source;
    }
}

TEST(Expression, traps_of_precedence_are_mistakes) {
    auto m = mistake("not t == version");
    EXPECT_EQ(m.what.en, "`and`, `or` and `not` need conditions, this is text");
    EXPECT_EQ(m.remedy.en, "`not` binds tighter than a comparison: not (a == b).");
    for (auto source : {"yes and no or yes", "yes or no and yes", "(yes and (no or yes)) or yes and no",
                        "yes and (no or yes and no)"}) {
        EXPECT_EQ(mistake(source).what.en, "`and` and `or` stand side by side") << source;
        EXPECT_EQ(mistake(source).remedy.zh, "请用括号标明优先级：(a and b) or c。");
    }
    EXPECT_EQ(mistake("yes and no or yes").offset, 11u);
}

TEST(Expression, unknown_names_get_a_near_match) {
    auto m = mistake("memory.totl < 8 * GiB");
    EXPECT_EQ(m.what.en, "unknown name 'memory.totl'");
    EXPECT_EQ(m.remedy.en, "Did you mean 'memory.total'?");
    EXPECT_EQ(mistake("size < 8 * Gib").remedy.zh, "是否想写 'GiB'？");
    EXPECT_EQ(mistake("size < 8 * Gib").offset, 11u);
    EXPECT_EQ(mistake("qqqqqqqq > 1").remedy.en, "The names are listed in docs/packs.md.");
    EXPECT_EQ(mistake("medain(numbers)").what.en, "there is no function medain()");
    EXPECT_EQ(mistake("medain(numbers)").remedy.en, "Did you mean median()?");
    EXPECT_EQ(mistake("median(numbers, 2)").what.zh, "median() 需要 1 个参数");
}

TEST(Expression, what_cannot_be_parsed_is_a_mistake_and_no_crash) {
    for (auto source : {"",     " ",     "(",      ")",    "1 +",   "+ 1",     "n n", "\"open",          "[1, ",
                        "a..b", "1.2.3", "size <", "== 3", "n @ 2", "{{ n }}", "}}",  "{% set x = 1 %}", "1e999",
                        "n(",   "'x'",   "lower(", "\x01"})
        EXPECT_FALSE(mistake(source).what.en.empty()) << source;
}

TEST(Expression, the_wanted_kind_is_demanded) {
    EXPECT_EQ(mistake("size", Kind::boolean).what.en, "is bytes, but bool is needed here");
    EXPECT_EQ(mistake("size", Kind::boolean).what.zh, "类型是 bytes，此处需要 bool");
}

TEST(Expression, division_by_zero_is_no_value) {
    EXPECT_TRUE(value("1 / zero").get<std::string>().starts_with("no value: 1 / zero: ")) << value("1 / zero");
    EXPECT_NE(value("size / zero").get<std::string>().find("division by zero"), std::string::npos);
}

TEST(Expression, missing_data_is_named) {
    EXPECT_EQ(value("memory.gone < 1 * GiB"), "no value: memory.gone");
    EXPECT_EQ(value("not exists(\"memory.gone\") or memory.gone > 0"), true) << "what exists() guards is not required";
    static const Language language;
    static const Scope scope = names();
    auto e = std::get<Expression>(language.expression("exists(\"memory.gone\") and memory.gone < memory.total", scope));
    EXPECT_EQ(e.reads(), (std::set<std::string>{"memory.gone", "memory.total"}));
    EXPECT_EQ(e.required(), (std::set<std::string>{"memory.total"}));
    EXPECT_EQ(e.kind(), Kind::boolean);
    auto null = e.value(json{{"memory", {{"total", nullptr}}}});
    ASSERT_TRUE(std::holds_alternative<NoValue>(null));
    EXPECT_EQ(std::get<NoValue>(null).missing, "memory.total");
}

TEST(Expression, values_of_two_evaluations_do_not_mix) {
    static const Language language;
    static const Scope scope = names();
    auto a = std::get<Expression>(language.expression("n + 1", scope)),
         b = std::get<Expression>(language.expression("n + 2", scope));
    EXPECT_EQ(std::get<json>(a.value(data())), 8);
    EXPECT_EQ(std::get<json>(b.value(data())), 9);
    auto failed = std::get<Expression>(language.expression("n / zero", scope)).value(data());
    EXPECT_TRUE(std::holds_alternative<NoValue>(failed));
    EXPECT_EQ(std::get<json>(a.value(data())), 8);
}

TEST(Template, texts) {
    static const Language language;
    static const Scope scope = names();
    auto text = [&](const std::string& source) -> std::string {
        auto e = language.text_template(source, scope);
        if (auto* m = std::get_if<Mistake>(&e)) return "mistake at " + std::to_string(m->offset) + ": " + m->what.en;
        auto t = std::get<Expression>(e).text(data());
        if (std::holds_alternative<NoValue>(t)) return "no value";
        return std::get<std::string>(t);
    };
    EXPECT_EQ(text("{{ bytes(size) }} of {{ bytes(memory.total) }}"), "4 GiB of 8 GiB");
    EXPECT_EQ(text("{% if n > 5 %}many{% else %}few{% endif %}"), "many");
    EXPECT_EQ(text("{% for d in disks %}{{ d.mount }} {{ bytes(d.free) }};{% endfor %}"), "/ 10 B;/srv 30 B;");
    EXPECT_EQ(text("{% for host, skew in fleet.clock %}{{ host }}{% if not loop.is_last %},{% endif %}{% endfor %}"),
              "a,b,c");
    EXPECT_EQ(text("## not a line statement"), "## not a line statement");
    EXPECT_EQ(text("内存 {{ n }}"), "内存 7");
    EXPECT_EQ(text("`a | b` {{ n }}"), "`a | b` 7") << "a pipe of the shell is text";
    EXPECT_EQ(text("{{ n | bytes }}"), "mistake at 5: a pipe (|) is no part of the language");
    EXPECT_EQ(text("{{ memory.gone }}"), "no value");
    EXPECT_EQ(text("ab {{ sise }}"), "mistake at 6: unknown name 'sise'");
    EXPECT_EQ(text("{% for d in n %}{% endfor %}").substr(0, 7), "mistake");
    EXPECT_EQ(text("{% if n %}{% endif %}").substr(0, 7), "mistake");
    EXPECT_EQ(text("{% if yes %}").substr(0, 7), "mistake");
    EXPECT_EQ(text("{% include \"/etc/passwd\" %}").substr(0, 7), "mistake");
    EXPECT_EQ(text("{% set n = 3 %}").substr(0, 7), "mistake");
    EXPECT_EQ(text("{% extends \"x\" %}").substr(0, 7), "mistake");
    EXPECT_EQ(text("{% block x %}{% endblock %}").substr(0, 7), "mistake");
}
