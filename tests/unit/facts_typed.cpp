#include "core/facts/fact.hpp"
#include <gtest/gtest.h>

using namespace imops;
using nlohmann::json;

namespace {

FactDef def(Kind kind, std::vector<std::pair<std::string, Type>> members = {}) {
    FactDef d;
    d.id = "x.y";
    d.type = {kind, std::move(members)};
    d.timeout.seconds = 10;
    return d;
}

/// The value, or why there is none: "absent: ..." or "unread: ...".
json value(const FactDef& d, const Raw& raw) {
    auto v = typed(d, raw);
    if (auto* u = std::get_if<Unread>(&v)) {
        EXPECT_FALSE(u->why.zh.empty());
        return (u->absent ? "absent: " : "unread: ") + u->why.en;
    }
    return std::get<json>(v);
}
json value(const FactDef& d, std::string out) { return value(d, Raw{Got::ok, 0, std::move(out), {}, 0}); }

const Type text{Kind::text, {}}, number{Kind::number, {}}, bytes{Kind::bytes, {}}, boolean{Kind::boolean, {}};

} // namespace

TEST(Typed, plain_kinds) {
    EXPECT_EQ(value(def(Kind::number), " 42 \n"), 42);
    EXPECT_EQ(value(def(Kind::number), "4.5"), 4.5);
    EXPECT_EQ(value(def(Kind::bytes), "8200000000"), 8200000000);
    EXPECT_EQ(value(def(Kind::bytes), "8.2e9"), 8200000000) << "mawk prints large numbers so";
    EXPECT_EQ(value(def(Kind::seconds), "0.25"), 0.25);
    EXPECT_EQ(value(def(Kind::text), "  two words \n"), "two words");
    EXPECT_EQ(value(def(Kind::text), ""), "");
    for (auto yes : {"yes", "true", "1", " yes\n"}) EXPECT_EQ(value(def(Kind::boolean), yes), true) << yes;
    for (auto no : {"no", "false", "0"}) EXPECT_EQ(value(def(Kind::boolean), no), false) << no;
}

TEST(Typed, what_does_not_fit_is_said_and_never_a_value) {
    EXPECT_EQ(value(def(Kind::number), ""), "unread: printed '', which is not a number");
    EXPECT_EQ(value(def(Kind::number), "12 GB"), "unread: printed '12 GB', which is not a number");
    EXPECT_EQ(value(def(Kind::bytes), "nan"), "unread: printed 'nan', which is not a bytes");
    EXPECT_EQ(value(def(Kind::seconds), "1\n2"), "unread: printed '1 2', which is not a seconds");
    EXPECT_EQ(value(def(Kind::boolean), "maybe"), "unread: printed 'maybe', which is not a bool");
    EXPECT_EQ(value(def(Kind::number), "\x1b[31m1"), "unread: printed '\uFFFD[31m1', which is not a number");
}

TEST(Typed, lists) {
    EXPECT_EQ(value(def(Kind::list), "b\n\n  a \r\nc"), (json{"b", "a", "c"}));
    EXPECT_EQ(value(def(Kind::list), ""), json::array());
}

TEST(Typed, maps) {
    auto d = def(Kind::map, {{"total", bytes}, {"name", text}, {"swap", boolean}});
    EXPECT_EQ(value(d, "total 4096\nname two words\nswap no\n"),
              (json{{"total", 4096}, {"name", "two words"}, {"swap", false}}));
    EXPECT_EQ(value(d, "total\t4096"), (json{{"total", 4096}})) << "a key that is not printed is not there";
    EXPECT_EQ(value(d, "name\n"), (json{{"name", ""}}));
    EXPECT_EQ(value(d, ""), json::object());
    EXPECT_EQ(value(d, "total\n"), "unread: printed 'total', which is not a bytes");
    EXPECT_EQ(value(d, "other 1"), "unread: printed the key 'other', which the pack does not declare");
}

