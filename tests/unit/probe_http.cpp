#include "core/client/http_words.hpp"
#include "core/probe/http.hpp"
#include "tests/unit/loopback.hpp"

using namespace imops;
using namespace imops::probe;
using namespace imops::test;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

struct Case {
    Service service;
    Target target;
    explicit Case(std::string url) {
        service.name = "web";
        service.url = std::move(url);
        if (auto o = read_url(service)) ADD_FAILURE() << o->what.en;
        target.address = service.address;
        target.port = service.port;
        target.service = &service;
        target.deadline = Clock::now() + std::chrono::seconds{5};
    }
    std::string answer(const Result<net::Response>& r) { return HttpQuestion{target}.told(r)["endpoint.answer"].text; }
    /// The code, for an answer of this status, headers and body.
    std::string code(int status, std::vector<net::Header> headers = {}, std::string body = {}, bool cut = false) {
        auto text = answer(response(status, std::move(headers), std::move(body), cut));
        if (!text.starts_with("code ok\n")) {
            for (auto key : {"\nen ", "\nzh ", "\nremedy_en ", "\nremedy_zh "}) EXPECT_TRUE(has(text, key)) << text;
        }
        return text.substr(5, text.find('\n') - 5);
    }
    static net::Response response(int status, std::vector<net::Header> headers = {}, std::string body = {},
                                  bool cut = false) {
        net::Response r;
        r.status = status;
        r.version = "HTTP/1.1";
        r.headers = std::move(headers);
        r.body = std::move(body);
        r.cut = cut;
        r.took = {0.001, 0.002, 0.003, 0.004, 0.01};
        return r;
    }
};

std::string sent(const net::Request& q, std::string_view name) {
    for (auto& h : q.headers)
        if (h.name == name) return h.value;
    return "";
}

} // namespace

TEST(ServiceHttp, an_answer_is_seen_with_its_phases) {
    Case c{"https://im.example.org/health"};
    auto told = HttpQuestion{c.target}.told(Case::response(200, {}, "hello"));
    EXPECT_EQ(told["endpoint.answer"].text, "code ok\nreachable yes\nseen HTTP 200, 5 B, HTTP/1.1\n");
    EXPECT_EQ(told["endpoint.time"].text,
              "resolve 0.001000\nconnect 0.002000\ntls 0.003000\nfirst 0.004000\ntotal 0.010000\nwithin 0\n");
}

TEST(ServiceHttp, each_status_that_was_not_expected_has_its_code) {
    Case c{"https://im.example.org/"};
    for (auto status : {200, 204, 299}) EXPECT_EQ(c.code(status), "ok") << status;
    for (auto status : {300, 301, 304, 400, 401, 403, 404, 405, 418, 421, 429, 500})
        EXPECT_EQ(c.code(status), "status_wrong") << status;
    for (auto status : {502, 503, 504}) EXPECT_EQ(c.code(status), "bad_gateway") << status;
    EXPECT_TRUE(has(c.answer(Case::response(301, {{"location", "https://other.example.org/\x1b[31m"}})),
                    "redirect to https://other.example.org/"));
    EXPECT_FALSE(has(c.answer(Case::response(301, {{"location", "https://other.example.org/\x1b[31m"}})), "\x1b"));
    c.service.expect.status = {301, 404};
    EXPECT_EQ(c.code(301), "ok");
    EXPECT_EQ(c.code(404), "ok");
    EXPECT_EQ(c.code(200), "status_wrong");
}

TEST(ServiceHttp, headers_are_expected_by_name_in_any_case) {
    Case c{"https://im.example.org/"};
    c.service.expect.headers = {{"strict-transport-security", "max-age=\\d{7,}"}};
    EXPECT_EQ(c.code(200), "header_wrong");
    EXPECT_EQ(c.code(200, {{"Strict-Transport-Security", "max-age=60"}}), "header_wrong");
    EXPECT_EQ(c.code(200, {{"Strict-Transport-Security", "max-age=31536000"}}), "ok");
    EXPECT_EQ(
        c.code(200, {{"STRICT-TRANSPORT-SECURITY", "max-age=60"}, {"Strict-Transport-Security", "max-age=31536000"}}),
        "ok");
    EXPECT_EQ(c.code(404, {{"Strict-Transport-Security", "max-age=31536000"}}), "status_wrong");
}

