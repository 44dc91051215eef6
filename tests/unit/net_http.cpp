#include "core/net/http.hpp"
#include "core/net/http_errors.hpp"
#include "core/net/tunnel.hpp"
#include "tests/unit/loopback.hpp"
#include <fcntl.h>
#include <openssl/x509_vfy.h>
#include <poll.h>

using namespace imops;
using namespace imops::net;
using namespace imops::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view hello =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Thing: one\r\nContent-Length: 5\r\n\r\nhello";

Request question(std::string url, std::chrono::milliseconds limit = 5s) {
    Request q;
    q.url = std::move(url);
    q.limit = limit;
    return q;
}
/// The server says this to whoever asks, and leaves.
std::function<void(int)> saying(std::string text) {
    return [text](int fd) {
        hear(fd);
        tell(fd, text);
    };
}
Result<Response> ask(const Request& q) { return fetch(q); }
Error error_of(const Request& q) {
    auto r = ask(q);
    EXPECT_FALSE(r) << "an answer: " << (r ? (*r).status : 0);
    if (r) return {};
    auto& e = r.error();
    for (auto& text : {e.what.en, e.what.zh, e.remedy.en, e.remedy.zh}) EXPECT_NE(text, "");
    return e;
}
Error error_of(std::function<void(int)> talk, std::chrono::milliseconds limit = 5s, std::string_view scheme = "http") {
    Loopback server{std::move(talk)};
    return error_of(question(server.url("/", scheme), limit));
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

TEST(Http, an_answer_comes_with_its_headers_and_times) {
    ::setenv("http_proxy", "http://127.0.0.1:1", 1); // not for what is to be looked at
    std::string heard;
    Loopback server{[&](int fd) {
        heard = hear(fd);
        tell(fd, hello);
    }};
    auto r = ask(question(server.url("/path?x=1")));
    ::unsetenv("http_proxy");
    ASSERT_TRUE(r) << r.error().what.en;
    EXPECT_EQ((*r).status, 200);
    EXPECT_EQ((*r).version, "HTTP/1.1");
    EXPECT_EQ((*r).body, "hello");
    EXPECT_FALSE((*r).cut);
    ASSERT_TRUE((*r).header("x-thing"));
    EXPECT_EQ(*(*r).header("x-thing"), "one");
    EXPECT_EQ((*r).header("X-Other"), nullptr);
    EXPECT_GT((*r).took.connect, 0);
    EXPECT_GE((*r).took.total, (*r).took.connect + (*r).took.first);
    EXPECT_TRUE(heard.starts_with("GET /path?x=1 HTTP/1.1\r\n")) << heard;
    EXPECT_TRUE(has(heard, "User-Agent: imops/")) << heard;
    EXPECT_FALSE(has(heard, "Accept-Encoding")) << "what is not asked for cannot grow on unpacking";
}

TEST(Http, a_body_and_a_secret_are_sent) {
    std::string heard;
    Loopback server{[&](int fd) {
        heard = hear(fd);
        tell(fd, hello);
    }};
    Secret token{"Bearer t0ken", "test"};
    auto q = question(server.url());
    q.method = "PUT";
    q.headers = {{"Content-Type", "application/json"}};
    q.authorization = &token;
    q.body = "{}";
    ASSERT_TRUE(ask(q));
    EXPECT_TRUE(heard.starts_with("PUT / HTTP/1.1\r\n")) << heard;
    EXPECT_TRUE(has(heard, "Authorization: Bearer t0ken\r\n"));
    EXPECT_TRUE(has(heard, "Content-Length: 2\r\n"));
    EXPECT_FALSE(has(heard, "Expect:"));
}

TEST(Http, a_question_is_signed_and_the_secret_stays_here) {
    std::string heard;
    Loopback server{[&](int fd) {
        heard = hear(fd);
        tell(fd, hello);
    }};
    Secret secret{"s3cret", "test"};
    auto q = question(server.url("/bucket?list-type=2"));
    q.s3 = {"KEYID", "eu-central-1", &secret};
    ASSERT_TRUE(ask(q));
    EXPECT_TRUE(has(heard, "Authorization: AWS4-HMAC-SHA256 Credential=KEYID/")) << heard;
    EXPECT_TRUE(has(heard, "/eu-central-1/s3/aws4_request")) << heard;
    EXPECT_TRUE(has(heard, "x-amz-content-sha256")) << heard;
    EXPECT_FALSE(has(heard, "s3cret")) << heard;
    Secret broken{"s3\ncret", "env KEY"};
    q.s3.secret = &broken;
    auto e = error_of(q);
    EXPECT_EQ(e.code, Code::config);
    EXPECT_TRUE(has(e.what.en, "env KEY")) << e.what.en;
    EXPECT_FALSE(has(e.what.en, "cret)")) << e.what.en;
}

TEST(Http, what_cannot_be_sent_is_refused) {
    auto q = question("http://127.0.0.1:9/");
    q.headers = {{"X-Evil", "a\r\nHost: other"}};
    EXPECT_EQ(error_of(q).code, Code::config);
    q.headers = {{"X Evil", "a"}};
    EXPECT_EQ(error_of(q).code, Code::config);
    q.headers.clear();
    q.method = "GET / HTTP/1.1\r\nX:";
    EXPECT_EQ(error_of(q).code, Code::config);
    EXPECT_EQ(error_of(question("http://127.0.0.1:9/\r\nX: y")).code, Code::config);
    EXPECT_EQ(error_of(question("file:///etc/passwd")).code, Code::config);
    Secret token{"Bearer t0ken\r\nX: y", "env TOKEN"};
    auto evil = question("http://127.0.0.1:9/");
    evil.authorization = &token;
    auto e = error_of(evil);
    EXPECT_EQ(e.code, Code::config);
    EXPECT_FALSE(has(e.what.en, "t0ken")) << e.what.en;
    auto ca = question("https://127.0.0.1:9/");
    Loopback server{saying("")};
    ca.url = server.url("/", "https");
    ca.ca = "/no/such/file";
    EXPECT_EQ(error_of(ca).code, Code::config);
}

TEST(Http, who_is_not_there_has_a_code_each) {
    EXPECT_EQ(error_of(question("http://no-such-host.invalid/")).code, Code::name_not_found);
    int free_port;
    {
        Loopback gone{[](int) {}};
        free_port = gone.port();
    }
    auto e = error_of(question(fmt::format("http://127.0.0.1:{}/", free_port)));
    EXPECT_EQ(e.code, Code::refused);
    EXPECT_FALSE(has(e.remedy.en, "sshd"));
}

TEST(Http, nobody_is_waited_for_longer_than_the_limit) {
    auto begun = Clock::now();
    EXPECT_TRUE(has(error_of([](int fd) { stay(fd); }, 300ms).what.en, "gives no answer in time"));
    EXPECT_TRUE(has(error_of([](int fd) { stay(fd); }, 300ms, "https").what.en, "TLS handshake in time"));
    auto drip = [](std::string_view head) {
        return [head](int fd) {
            hear(fd);
            tell(fd, head);
            for (pollfd gone{fd, POLLIN, 0}; ::poll(&gone, 1, 20) == 0 && tell(fd, "x");) {}
        };
    };
    auto body = error_of(drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), 300ms);
    EXPECT_EQ(body.code, Code::timed_out);
    EXPECT_TRUE(has(body.what.en, "is not complete in time")) << body.what.en;
    EXPECT_EQ(error_of(drip("HTTP/1.1 200 OK\r\nX-Slow: "), 300ms).code, Code::timed_out);
    EXPECT_LT(Clock::now() - begun, 10s);
}

