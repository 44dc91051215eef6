#include "core/client/dns/lookup.hpp"
#include "core/probe/dns.hpp"
#include "tests/unit/probe_peer.hpp"

using namespace imops;
using namespace imops::testing_help;

namespace {

std::string two(std::size_t n) { return {char(n >> 8), char(n)}; }

/// An answer to `question` (a message) with these records: type, data.
std::string answer(std::string_view question, int code, std::vector<std::pair<int, std::string>> records,
                   bool cut = false) {
    std::string m{question};
    m[2] = char(0x81 | (cut ? 2 : 0));
    m[3] = char(0x80 | code);
    m.replace(6, 2, two(records.size()));
    for (auto& [type, data] : records)
        m += std::string{"\xc0\x0c", 2} + two(std::size_t(type)) + std::string{"\0\1\0\0\0\x3c", 6} + two(data.size()) +
             data;
    return m;
}

const std::string address{"\x0a\0\0\5", 4};
const std::string srv = std::string{"\0\5\0\1\x14\x66", 6} +
                        std::string{"\4XMPP\xc0\x1e", 7}; // xmpp. + the name that begins behind _xmpp-client._tcp

Told asked(std::function<std::string(std::string_view)> script, std::vector<std::string> values = {},
           std::string name = "im.example.com?type=A", std::chrono::milliseconds limit = std::chrono::seconds{10}) {
    auto peer = Peer::udp(std::move(script));
    Asked a{"dns://127.0.0.1/" + name, peer.port(), limit};
    a.service.expect.values = std::move(values);
    return ask_dns(a.target);
}

} // namespace

TEST(Dns, a_url_is_a_question) {
    auto q = dns_question("dns:_xmpp-client._tcp.im.example.com?type=srv");
    EXPECT_EQ(q.name, "_xmpp-client._tcp.im.example.com");
    EXPECT_EQ(q.type, "SRV");
    Service s;
    s.url = "dns://10.0.0.53:5353/im.example.com";
    ASSERT_FALSE(read_url(s));
    EXPECT_EQ(s.address, "10.0.0.53");
    EXPECT_EQ(s.port, 5353);
    EXPECT_EQ(dns_question(s.url).name, "im.example.com");
    EXPECT_EQ(dns_question(s.url).type, "A");
    for (auto wrong : {"dns:", "dns://10.0.0.53", "dns://10.0.0.53/", "dns:a?type=ANY", "dns://:0/a",
                       "turn://im.example.com?transport=sctp"}) {
        Service w;
        w.url = wrong;
        EXPECT_TRUE(read_url(w)) << wrong;
    }
}

TEST(Dns, values_are_compared_in_any_order_and_as_a_whole) {
    auto both = [](std::string_view q) { return answer(q, 0, {{1, address}, {1, std::string{"\x0a\0\0\6", 4}}}); };
    EXPECT_EQ(code_of(asked(both, {"10.0.0.6", "10.0.0.5"})), "ok");
    EXPECT_EQ(code_of(asked(both)), "ok");
    auto fewer = asked(both, {"10.0.0.6"});
    EXPECT_EQ(code_of(fewer), "wrong_values");
    EXPECT_NE(line_of(fewer, "endpoint.answer", "en").find("is 10.0.0.5, 10.0.0.6, not 10.0.0.6"), std::string::npos)
        << line_of(fewer, "endpoint.answer", "en");
    auto service = [](std::string_view q) { return answer(q, 0, {{33, srv}}); };
    EXPECT_EQ(code_of(asked(service, {"5  1 5222 xmpp.IM.example.com."}, "_xmpp-client._tcp.im.example.com?type=SRV")),
              "ok");
    auto text = [](std::string_view q) { return answer(q, 0, {{16, std::string{"\3v=s\2pf"}}}); };
    EXPECT_EQ(code_of(asked(text, {"v=spf"}, "im.example.com?type=TXT")), "ok");
    EXPECT_EQ(code_of(asked(text, {"V=spf"}, "im.example.com?type=TXT")), "wrong_values");
}

TEST(Dns, an_alias_on_the_way_is_no_value) {
    EXPECT_EQ(code_of(asked(
                  [](std::string_view q) {
                      return answer(q, 0, {{5, std::string{"\xc0\x0c", 2}}, {1, address}});
                  },
                  {"10.0.0.5"})),
              "ok");
    EXPECT_EQ(code_of(asked([](std::string_view q) {
                  return answer(q, 0, {{5, std::string{"\xc0\x0c", 2}}});
              })),
              "no_record");
}

TEST(Dns, each_refusal_has_its_own_code) {
    for (auto& [code, word] :
         {std::pair{0, "no_record"}, {2, "servfail"}, {3, "nxdomain"}, {4, "servfail"}, {5, "refused_by_server"}})
        EXPECT_EQ(code_of(asked([code](std::string_view q) { return answer(q, code, {}); })), word);
    auto limit = std::chrono::milliseconds{400};
    EXPECT_EQ(code_of(asked([](std::string_view) { return ""; }, {}, "im.example.com", limit)), "timed_out");
    EXPECT_EQ(code_of(asked([](std::string_view) { return "HTTP/1.1 400 Bad Request\r\n\r\n"; }, {}, "im.example.com",
                            limit)),
              "not_dns");
}

TEST(Dns, what_is_lost_is_asked_again_and_a_forged_answer_is_let_pass) {
    int tries = 0;
    EXPECT_EQ(code_of(asked([&](std::string_view q) {
                  return ++tries < 2 ? std::string{} : answer(q, 0, {{1, address}});
              })),
              "ok");
    EXPECT_EQ(tries, 2);
    auto other = [](std::string_view q) {
        auto m = answer(q, 0, {{1, address}});
        m[0] = char(m[0] ^ 1);
        return m;
    };
    EXPECT_EQ(code_of(asked(other, {}, "im.example.com", std::chrono::milliseconds{400})), "not_dns");
}

TEST(Dns, what_is_broken_is_no_answer) {
    DnsQuestion q{"_xmpp-client._tcp.im.example.com", "SRV"};
    auto good = answer(dns_message(q, 7), 0, {{33, srv}});
    auto read = read_dns_answer(good, q, 7);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->values, std::vector<std::string>{"5 1 5222 xmpp.im.example.com"});
    for (std::size_t n = 0; n < good.size(); ++n)
        EXPECT_FALSE(read_dns_answer(std::string_view{good}.substr(0, n), q, 7)) << n;
    EXPECT_FALSE(read_dns_answer(good, q, 8));
    EXPECT_FALSE(read_dns_answer(good, {"other.example.com", "SRV"}, 7));
    EXPECT_FALSE(read_dns_answer(answer(dns_message(q, 7), 0, {{33, "\1"}}), q, 7));
    EXPECT_TRUE(dns_message({"a..b", "A"}, 7).empty());
}
