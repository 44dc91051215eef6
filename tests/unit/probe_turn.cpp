#include "core/client/turn/stun.hpp"
#include "core/probe/turn.hpp"
#include "tests/unit/probe_peer.hpp"

using namespace imops;
using namespace imops::testing_help;
using namespace imops::client::stun;

namespace {

std::string bytes(std::string_view hex) {
    std::string all, digits;
    for (char c : hex)
        if (c != ' ') digits += c;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) all += char(std::stoi(digits.substr(i, 2), nullptr, 16));
    return all;
}

// RFC 5769, 2.1 to 2.4
const std::string request =
    bytes("00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 00240004 6e0001ff "
          "80290008 932ff9b151263b36"
          "00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf");
const std::string response4 =
    bytes("0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200008 0001a147e112a643"
          "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96");
const std::string response6 = bytes("01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 "
                                    "00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
                                    "00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c");
const std::string long_term =
    bytes("00010060 2112a442 78ad3433c6ad72c029da412e 00060012 e3839ee38388e383aae38383e382afe382b90000"
          "0015001c 662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b 6578616d706c652e6f726700 00080014 "
          "f67024656dd64a3e02b8e0712e85c9a28ca89666");
constexpr std::string_view short_password = "VOkJxbRl1RmTxUk/WvJxBt";

/// A TURN server that answers each request as the test says; it keeps what it was asked.
struct Server {
    std::vector<Message> asked;
    std::string secret = "s3cret";
    int first = 401, second = 0, peers = 403;
    Peer peer;
    Server() : peer{Peer::udp([this](std::string_view b) { return reply(b); })} {}

    std::string reply(std::string_view b) {
        auto m = read(b);
        if (!m) return {};
        asked.push_back(*m);
        Message r{m->method, Kind::success, m->id, {}};
        auto refuse = [&](int code) {
            r.kind = Kind::failure;
            r.add(Attribute::error_code, std::string{"\0\0", 2} + char(code / 100) + char(code % 100) + "no");
            r.add(Attribute::realm, "im.example.com");
            r.add(Attribute::nonce, fmt::format("nonce{}", asked.size()));
            return write(r);
        };
        auto user = m->find(Attribute::username);
        if (m->method == Method::binding) {
            r.add(Attribute::xor_mapped_address, stun::peer("198.51.100.7", 4000));
            return write(r);
        }
        if (!user && first) return refuse(first);
        if (user && !integrity_holds(b, long_term_key(*user, "im.example.com", password_of_secret(secret, *user))))
            return refuse(401);
        if (m->method == Method::allocate && second) return refuse(std::exchange(second, second == 438 ? 0 : second));
        if (m->method == Method::create_permission && peers) return refuse(peers);
        r.add(Attribute::xor_relayed_address, stun::peer("198.51.100.9", 50000));
        return write(r);
    }
    Told ask(const char* url, const Secret* password, std::chrono::milliseconds limit = std::chrono::seconds{10}) {
        Asked a{url, peer.port(), limit};
        a.target.password = password;
        return ask_turn(a.target);
    }
};

} // namespace

