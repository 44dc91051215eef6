#include "core/client/matrix/homeserver.hpp"
#include "core/client/scram.hpp"
#include "core/probe/message/xmpp.hpp"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace imops;
using namespace imops::probe;

namespace {

/// The elements of a document that comes in pieces of `step` bytes, the root first; what it ended with is in `last`.
std::vector<Element> read_all(std::string_view text, std::size_t step, XmlStream::Got& last) {
    XmlStream xml;
    std::vector<Element> all;
    Element e;
    for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) xml.feed(text.substr(0, step));
    while ((last = xml.next(e)) == XmlStream::Got::root || last == XmlStream::Got::element) all.push_back(e);
    return all;
}

Element element(std::string_view text) {
    auto last = XmlStream::Got::more;
    auto all = read_all(
        std::string{"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"}.append(
            text),
        4096, last);
    return all.size() == 2 ? all[1] : Element{};
}

/// What a server that says `said` makes of a log-in, and what it heard.
struct Talk {
    std::string code, en, heard;
    explicit Talk(std::string_view said, bool closes = true) {
        int fds[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        EXPECT_EQ(::write(fds[1], said.data(), said.size()), ssize_t(said.size()));
        if (closes) ::shutdown(fds[1], SHUT_WR);
        {
            XmppSession s{
                Stream::over(fds[0], Line{"im:5222", "im:5222"}, Clock::now() + std::chrono::milliseconds{300}),
                "im.test", "alice"};
            Secret password{"s3cret", "test"};
            if (auto wrong = s.log_in({"im.test", ""}, false, password)) code = wrong->code, en = wrong->error.what.en;
        }
        std::string part(4096, '\0');
        for (ssize_t n; (n = ::read(fds[1], part.data(), part.size())) > 0;) heard.append(part, 0, std::size_t(n));
        ::close(fds[1]);
    }
};

constexpr std::string_view opening = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                                     "xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>";

std::string login_code(std::string_view condition) {
    return login_refused(
               element(fmt::format("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{}/><text>why</text></failure>",
                                   condition)),
               Line{"alice", "alice"})
        .code;
}

} // namespace

TEST(Xml, comes_in_pieces_cut_anywhere) {
    auto last = XmlStream::Got::end;
    auto text = std::string{opening} +
                "<message from='a' xml:lang='en'><body>x &lt;&#20013;</body><x xmlns='urn:x'/></message><iq/>";
    for (std::size_t step : {1, 7, 4096}) {
        auto all = read_all(text, step, last);
        ASSERT_EQ(all.size(), 3u) << step;
        EXPECT_EQ(all[0].name, "stream");
        EXPECT_EQ(all[1].attribute("from"), "a");
        EXPECT_EQ(all[1].child("body")->text, "x <中");
        EXPECT_EQ(all[1].child("x", "urn:y"), nullptr);
        EXPECT_NE(all[1].child("x", "urn:x"), nullptr);
        EXPECT_EQ(last, XmlStream::Got::more);
    }
    EXPECT_EQ(read_all(text + "</stream:stream>", 3, last).size(), 3u);
    EXPECT_EQ(last, XmlStream::Got::end);
}

TEST(Xml, what_is_not_of_xmpp_is_broken) {
    auto last = XmlStream::Got::more;
    read_all("HTTP/1.1 400 Bad Request\r\n", 4096, last);
    EXPECT_EQ(last, XmlStream::Got::broken);
    read_all("<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'>]><a><c>&b;</c></a>", 4096, last);
    EXPECT_EQ(last, XmlStream::Got::broken);
    std::string deep{opening};
    for (int i = 0; i < 100; ++i) deep += "<a>";
    read_all(deep, 4096, last);
    EXPECT_EQ(last, XmlStream::Got::broken);
    read_all(std::string{opening} + "<message><body>" + std::string(2 << 20, 'x'), 65536, last);
    EXPECT_EQ(last, XmlStream::Got::broken);
}

