#include "core/probe/s3.hpp"
#include "tests/unit/loopback.hpp"

using namespace imops;
using namespace imops::probe;
using namespace imops::test;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

constexpr std::string_view listed = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>media</Name><MaxKeys>1</MaxKeys></ListBucketResult>)";

std::string error(std::string_view code, std::string_view more = {}) {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>so it is</Message>{}</Error>", code,
        more);
}
std::string http(std::string_view status, std::string_view body, std::string_view headers = {}) {
    return fmt::format("HTTP/1.1 {}\r\nServer: Store\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(),
                       body);
}

/// One service, and a store that gives every question the same answer.
struct Case {
    Secret secret{"s3cr3t/of+the=store", "env S3_SECRET"};
    Service service;
    Target target;
    std::string heard;
    explicit Case(bool with_key = true) {
        service.name = "store";
        service.type = ServiceType::s3;
        target.service = &service;
        target.address = "127.0.0.1";
        target.database = "media";
        if (!with_key) return;
        target.user = "AKIMOPS";
        target.password = &secret;
    }
    Told ask(const std::string& answer) {
        Loopback server{[&](int fd) {
            heard = hear(fd);
            tell(fd, answer);
        }};
        return ask_at(server.port());
    }
    Told ask_at(int port) {
        target.port = port;
        target.deadline = Clock::now() + std::chrono::seconds{5};
        return ask_s3(target);
    }
    std::string text(const std::string& answer) {
        auto all = ask(answer)["endpoint.answer"].text;
        EXPECT_FALSE(has(all, secret.reveal())) << all;
        EXPECT_FALSE(has(all, "\x1b")) << all;
        if (!all.starts_with("code ok\n")) {
            for (auto key : {"\nen ", "\nzh ", "\nremedy_en ", "\nremedy_zh "}) EXPECT_TRUE(has(all, key)) << all;
        }
        return all;
    }
    std::string code(const std::string& answer) {
        auto all = text(answer);
        return all.substr(5, all.find('\n') - 5);
    }
};

} // namespace

TEST(ServiceS3, a_bucket_is_listed_with_a_signature) {
    Case c;
    auto told = c.ask(http("200 OK", listed));
    EXPECT_EQ(told["endpoint.answer"].text, "code ok\nreachable yes\nseen S3, HTTP 200, Store\n");
    EXPECT_TRUE(has(told["endpoint.time"].text, "first 0.")) << told["endpoint.time"].text;
    EXPECT_TRUE(c.heard.starts_with("GET /media?list-type=2&max-keys=1 HTTP/1.1\r\n")) << c.heard;
    EXPECT_TRUE(has(c.heard, "Authorization: AWS4-HMAC-SHA256 Credential=AKIMOPS/")) << c.heard;
    EXPECT_TRUE(has(c.heard, "/us-east-1/s3/aws4_request")) << c.heard;
    EXPECT_FALSE(has(c.heard, c.secret.reveal()));
    EXPECT_FALSE(has(c.heard, "Basic "));
    c.service.region = "garage";
    c.target.database.clear();
    EXPECT_EQ(c.code(http("200 OK", "<ListAllMyBucketsResult/>")), "ok");
    EXPECT_TRUE(c.heard.starts_with("GET /?list-type=2")) << c.heard;
    EXPECT_TRUE(has(c.heard, "/garage/s3/aws4_request")) << c.heard;
    c.target.database = "a/../b c";
    c.ask(http("200 OK", listed));
    EXPECT_TRUE(c.heard.starts_with("GET /a%2F..%2Fb%20c?list-type=2")) << c.heard;
}

TEST(ServiceS3, each_refusal_has_its_code) {
    Case c;
    EXPECT_EQ(c.code(http("404 Not Found", error("NoSuchBucket"))), "bucket_missing");
    EXPECT_EQ(c.code(http("400 Bad Request", error("InvalidBucketName"))), "bucket_missing");
    EXPECT_EQ(c.code(http("403 Forbidden", error("InvalidAccessKeyId"))), "key_wrong");
    EXPECT_EQ(c.code(http("403 Forbidden", error("SignatureDoesNotMatch"))), "secret_wrong");
    EXPECT_EQ(c.code(http("403 Forbidden", error("AccessDenied"))), "denied");
    EXPECT_EQ(c.code(http("403 Forbidden", error("AccountProblem"))), "denied");
    EXPECT_EQ(c.code(http("403 Forbidden", error("SecondLevelDomainForbidden"))), "path_style");
    EXPECT_EQ(c.code(http("503 Service Unavailable", error("SlowDown"))), "unavailable");
    EXPECT_EQ(c.code(http("409 Conflict", error("OperationAborted"))), "s3_error");
    auto skew =
        c.text(http("403 Forbidden", error("RequestTimeTooSkewed", "<ServerTime>2031-01-01T00:00:00Z</ServerTime>")));
    EXPECT_TRUE(skew.starts_with("code clock_skew\n")) << skew;
    EXPECT_TRUE(has(skew, "the store's says 2031-01-01T00:00:00Z")) << skew;
    skew = c.text(http("403 Forbidden", error("RequestTimeTooSkewed"), "Date: Wed, 01 Jan 2031 00:00:00 GMT\r\n"));
    EXPECT_TRUE(has(skew, "the store's says Wed, 01 Jan 2031 00:00:00 GMT")) << skew;
    EXPECT_TRUE(has(c.text(http("409 Conflict", error("Odd\x1b[31m", "<Message>x</Message>"))), "HTTP 409"));
}