TEST(Stun, vectors_of_RFC_5769) {
    EXPECT_TRUE(integrity_holds(request, short_password));
    EXPECT_FALSE(integrity_holds(request, "VOkJxbRl1RmTxUk/WvJxBu"));
    EXPECT_EQ(read(request)->find(Attribute::software), "STUN test client");
    for (auto& [message, address] :
         {std::pair{response4, "192.0.2.1:32853"}, {response6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"}}) {
        EXPECT_TRUE(integrity_holds(message, short_password));
        EXPECT_EQ(address_of(*read(message), Attribute::xor_mapped_address)->text(), address);
    }
    auto user = "マトリックス", nonce = "f//499k954d6OL34oL9FSTvy64sA", realm = "example.org";
    auto key = long_term_key(user, realm, "TheMatrIX");
    EXPECT_TRUE(integrity_holds(long_term, key));
    Message m{Method::binding, Kind::request, long_term.substr(8, 12), {}};
    m.add(Attribute::username, user);
    m.add(Attribute::nonce, nonce);
    m.add(Attribute::realm, realm);
    EXPECT_EQ(write(m, key), long_term);
}

TEST(Stun, what_is_broken_is_no_message) {
    for (std::size_t n = 0; n < request.size(); ++n) EXPECT_FALSE(read(std::string_view{request}.substr(0, n))) << n;
    auto longer = response4;
    longer[23] = '\x7f'; // an attribute that reaches behind the end
    EXPECT_FALSE(read(longer));
    EXPECT_FALSE(integrity_holds(longer, short_password));
    EXPECT_FALSE(read("HTTP/1.1 400 Bad Request\r\n\r\n"));
}

TEST(Turn, a_relay_is_taken_tried_and_given_back) {
    Server s;
    Secret secret{"s3cret", "test"};
    auto told = s.ask("turn://im.example.com", &secret);
    EXPECT_EQ(code_of(told), "ok");
    EXPECT_EQ(line_of(told, "turn.relay", "open"), "no");
    EXPECT_EQ(line_of(told, "turn.relay", "address"), "198.51.100.9");
    EXPECT_EQ(line_of(told, "turn.relay", "private"), "no");
    for (auto key : {"loopback", "link_local", "private"}) EXPECT_EQ(line_of(told, "turn.peers", key), "no");
    ASSERT_FALSE(s.asked.empty());
    EXPECT_EQ(s.asked.back().method, Method::refresh);
    EXPECT_EQ(s.asked.back().find(Attribute::lifetime), (std::string_view{"\0\0\0\0", 4}));
    for (auto& [id, said] : told) EXPECT_EQ(said.text.find("s3cret"), std::string::npos) << id;
}

TEST(Turn, each_refusal_has_its_own_code) {
    Secret secret{"s3cret", "test"}, wrong{"other", "test"};
    auto code = [&](int second, const Secret& with) {
        Server s;
        s.second = second;
        return code_of(s.ask("turn://im.example.com", &with));
    };
    EXPECT_EQ(code(0, wrong), "secret_wrong");
    EXPECT_EQ(code(438, secret), "ok") << "an old nonce is tried again";
    EXPECT_EQ(code(486, secret), "quota");
    EXPECT_EQ(code(508, secret), "no_relay");
    EXPECT_EQ(code(403, secret), "forbidden");
    EXPECT_EQ(code(499, secret), "remote");
    Server stun_only;
    stun_only.first = 400;
    EXPECT_EQ(code_of(stun_only.ask("turn://im.example.com", &secret)), "stun_only");
}

TEST(Turn, a_relay_for_everybody_and_everywhere_is_told) {
    Server s;
    s.first = s.peers = 0;
    auto told = s.ask("turn://im.example.com", nullptr);
    EXPECT_EQ(line_of(told, "turn.relay", "open"), "yes");
    EXPECT_EQ(line_of(told, "turn.peers", "loopback"), "yes");
    Server closed;
    auto without = closed.ask("turn://im.example.com", nullptr);
    EXPECT_EQ(code_of(without), "ok");
    EXPECT_FALSE(without.contains("turn.relay"));
}

TEST(Turn, stun_is_only_asked_for_an_address) {
    Server s;
    auto told = s.ask("stun://im.example.com", nullptr);
    EXPECT_EQ(line_of(told, "endpoint.answer", "seen"), "STUN/UDP, seen as 198.51.100.7:4000");
    EXPECT_EQ(told.count("turn.relay"), 0u);
}

TEST(Turn, silence_and_noise) {
    auto asked = [](const char* says) {
        auto peer = Peer::udp([says](std::string_view) { return std::string{says}; });
        Asked a{"turn://im.example.com", peer.port(), std::chrono::milliseconds{500}};
        return code_of(ask_turn(a.target));
    };
    EXPECT_EQ(asked(""), "timed_out");
    EXPECT_EQ(asked("\x05\x01\x02"), "not_stun");
    auto http = Peer::tcp([](int fd) {
        tell(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
        hear(fd, "</never>");
    });
    Asked a{"turn://im.example.com?transport=tcp", http.port()};
    EXPECT_EQ(code_of(ask_turn(a.target)), "not_stun");
}

TEST(Turn, private_addresses) {
    for (auto a : {"10.1.2.3", "127.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "100.64.0.1",
                   "::1", "fd00::1", "fe80::1"})
        EXPECT_TRUE(is_private(a)) << a;
    for (auto a : {"172.32.0.1", "198.51.100.1", "100.128.0.1", "2001:db8::1", ""}) EXPECT_FALSE(is_private(a)) << a;
}
