#include "core/model/yaml.hpp"
#include <chrono>
#include <gtest/gtest.h>

using namespace imops;

namespace {

std::vector<Error> problems_of(std::string_view text) {
    Problems p{"f.yaml"};
    auto node = parse_yaml(text, p);
    EXPECT_TRUE(p.none() || node.is_null() || node.is_map() || node.is_list());
    return p.take();
}

std::string first(std::string_view text, Lang lang = Lang::en) {
    auto all = problems_of(text);
    return all.empty() ? "" : all.front().what.in(lang);
}

} // namespace

TEST(Yaml, places_count_from_one) {
    Problems p{"f"};
    auto n = parse_yaml("a: 1\nb:\n  - x\n  -  {c: \"q\"}\n", p);
    ASSERT_TRUE(p.none());
    EXPECT_EQ(n.key(1).place.line, 2);
    EXPECT_EQ(n.key(1).place.column, 1);
    auto& list = *n.find("b");
    EXPECT_EQ(list.items[0].place.line, 3);
    EXPECT_EQ(list.items[0].place.column, 5);
    auto* q = list.items[1].find("c");
    ASSERT_TRUE(q);
    EXPECT_TRUE(q->quoted);
    EXPECT_EQ(q->place.line, 4);
    EXPECT_EQ(q->place.column, 10);
    EXPECT_EQ(n.find("none"), nullptr);
}

TEST(Yaml, null_is_told_from_text) {
    Problems p{"f"};
    auto n = parse_yaml("a:\nb: ~\nc: null\nd: \"null\"\ne: ''\n", p);
    EXPECT_TRUE(n.find("a")->is_null());
    EXPECT_TRUE(n.find("b")->is_null());
    EXPECT_TRUE(n.find("c")->is_null());
    EXPECT_EQ(n.find("d")->scalar, "null");
    EXPECT_TRUE(n.find("e")->is_scalar());
}

TEST(Yaml, what_windows_editors_write_is_read) {
    Problems p{"f"};
    auto n = parse_yaml("\xEF\xBB\xBF"
                        "a: 1\r\nb: text with space\r\nc: |\r\n  x\r\n  y\r\n",
                        p);
    ASSERT_TRUE(p.none());
    EXPECT_EQ(n.find("a")->scalar, "1");
    EXPECT_EQ(n.find("b")->scalar, "text with space");
    EXPECT_EQ(n.find("b")->place.line, 2);
    EXPECT_EQ(n.find("c")->scalar, "x\ny\n");
}

TEST(Yaml, mistakes_of_syntax_have_their_place) {
    EXPECT_EQ(first("a: 1\n\tb: 2\n").substr(0, 11), "f.yaml:2:1:");
    EXPECT_EQ(first("a: 1\nb: [1, 2\nc: 3\n").substr(0, 8), "f.yaml:3");
    EXPECT_EQ(first("a: 1\n b: 2\n").substr(0, 8), "f.yaml:2");
    EXPECT_NE(first("a: [1\n").find("not valid YAML"), std::string::npos);
    EXPECT_NE(first("a: [1\n", Lang::zh).find("不是合法的 YAML"), std::string::npos);
    EXPECT_EQ(first("a: *none\n").substr(0, 11), "f.yaml:1:4:");
}

TEST(Yaml, an_empty_file_is_said_to_be_empty) {
    for (auto text : {"", "\n\n", "# only a comment\n", "---\n", "~\n", "\xEF\xBB\xBF", "\r\n"}) {
        EXPECT_EQ(first(text), "f.yaml: is empty") << text;
        EXPECT_EQ(first(text, Lang::zh), "f.yaml: 是空文件");
    }
}

TEST(Yaml, a_second_document_is_refused) {
    EXPECT_EQ(first("a: 1\n---\nb: 2\n"), "f.yaml:3:1: a second document (after ---)");
    EXPECT_EQ(first("---\na: 1\n...\n"), "");
}

TEST(Yaml, bytes_that_are_not_utf8_are_refused_with_their_place) {
    EXPECT_EQ(first("a: 1\nb: \xC4\xDA\xB4\xE6\n"), "f.yaml:2:4: a byte that is not UTF-8");
    EXPECT_EQ(first("a: 1\nb: \xC4\xDA\n", Lang::zh), "f.yaml:2:4: 含有非 UTF-8 字节");
    EXPECT_NE(problems_of("\xFF")[0].remedy.en.find("iconv -f GBK"), std::string::npos);
    EXPECT_FALSE(first(std::string_view{"\xFF\xFE"
                                        "a\0:\0",
                                        6})
                     .empty())
        << "UTF-16";
}