TEST(Typed, tables) {
    auto d = def(Kind::table, {{"mount", text}, {"size", bytes}, {"note", text}});
    EXPECT_EQ(value(d, "/\t10\tx y\n/srv\t20\t"),
              (json{{{"mount", "/"}, {"size", 10}, {"note", "x y"}}, {{"mount", "/srv"}, {"size", 20}, {"note", ""}}}));
    EXPECT_EQ(value(d, "\n"), json::array());
    EXPECT_EQ(value(d, "/\t10"), "unread: printed a line of 2 fields instead of 3: '/ 10'");
    EXPECT_EQ(value(d, "/\t\tx"), "unread: printed '/  x', which is not a bytes") << "only text may be empty";
    EXPECT_EQ(value(d, "a b c").get<std::string>().substr(0, 33), "unread: printed a line of 1 field");
}

TEST(Typed, a_clock_is_the_difference_to_ours) {
    EXPECT_NEAR(value(def(Kind::clock), Raw{Got::ok, 0, "1795219240.5", {}, 1795219200.0}).get<double>(), 40.5, 1e-6);
    EXPECT_EQ(value(def(Kind::clock), "1795219240"), "unread: the time of the answer was not kept");
    EXPECT_EQ(value(def(Kind::clock), Raw{Got::ok, 0, "1795219240.N", {}, 1}),
              "unread: printed '1795219240.N', which is not a clock");
}

TEST(Typed, every_state_of_a_fact) {
    auto d = def(Kind::number);
    auto state = [&](Got got, int status, const char* err) { return value(d, Raw{got, status, "7", err, 1}); };
    EXPECT_EQ(state(Got::ok, 0, "a warning"), 7);
    EXPECT_EQ(state(Got::failed, 3, ""), "unread: ended with status 3");
    EXPECT_EQ(state(Got::failed, 127, "sh: lsblk: not found\n"), "unread: ended with status 127: sh: lsblk: not found");
    EXPECT_EQ(state(Got::absent, 77, "no battery"), "absent: no battery");
    EXPECT_EQ(state(Got::absent, 77, ""), "absent: not there on this host");
    EXPECT_EQ(state(Got::timed_out, 0, ""), "unread: no answer in 10 s");
    EXPECT_EQ(state(Got::too_long, 0, ""), "unread: printed more than 1 MiB");
    EXPECT_EQ(state(Got::needs_root, 0, ""), "unread: needs root");
    EXPECT_EQ(state(Got::unreached, 0, ""), "unread: it was not reached");
    EXPECT_EQ(state(Got::lost, 0, ""), "unread: the host did not get to it");
}

TEST(TypedExample, is_written_with_units) {
    Problems p{"f.yaml"};
    auto read = [&](const char* yaml, const Type& type) { return typed(parse_yaml(yaml, p), type, p); };
    EXPECT_EQ(read("4 GiB", bytes), 4294967296);
    EXPECT_EQ(read("-40 s", {Kind::clock, {}}), -40);
    EXPECT_EQ(read("85 %", number), 0.85);
    EXPECT_EQ(read("yes", boolean), true);
    EXPECT_EQ(read("[a, b]", {Kind::list, {{"", text}}}), (json{"a", "b"}));
    EXPECT_EQ(read("[{mount: /, size: 1 KB}]", {Kind::table, {{"mount", text}, {"size", bytes}}}),
              (json{{{"mount", "/"}, {"size", 1000}}}));
    EXPECT_EQ(read("{a: 1 s, b: 2 s}", {Kind::map, {{"", Type{Kind::seconds, {}}}}}), (json{{"a", 1}, {"b", 2}}))
        << "a fleet map";
    EXPECT_TRUE(p.none());
    read("4", bytes);
    read("{sise: 1 KB}", {Kind::map, {{"size", bytes}}});
    read("x", {Kind::list, {{"", text}}});
    auto errors = p.take();
    ASSERT_EQ(errors.size(), 3u);
    EXPECT_EQ(errors[0].what.en, "f.yaml:1:1: '4' is not a bytes");
    EXPECT_EQ(errors[2].remedy.en, "Did you mean 'size'?");
}