TEST(Http, no_more_than_the_limit_is_read) {
    std::atomic<std::size_t> sent{0};
    Loopback server{[&](int fd) {
        hear(fd);
        tell(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10737418240\r\n\r\n");
        std::string block(65536, 'x');
        while (tell(fd, block)) sent += block.size();
    }};
    auto q = question(server.url());
    q.body_limit = 1000;
    auto e = error_of(q);
    EXPECT_EQ(e.code, Code::too_long);
    EXPECT_TRUE(has(e.what.en, "longer than 1000 bytes"));
    q.whole = false;
    auto r = ask(q);
    ASSERT_TRUE(r);
    EXPECT_TRUE((*r).cut);
    EXPECT_EQ((*r).body, std::string(1000, 'x'));
    EXPECT_LT(sent, 64u << 20) << "what the kernel held, not 10 GB";
}

TEST(Http, headers_without_end_are_not_read) {
    EXPECT_EQ(error_of([](int fd) {
                  hear(fd);
                  tell(fd, "HTTP/1.1 200 OK\r\n");
                  while (tell(fd, "X-More: " + std::string(900, 'y') + "\r\n")) {}
              }).code,
              Code::too_long);
    EXPECT_EQ(error_of([](int fd) {
                  hear(fd);
                  tell(fd, "HTTP/1.1 200 OK\r\nX-Long: ");
                  while (tell(fd, std::string(65536, 'y'))) {}
              }).code,
              Code::too_long);
}

TEST(Http, redirects_are_followed_when_told_and_loops_end) {
    std::string url;
    std::vector<std::string> heard;
    Loopback server{[&](int fd) {
        heard.push_back(hear(fd));
        auto& h = heard.back();
        auto to = h.starts_with("GET /loop")   ? url + "/loop"
                  : h.starts_with("GET /file") ? "file:///etc/passwd"
                  : h.starts_with("GET /away") ? "http://localhost:" + url.substr(url.rfind(':') + 1) + "/"
                                               : "";
        tell(fd, to.empty()
                     ? std::string{hello}
                     : "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }};
    url = server.url("");
    auto q = question(url + "/loop");
    auto r = ask(q);
    ASSERT_TRUE(r);
    EXPECT_EQ((*r).status, 302);
    q.redirects = 5;
    EXPECT_EQ(error_of(q).code, Code::redirect_loop);
    EXPECT_EQ(heard.size(), 7u);
    q.url = url + "/file";
    EXPECT_EQ(error_of(q).code, Code::not_http);
    heard.clear();
    Secret token{"Bearer t0ken", "test"};
    q.authorization = &token;
    q.url = url + "/away";
    r = ask(q);
    ASSERT_TRUE(r) << r.error().what.en;
    EXPECT_TRUE((*r).url.starts_with("http://localhost:")) << (*r).url;
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_TRUE(has(heard[0], "t0ken"));
    EXPECT_FALSE(has(heard[1], "t0ken")) << "a secret is for the host that it was meant for";
}

TEST(Http, who_speaks_something_else_is_shown) {
    auto ssh = error_of([](int fd) {
        tell(fd, "SSH-2.0-OpenSSH_9.2\r\n");
        stay(fd);
    });
    EXPECT_EQ(ssh.code, Code::not_http);
    EXPECT_TRUE(has(ssh.what.en, "SSH-2.0-OpenSSH_9.2")) << ssh.what.en;
    auto tls = error_of(saying(std::string{"\x15\x03\x03\0\x02\x02\x32", 7}));
    EXPECT_TRUE(has(tls.what.en, "wants TLS")) << tls.what.en;
    auto noise = error_of(saying("\x1b[31m\x01garbage\r\n\r\n"));
    EXPECT_EQ(noise.code, Code::not_http);
    EXPECT_FALSE(has(noise.what.en, "\x1b"));
    EXPECT_EQ(error_of(saying("HTTP/9.9 abc\r\n\r\n")).code, Code::not_http);
    auto plain = error_of(
        [](int fd) {
            char c;
            if (::recv(fd, &c, 1, MSG_PEEK) == 1) tell(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
            stay(fd);
        },
        5s, "https");
    EXPECT_EQ(plain.code, Code::handshake);
    EXPECT_TRUE(has(plain.what.en, "does not speak TLS")) << plain.what.en;
}

TEST(Http, an_early_end_is_told) {
    EXPECT_TRUE(has(error_of(saying("")).what.en, "without an answer"));
    auto e = error_of(saying("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nten bytes."));
    EXPECT_EQ(e.code, Code::lost);
    EXPECT_TRUE(has(e.what.en, "10 bytes")) << e.what.en;
}

TEST(Http, an_upgrade_ends_with_its_headers) {
    Loopback server{[](int fd) {
        hear(fd);
        tell(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02hi");
        stay(fd);
    }};
    auto q = question(server.url());
    q.http1 = true;
    q.headers = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}};
    auto begun = Clock::now();
    auto r = ask(q);
    ASSERT_TRUE(r) << r.error().what.en;
    EXPECT_EQ((*r).status, 101);
    ASSERT_TRUE((*r).header("upgrade"));
    EXPECT_LT(Clock::now() - begun, 4s);
}

TEST(Http, another_address_keeps_the_name) {
    std::string heard;
    Loopback server{[&](int fd) {
        heard = hear(fd);
        tell(fd, hello);
    }};
    auto q = question("http://no-such-host.invalid/x");
    q.at = "127.0.0.1";
    q.at_port = server.port();
    ASSERT_TRUE(ask(q));
    EXPECT_TRUE(has(heard, "Host: no-such-host.invalid\r\n")) << heard;
}

TEST(Http, a_connection_that_is_there_is_used) {
    auto pair = tcp_pair();
    ASSERT_TRUE(pair);
    std::jthread far{[fd = std::move((*pair).second)] {
        hear(fd.get());
        tell(fd.get(), hello);
    }};
    auto near = std::move((*pair).first); // goes before the thread is waited for
    auto q = question("http://no-such-host.invalid/");
    q.connected = near.get();
    auto r = ask(q);
    ASSERT_TRUE(r) << r.error().what.en;
    EXPECT_EQ((*r).body, "hello");
    EXPECT_NE(::fcntl(q.connected, F_GETFD), -1) << "it stays the caller's";
}

TEST(Http, many_at_once_but_no_more_than_told) {
    Loopback server{saying(std::string{hello})};
    auto http = Http::open();
    ASSERT_TRUE(http);
    std::vector<int> got(200);
    (*http).run(
        got.size(), [&](std::size_t i) { return question(i % 10 ? server.url() : "http://127.0.0.1:1/"); },
        [&](std::size_t i, Result<Response> r) { got[i] += r ? (*r).status : 1; }, nullptr, 16);
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i % 10 ? 200 : 1) << i;
    EXPECT_LE(server.most, 17); // the server notices an end a little later
    EXPECT_GT(server.most, 1);
}

TEST(Http, an_interrupt_ends_all) {
    Loopback server{[](int fd) { stay(fd); }};
    auto http = Http::open();
    ASSERT_TRUE(http);
    volatile int stop = 0;
    int made = 0, interrupted = 0;
    (*http).run(
        10,
        [&](std::size_t) {
            stop = ++made == 4;
            return question(server.url(), 30s);
        },
        [&](std::size_t, Result<Response> r) { interrupted += !r && r.error().code == Code::interrupted; }, &stop, 4);
    EXPECT_EQ(interrupted, 10);
}

TEST(Http, each_fault_of_a_certificate_has_its_words) {
    auto words = [](long verify) {
        Failed f;
        f.code = CURLE_PEER_FAILED_VERIFICATION;
        f.verify = verify;
        auto e = http_error(f, Line{"im:443", "im:443"});
        EXPECT_EQ(e.code, Code::tls_untrusted);
        EXPECT_FALSE(e.remedy.zh.empty());
        return e.what.en;
    };
    EXPECT_TRUE(has(words(X509_V_ERR_CERT_HAS_EXPIRED), "expired"));
    EXPECT_TRUE(has(words(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), "self-signed"));
    EXPECT_TRUE(has(words(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN), "authority is not known"));
    EXPECT_TRUE(has(words(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY), "intermediate"));
    EXPECT_TRUE(has(words(X509_V_ERR_UNSPECIFIED), "another name"));
    EXPECT_TRUE(has(words(X509_V_ERR_CA_MD_TOO_WEAK), "not trusted"));
}