TEST(Yaml, a_key_given_twice_is_named_at_its_second_place) {
    auto all = problems_of("a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\n");
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].what.en, "f.yaml:2:17: 'c' is given twice");
    EXPECT_EQ(all[1].what.zh, "f.yaml:3:1: 'a' 重复出现");
    EXPECT_EQ(first("{a: 1}: 2\n"), "f.yaml:1:1: a key must be a plain word");
}

TEST(Yaml, aliases_may_be_used_reasonably) {
    Problems p{"f"};
    auto n = parse_yaml("base: &b {user: im, port: 22}\none: *b\ntwo: *b\nlist: [*b, *b]\n", p);
    ASSERT_TRUE(p.none());
    EXPECT_EQ(n.find("two")->find("user")->scalar, "im");
    EXPECT_EQ(n.find("list")->items[1].find("port")->scalar, "22");
}

TEST(Yaml, a_bomb_of_aliases_is_refused_at_once) {
    std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    for (char c = 'b'; c <= 'z'; ++c) {
        bomb += std::string{c} + ": &" + c + " [";
        for (int i = 0; i < 10; ++i) bomb += std::string{i ? "," : ""} + "*" + char(c - 1);
        bomb += "]\n";
    }
    EXPECT_EQ(first(bomb), "f.yaml:4:4: aliases or nesting expand without measure")
        << "the place of what the alias names";
    EXPECT_EQ(first("a: &a [1, *a]\n"), "f.yaml:1:11: aliases or nesting expand without measure");
    EXPECT_EQ(first("&a {k: *a}\n", Lang::zh), "f.yaml:1:8: 别名或嵌套展开后过大");
}

TEST(Yaml, nesting_without_measure_is_refused) {
    EXPECT_EQ(first(std::string(60, '[') + std::string(60, ']')), "");
    for (int depth : {65, 1000, 100'000})
        EXPECT_NE(first(std::string(std::size_t(depth), '[')).find("expand without measure"), std::string::npos)
            << depth;
    EXPECT_NE(first(std::string(10'000, '{')).find("f.yaml:1:"), std::string::npos);
    std::string deep;
    for (int i = 0; i < 2000; ++i) deep += std::string(std::size_t(i), ' ') + "a:\n";
    EXPECT_NE(first(deep).find("expand without measure"), std::string::npos);
}

TEST(Yaml, a_file_of_100_MB_is_refused_without_being_read) {
    std::string large(100'000'000, 'x');
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(first(large), "f.yaml: is 95.4 MiB; at most 4 MiB are read");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{1}) << "parsing it would take minutes";
}

TEST(Yaml, packing_keeps_everything) {
    Problems p{"f"};
    auto n = parse_yaml("a: {b: [1, \"x\", ~, 内存]}\nlong: " + std::string(300, 'y') + "\n", p);
    auto same = [](auto& self, const Node& x, const Node& y) -> bool {
        if (x.kind != y.kind || x.quoted != y.quoted || x.place.line != y.place.line ||
            x.place.column != y.place.column || x.scalar != y.scalar || x.items.size() != y.items.size())
            return false;
        for (std::size_t i = 0; i < x.items.size(); ++i)
            if (!self(self, x.items[i], y.items[i])) return false;
        return true;
    };
    auto bytes = pack_node(n);
    EXPECT_TRUE(same(same, n, unpack_node(bytes)));
    EXPECT_TRUE(same(same, n, parse_document(bytes, p)));
    EXPECT_TRUE(p.none());
}

TEST(Problems, come_in_the_order_of_the_file) {
    Problems p{"f"};
    p.add({3, 1}, {"c", "c"}, {});
    p.add({1, 9}, {"b", "b"}, {});
    p.add({}, {"a", "a"}, {});
    p.add({3, 1}, {"d", "d"}, {});
    EXPECT_EQ(p.count(), 4u);
    std::string order;
    for (auto& e : p.take()) order += e.what.en + "|";
    EXPECT_EQ(order, "f: a|f:1:9: b|f:3:1: c|f:3:1: d|");
    EXPECT_TRUE(p.none());
}