TEST(Scram, speaks_as_in_the_examples_of_the_standards) {
    Secret password{"pencil", "test"};
    Scram one{::EVP_sha1(), "user", "fyko+d2lbbFgONRv9qkxdawL"}; // RFC 5802, 5
    EXPECT_EQ(one.first(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    EXPECT_EQ(one.answer("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", password),
              "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    EXPECT_TRUE(one.proven("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
    EXPECT_FALSE(one.proven("v=rmF9pqV8S7suAoZWja4dJRkFsKA="));
    Scram two{::EVP_sha256(), "user", "rOprNGfwEbeRWgbNEkqO"}; // RFC 7677, 3
    EXPECT_EQ(
        two.answer("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", password),
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_TRUE(two.proven("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
}

TEST(Scram, refuses_a_challenge_that_is_none_or_that_costs_too_much) {
    Secret password{"pencil", "test"};
    Scram s{::EVP_sha1(), "a,b=c", "abc"};
    EXPECT_EQ(s.first(), "n,,n=a=2Cb=3Dc,r=abc");
    for (auto challenge :
         {"", "r=xyz1,s=QSXCR+Q6sek8bf92,i=4096", "r=abc,s=QSXCR+Q6sek8bf92,i=4096", "r=abcd,s=!,i=4096",
          "r=abcd,s=QSXCR+Q6sek8bf92,i=0", "r=abcd,s=QSXCR+Q6sek8bf92,i=99999999"})
        EXPECT_EQ(s.answer(challenge, password), "") << challenge;
    EXPECT_FALSE(s.proven("v="));
    EXPECT_FALSE(s.proven(""));
}

TEST(XmppLogin, each_refusal_has_its_own_code) {
    EXPECT_EQ(login_code("not-authorized"), "password_wrong");
    EXPECT_EQ(login_code("temporary-auth-failure"), "store_broken");
    EXPECT_EQ(login_code("account-disabled"), "account_disabled");
    EXPECT_EQ(login_code("credentials-expired"), "password_expired");
    EXPECT_EQ(login_code("policy-violation"), "not_allowed");
    EXPECT_EQ(login_code("something-new"), "not_allowed");
}

TEST(XmppLogin, nothing_is_sent_to_a_server_without_tls) {
    Talk t{std::string{opening} +
           "<stream:features><mechanisms "
           "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"};
    EXPECT_EQ(t.code, "no_tls");
    EXPECT_NE(t.heard.find("to='im.test'"), t.heard.npos) << t.heard;
    EXPECT_EQ(t.heard.find("<auth"), t.heard.npos) << t.heard;
    Talk refused{std::string{opening} +
                 "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features><failure "
                 "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"};
    EXPECT_EQ(refused.code, "no_tls");
}

TEST(XmppLogin, who_answers_instead_is_said) {
    EXPECT_EQ(Talk{"HTTP/1.1 400 Bad Request\r\n\r\n"}.code, "other_service");
    EXPECT_NE(Talk{"HTTP/1.1 400 Bad Request\r\n\r\n"}.en.find("an HTTP server"), std::string::npos);
    EXPECT_EQ(
        Talk{std::string{opening} +
             "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"}
            .code,
        "domain_unknown");
    EXPECT_EQ(Talk{std::string{opening} +
                   "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"}
                  .code,
              "system-shutdown");
    EXPECT_EQ(Talk{""}.code, "lost");
    EXPECT_EQ((Talk{opening, false}.code), "timed_out");
}

TEST(XmppMessage, asks_not_to_be_kept_and_is_known_again) {
    auto text = xmpp_message("bob@im.test/a'b", "id1", "hello");
    for (auto hint : {"<no-store xmlns='urn:xmpp:hints'/>", "<no-permanent-store xmlns='urn:xmpp:hints'/>",
                      "<no-copy xmlns='urn:xmpp:hints'/>"})
        EXPECT_NE(text.find(hint), text.npos) << text;
    auto stanza = element(text);
    EXPECT_EQ(stanza.attribute("to"), "bob@im.test/a'b");
    EXPECT_EQ(sign_of(stanza, "id1", "hello"), Sign::delivered);
    EXPECT_EQ(sign_of(stanza, "id1", "other"), Sign::nothing);
    auto error = element("<message type='error' id='id1'><body>hello</body><error type='cancel'><service-unavailable "
                         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text>blocked</text></error></message>");
    EXPECT_EQ(sign_of(error, "id1", "hello"), Sign::bounced);
    EXPECT_EQ(sign_of(error, "id2", "hello"), Sign::nothing);
    EXPECT_EQ(sign_of(element("<iq id='id1' type='error'/>"), "id1", "hello"), Sign::nothing);
}

TEST(XmppMessage, is_found_in_an_archive) {
    auto kept = [](std::string_view body) {
        return element(
            fmt::format("<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message "
                        "xmlns='jabber:client'><body>{}</body></message></forwarded></result></message>",
                        body));
    };
    EXPECT_TRUE(archived(kept("hello"), "hello"));
    EXPECT_FALSE(archived(kept("another"), "hello"));
}

TEST(Passage, tells_what_failed_first_and_what_stays) {
    Service s;
    s.within.seconds = 2;
    Passage well;
    well.took("login");
    well.sending();
    well.took("accepted");
    well.took("delivered");
    auto told = well.told(s);
    EXPECT_EQ(told["message.login"].text, "code ok\n");
    EXPECT_EQ(told["message.left"].text, "code nothing\n");
    EXPECT_NE(told["message.time"].text.find("\nwithin 2\n"), std::string::npos) << told["message.time"].text;
    Passage ill;
    ill.fail({"password_wrong", Text{"a", "甲"}, Text{"A.", "甲。"}});
    ill.fail({"lost", Text{"b", "乙"}, Text{"B.", "乙。"}});
    told = ill.told(s);
    EXPECT_TRUE(told["message.login"].text.starts_with("code password_wrong\nen a\nzh 甲\n"))
        << told["message.login"].text;
    EXPECT_FALSE(told.contains("message.time"));
    EXPECT_FALSE(told.contains("message.left"));
}

TEST(Matrix, each_refused_login_has_its_own_code) {
    auto code = [](int status, std::string_view body) -> std::string {
        MatrixReply r;
        r.status = status;
        r.body = std::make_unique<nlohmann::json>(nlohmann::json::parse(body));
        auto c = login_refused(r, Line{"alice", "alice"});
        return c ? c->code : "";
    };
    EXPECT_EQ(code(403, R"({"errcode": "M_FORBIDDEN", "error": "Invalid username or password"})"), "password_wrong");
    EXPECT_EQ(code(403, R"({"errcode": "M_USER_DEACTIVATED", "error": "This account has been deactivated"})"),
              "account_disabled");
    EXPECT_EQ(code(400, R"({"errcode": "M_UNKNOWN", "error": "Unknown login type m.login.password"})"),
              "no_such_login");
    EXPECT_EQ(code(500, R"({"errcode": "M_UNKNOWN", "error": "Internal server error"})"), "");
    EXPECT_EQ(code(404, R"({"errcode": 7})"), "");
}

TEST(Matrix, ids_stand_in_paths) { EXPECT_EQ(percent_escaped("!a:b/c d?e=é"), "%21a%3Ab%2Fc%20d%3Fe%3D%C3%A9"); }
