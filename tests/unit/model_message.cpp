#include "core/model/product.hpp"
#include "tests/unit/model_problems.hpp"

using namespace imops;
using namespace imops::testing_help;

namespace {

std::string file(const std::string& message, const std::string& more = "names: [im.example.org]\n") {
    return "imops: 1\nname: im\nproduct: generic\nworkload: {registered: 600}\nhosts:\n  - {name: app1, address: "
           "10.0.0.1, roles: [app]}\n" +
           more + "message: {" + message + "from: {user: a, password: {env: A}}, to: {user: b, password: {env: B}}}\n";
}

std::vector<std::string> problems(const std::string& message, Lang lang = Lang::en) {
    return thrown([&] { parse_deployment(file(message), "f.yaml"); }, lang);
}

Result<Service> made(const std::string& text, std::optional<Protocol> of_product = {}) {
    Product p;
    p.id = "generic";
    p.message = of_product;
    return message_service(parse_deployment(text, "f.yaml"), p);
}

} // namespace

TEST(Message, protocol_and_place_come_from_the_product_and_the_first_name) {
    auto s = made(file(""), Protocol::xmpp);
    ASSERT_TRUE(s);
    EXPECT_EQ(s->url, "xmpp://im.example.org");
    EXPECT_EQ(s->port, 5222);
    EXPECT_EQ(s->type, ServiceType::xmpp);
    EXPECT_EQ(s->user, "a");
    EXPECT_EQ(s->to->user, "b");
    EXPECT_EQ(groups(*s), std::vector<std::string_view>{"message"});
    s = made(file(""), Protocol::matrix);
    ASSERT_TRUE(s);
    EXPECT_EQ(s->url, "https://im.example.org");
    EXPECT_EQ(s->port, 443);
    EXPECT_TRUE(s->tls.value_or(false));
}

TEST(Message, what_is_written_counts_more) {
    auto s =
        made(file("url: 'https://chat.example.org:8448/', at: 10.0.0.5, via: app1, within: 1 s, "), Protocol::xmpp);
    ASSERT_TRUE(s);
    EXPECT_EQ(s->type, ServiceType::http);
    EXPECT_EQ(s->url, "https://chat.example.org:8448");
    EXPECT_EQ(s->port, 8448);
    EXPECT_EQ(s->via, "app1");
    EXPECT_EQ(s->within.seconds, 1);
    s = made(file("protocol: xmpp, url: chat.example.org, "));
    ASSERT_TRUE(s);
    EXPECT_EQ(s->url, "xmpp://chat.example.org");
}

TEST(Message, what_cannot_be_known_is_said_in_both_languages) {
    for (auto& text : {file(""), std::string{"imops: 1\nname: im\nproduct: generic\nworkload: {registered: "
                                             "600}\nhosts:\n  - {name: app1, address: 10.0.0.1, roles: [app]}\n"}}) {
        auto s = made(text);
        ASSERT_FALSE(s);
        EXPECT_EQ(s.error().code, Code::config);
        EXPECT_FALSE(s.error().what.zh.empty() || s.error().remedy.en.empty() || s.error().remedy.zh.empty());
    }
    EXPECT_FALSE(made(file("", ""), Protocol::matrix)) << "no name";
}

TEST(Message, mistakes_are_found_when_the_file_is_read) {
    for (auto lang : {Lang::en, Lang::zh})
        for (auto wrong : {"protocol: matrx, ", "protocol: xmpp, url: 'https://im.example.org', ",
                           "url: 'tcp://im.example.org:5222', ", "url: 'http://im.example.org', ",
                           "url: 'https://a:b@im.example.org', ", "at: '10.0.0.5:x', ", "via: app2, ", "ca: ca.pem, ",
                           "colour: red, "})
            EXPECT_EQ(problems(wrong, lang).size(), 1u) << wrong;
    EXPECT_EQ(problems("").size(), 0u);
    EXPECT_EQ(problems("url: 'http://127.0.0.1:8008', via: app1, ").size(), 0u);
    auto same = thrown([] {
        parse_deployment(
            "imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 6}\nhosts:\n  - {name: message, address: "
            "10.0.0.1, roles: [app]}\n"
            "message: {from: {user: '@a:x', password: {env: A}}, to: {user: '@a:x', password: {env: B}}}\n",
            "f.yaml");
    });
    EXPECT_EQ(same.size(), 2u) << "the name is taken, and it writes to itself";
    auto literal = everything_said([] {
        parse_deployment("imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 6}\nhosts:\n  - {name: a, "
                         "address: 10.0.0.1, roles: [app]}\n"
                         "message: {from: {user: a, password: hunter2}, to: {user: b, password: {env: B}}}\n",
                         "f.yaml");
    });
    EXPECT_FALSE(literal.empty());
    EXPECT_EQ(literal.find("hunter2"), literal.npos);
}
