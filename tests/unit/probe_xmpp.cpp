#include "core/client/xml.hpp"
#include "core/probe/xmpp.hpp"
#include "tests/unit/probe_peer.hpp"

using namespace imops;
using namespace imops::testing_help;

namespace {

const std::string head = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                         "xmlns:stream='http://etherx.jabber.org/streams' from='im.example.com' id='1' version='1.0'>";

/// What is told of a server that says this after the client's root.
Told asked(std::string says, std::string url = "xmpp://im.example.com",
           std::chrono::milliseconds limit = std::chrono::seconds{10}) {
    auto peer = Peer::tcp([says](int fd) {
        hear(fd, "streams'>");
        tell(fd, says);
        hear(fd, "</never>");
    });
    Asked a{std::move(url), peer.port(), limit};
    return ask_xmpp(a.target);
}

std::string error(std::string_view name) {
    return head +
           fmt::format("<stream:error><{} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>why &amp; so</text></stream:error></stream:stream>",
                       name);
}

} // namespace

TEST(Xml, a_stream_comes_in_pieces) {
    using enum XmlStream::Got;
    std::string text = head +
                       "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls><m "
                       "a=\"x>y&lt;\">A&#x4e2d;</m></stream:features> </stream:stream>";
    for (std::size_t step : {std::size_t{1}, std::size_t{7}, text.size()}) {
        XmlStream x;
        Element e;
        std::vector<XmlStream::Got> seen;
        for (std::size_t at = 0; at < text.size(); at += step) {
            x.feed(std::string_view{text}.substr(at, step));
            for (XmlStream::Got g; (g = x.next(e)) != more;) {
                seen.push_back(g);
                if (g == end) break;
                if (g != element) continue;
                ASSERT_EQ(e.name, "features");
                ASSERT_NE(e.child("starttls"), nullptr);
                EXPECT_EQ(e.child("starttls")->space, "urn:ietf:params:xml:ns:xmpp-tls");
                EXPECT_NE(e.child("starttls")->child("required"), nullptr);
                EXPECT_EQ(e.child("m")->attributes.at("a"), "x>y<");
                EXPECT_EQ(e.child("m")->text, "A中");
                EXPECT_EQ(e.child("m")->space, "jabber:client");
            }
            if (!seen.empty() && seen.back() == end) break;
        }
        EXPECT_EQ(seen, (std::vector{XmlStream::Got::root, element, end})) << step;
    }
}

TEST(Xmpp, each_refusal_has_its_own_code) {
    EXPECT_EQ(code_of(asked(error("host-unknown"))), "host_unknown");
    auto policy = asked(error("policy-violation"));
    EXPECT_EQ(code_of(policy), "policy_violation");
    EXPECT_NE(line_of(policy, "endpoint.answer", "zh").find("why & so"), std::string::npos);
    EXPECT_EQ(code_of(asked(error("not-authorized"))), "not_authorized");
    EXPECT_EQ(code_of(asked(head + "</stream:stream>")), "lost");
    EXPECT_EQ(
        code_of(asked(head +
                      "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features><failure "
                      "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")),
        "starttls_failed");
}

TEST(Xmpp, a_login_in_the_clear_is_told_and_never_used) {
    auto told = asked(
        head + "<stream:features><mechanisms "
               "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>");
    EXPECT_EQ(code_of(told), "no_starttls");
    EXPECT_EQ(line_of(told, "xmpp.stream", "open_login"), "yes");
    EXPECT_EQ(line_of(told, "xmpp.stream", "required"), "no");
}

TEST(Xmpp, who_answers_instead_is_said) {
    auto http = asked("HTTP/1.1 400 Bad Request\r\n\r\n");
    EXPECT_EQ(code_of(http), "not_xmpp");
    EXPECT_NE(line_of(http, "endpoint.answer", "en").find("an HTTP server answers, not an XMPP server"),
              std::string::npos);
    EXPECT_EQ(code_of(asked("<html><body>")), "not_xmpp");
    EXPECT_EQ(line_of(asked("\x1b[31mno\n"), "endpoint.answer", "en").find('\x1b'), std::string::npos);
}

TEST(Xmpp, silence_ends_at_the_deadline) {
    EXPECT_EQ(code_of(asked("", "xmpp://im.example.com", std::chrono::milliseconds{400})), "timed_out");
    EXPECT_EQ(code_of(asked(head + "<stream:feat", "xmpp-server://im.example.com", std::chrono::milliseconds{400})),
              "timed_out");
}