TEST(ServiceS3, another_region_is_named) {
    Case c;
    auto wrong =
        c.text(http("400 Bad Request", error("AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>")));
    EXPECT_TRUE(wrong.starts_with("code region_wrong\n")) << wrong;
    EXPECT_TRUE(has(wrong, "the region is eu-central-1, not us-east-1")) << wrong;
    EXPECT_TRUE(has(wrong, "`region: eu-central-1`")) << wrong;
    wrong = c.text(http("301 Moved Permanently",
                        error("PermanentRedirect", "<Endpoint>s3.eu-west-1.example.org</Endpoint>"),
                        "x-amz-bucket-region: eu-west-1\r\nLocation: http://127.0.0.1:9/\r\n"));
    EXPECT_TRUE(has(wrong, "the region is eu-west-1")) << wrong;
    EXPECT_TRUE(has(wrong, "s3.eu-west-1.example.org as its address")) << wrong;
    wrong = c.text(
        http("307 Temporary Redirect", error("TemporaryRedirect", "<Endpoint>s3.eu-west-1.example.org</Endpoint>")));
    EXPECT_TRUE(wrong.starts_with("code region_wrong\n")) << wrong;
    EXPECT_TRUE(has(wrong, "s3.eu-west-1.example.org")) << wrong;
}

TEST(ServiceS3, without_a_key_nobody_may_list) {
    Case c{false};
    EXPECT_EQ(c.code(http("403 Forbidden", error("AccessDenied"))), "ok");
    EXPECT_FALSE(has(c.heard, "Authorization")) << c.heard;
    EXPECT_EQ(c.code(http("200 OK", listed)), "open");
    EXPECT_EQ(c.code(http("404 Not Found", error("NoSuchBucket"))), "bucket_missing");
}

TEST(ServiceS3, half_a_key_is_not_sent) {
    Case c;
    c.target.password = nullptr;
    EXPECT_EQ(c.code(http("200 OK", listed)), "key_incomplete");
    c.target.password = &c.secret;
    c.target.user.clear();
    EXPECT_EQ(c.code(http("200 OK", listed)), "key_incomplete");
    EXPECT_EQ(c.heard, "");
}

TEST(ServiceS3, a_key_that_cannot_be_sent_is_refused) {
    Case c;
    c.target.user = "AK\r\nX-Evil: y";
    EXPECT_EQ(c.code(http("200 OK", listed)), "config");
    c.target.user = "AK";
    c.service.region = "us:east";
    EXPECT_EQ(c.code(http("200 OK", listed)), "config");
    EXPECT_EQ(c.heard, "");
}

TEST(ServiceS3, somebody_else_is_named) {
    Case c;
    auto console = c.text(http("200 OK", "<!doctype html><html><title>MinIO Console</title>"));
    EXPECT_TRUE(console.starts_with("code not_s3\n")) << console;
    EXPECT_TRUE(has(console, "of Store")) << console;
    EXPECT_EQ(c.code(http("404 Not Found", "\x1b[31mnothing here")), "not_s3");
    EXPECT_EQ(c.code(http("200 OK", "")), "not_s3");
    EXPECT_EQ(c.code(http("200 OK", "<other/>")), "not_s3");
    EXPECT_TRUE(has(c.text(http("301 Moved Permanently", "", "Location: https://store.example.org/\r\n")),
                    "leads to https://store.example.org/"));
    EXPECT_EQ(c.code(http("502 Bad Gateway", "<html>")), "bad_gateway");
    EXPECT_EQ(c.code(http("400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n")), "tls_wanted");
    auto ssh = c.text("SSH-2.0-OpenSSH_9.2\r\n");
    EXPECT_TRUE(ssh.starts_with("code not_http\n")) << ssh;
    EXPECT_TRUE(has(ssh, "leave `tls: no` out")) << ssh;
    EXPECT_EQ(c.code(""), "lost");
    EXPECT_EQ(
        c.code(http("403 Forbidden", "<!DOCTYPE Error [<!ENTITY a \"a\">]><Error><Code>AccessDenied</Code></Error>")),
        "not_s3");
}

TEST(ServiceS3, tls_is_spoken_unless_it_is_said_not_to) {
    Case c;
    c.target.tls = true;
    Loopback in_clear{[](int fd) {
        char first;
        if (::recv(fd, &first, 1, MSG_PEEK) == 1) tell(fd, http("400 Bad Request", ""));
        stay(fd);
    }};
    auto plain = c.ask_at(in_clear.port())["endpoint.answer"].text;
    EXPECT_TRUE(plain.starts_with("code handshake\n")) << plain;
    EXPECT_TRUE(has(plain, "everybody on the way reads")) << plain;
    int free_port;
    {
        Loopback gone{[](int) {}};
        free_port = gone.port();
    }
    EXPECT_TRUE(c.ask_at(free_port)["endpoint.answer"].text.starts_with("code refused\n"));
}