TEST(ServiceHttp, a_body_must_match_in_what_was_read) {
    Case c{"https://im.example.org/"};
    c.service.expect.body = "^OK$";
    EXPECT_EQ(c.code(200, {}, "OK"), "ok");
    EXPECT_EQ(c.code(200, {}, "not OK"), "body_wrong");
    EXPECT_EQ(c.code(200), "body_wrong");
    c.service.expect.body = "needle";
    EXPECT_EQ(c.code(200, {}, "hay needle hay", true), "ok");
    auto cut = c.answer(Case::response(200, {}, std::string(2048, 'x'), true));
    EXPECT_TRUE(has(cut, "only the first 2 KiB were read")) << cut;
    EXPECT_TRUE(has(cut, "seen HTTP 200, > 2 KiB, HTTP/1.1")) << cut;
}

TEST(ServiceHttp, json_is_looked_at_by_pointer) {
    Case c{"https://im.example.org/"};
    c.service.expect.json = {{"/status", "ok"}};
    EXPECT_EQ(c.code(200, {}, R"({"status": "ok", "more": 1})"), "ok");
    EXPECT_EQ(c.code(200, {}, R"({"status": "OK"})"), "json_wrong");
    EXPECT_EQ(c.code(200, {}, R"({"stat": "ok"})"), "json_wrong");
    EXPECT_EQ(c.code(200, {}, "<html>"), "json_wrong");
    EXPECT_EQ(c.code(200, {}, R"({"status": "ok")"), "json_wrong");
    EXPECT_EQ(c.code(200, {}, R"({"status": "ok"})", true), "json_wrong");
    EXPECT_EQ(c.code(200, {}, std::string(500'000, '[')), "json_wrong") << "depth is no danger";
    c.service.expect.json = {{"/a/0/b", "true"}, {"/n", "1.5"}, {"/o", R"({"x":null})"}};
    EXPECT_EQ(c.code(200, {}, R"({"a": [{"b": true}], "n": 1.5, "o": {"x": null}})"), "ok");
    for (auto pointer : {"/~2", "/a/x", "/a/99999999999999999999", "/a/-"}) {
        c.service.expect.json = {{pointer, "1"}};
        EXPECT_EQ(c.code(200, {}, R"({"a": [1]})"), "json_wrong") << pointer;
    }
}

TEST(ServiceHttp, a_websocket_must_be_this_one) {
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // RFC 6455, 1.3
    Case c{"wss://im.example.org/ws"};
    HttpQuestion question{c.target};
    auto q = question.request(std::chrono::seconds{1});
    EXPECT_EQ(q.url, "https://im.example.org/ws");
    EXPECT_TRUE(q.http1);
    EXPECT_EQ(sent(q, "Origin"), "https://im.example.org");
    EXPECT_EQ(sent(q, "Sec-WebSocket-Key").size(), 24u);
    EXPECT_EQ(sent(q, "Sec-WebSocket-Protocol"), "");
    auto code = [&](std::vector<net::Header> headers) {
        auto text = question.told(Case::response(101, std::move(headers)))["endpoint.answer"].text;
        return text.substr(5, text.find('\n') - 5);
    };
    net::Header upgrade{"upgrade", "WebSocket"}, connection{"Connection", "keep-alive, Upgrade"},
        accept{"Sec-WebSocket-Accept", websocket_accept(sent(q, "Sec-WebSocket-Key"))};
    EXPECT_EQ(code({upgrade, connection, accept}), "ok");
    EXPECT_EQ(code({upgrade, connection}), "no_upgrade");
    EXPECT_EQ(code({upgrade, connection, {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}}), "no_upgrade");
    EXPECT_EQ(code({{"Upgrade", "h2c"}, connection, accept}), "no_upgrade");
    for (auto status : {200, 400, 426}) {
        EXPECT_EQ(c.code(status), "no_upgrade") << status;
        EXPECT_TRUE(has(c.answer(Case::response(status)), "proxy_set_header Upgrade $http_upgrade")) << status;
    }
    for (auto status : {401, 403, 404}) EXPECT_EQ(c.code(status), "status_wrong") << status;
    EXPECT_EQ(c.code(502), "bad_gateway");
    c.service.expect.status = {401};
    EXPECT_EQ(c.code(401), "ok");
}

TEST(ServiceHttp, the_protocol_that_is_expected_is_offered) {
    Case c{"ws://im.example.org:5280/xmpp"};
    c.service.expect.headers = {{"sec-websocket-protocol", "xmpp"}};
    EXPECT_EQ(sent(HttpQuestion{c.target}.request(std::chrono::seconds{1}), "Sec-WebSocket-Protocol"), "xmpp");
    c.service.expect.headers = {{"Sec-WebSocket-Protocol", "xmpp\r\nX-Evil: y"}};
    EXPECT_EQ(sent(HttpQuestion{c.target}.request(std::chrono::seconds{1}), "Sec-WebSocket-Protocol"), "");
}

TEST(ServiceHttp, what_must_not_be_seen) {
    Case c{"https://im.example.org/admin"};
    c.service.reachable = false;
    for (auto status : {401, 403, 404}) EXPECT_EQ(c.code(status), "ok") << status;
    for (auto status : {101, 200, 302, 400, 405, 500, 502}) EXPECT_EQ(c.code(status), "exposed") << status;
    auto failed = [&](Code code) {
        auto text = c.answer(Error{code, Line{"x", "x"}, Line{"y", "y"}, {}});
        return text.substr(5, text.find('\n') - 5);
    };
    for (auto code : {Code::refused, Code::timed_out, Code::unreachable, Code::lost})
        EXPECT_EQ(failed(code), "ok") << name(code);
    for (auto code : {Code::tls_untrusted, Code::handshake, Code::not_http})
        EXPECT_EQ(failed(code), "exposed") << name(code);
    c.service.expect.status = {302};
    EXPECT_EQ(c.code(302), "ok");
    EXPECT_EQ(c.code(403), "exposed");
}

TEST(ServiceHttp, credentials_are_sent_and_never_told) {
    Secret password{"p4ss", "env PASSWORD"};
    Case c{"https://im.example.org/"};
    c.target.password = &password;
    HttpQuestion token{c.target};
    ASSERT_TRUE(token.request(std::chrono::seconds{1}).authorization);
    EXPECT_EQ(token.request(std::chrono::seconds{1}).authorization->reveal(), "Bearer p4ss");
    c.target.user = "monitor";
    HttpQuestion basic{c.target};
    EXPECT_EQ(basic.request(std::chrono::seconds{1}).authorization->reveal(), "Basic bW9uaXRvcjpwNHNz");
    EXPECT_FALSE(has(c.answer(Case::response(401)), "p4ss"));
}

TEST(ServiceHttp, many_are_asked_in_one_loop) {
    Loopback server{[](int fd) {
        auto heard = hear(fd);
        tell(fd, heard.starts_with("GET /bad") ? "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
                                               : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
    }};
    std::vector<std::unique_ptr<Case>> cases;
    std::vector<Target> targets;
    for (int i = 0; i < 100; ++i)
        targets.push_back(cases.emplace_back(std::make_unique<Case>(server.url(i % 10 ? "/" : "/bad")))->target);
    std::vector<std::string> got(targets.size());
    ask_http(targets, std::chrono::seconds{5},
             [&](std::size_t i, Told told) { got[i] += told["endpoint.answer"].text; });
    for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_TRUE(got[i].starts_with(i % 10 ? "code ok\n" : "code bad_gateway\n")) << i << got[i];
    auto one = ask_http(targets[1]);
    EXPECT_TRUE(one["endpoint.answer"].text.starts_with("code ok\n")) << one["endpoint.answer"].text;
}
