#include "core/base/redact.hpp"
#include "core/base/string.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace imops;

namespace {

std::string hex_of(std::string_view text) {
    std::string out;
    for (unsigned char c : text) out += fmt::format("{:02x}", c);
    return out;
}

TEST(Redactor, TakesAValueOutInEverySpelling) {
    for (std::string secret : {"tulip-Harbour/41+", "Zk9 tulip:harbour # 4", "it's \"quoted\" \\ here", "密码是秘密",
                               "a&b=c%d?e", "tab\tinside", "''''''", "[x](y)*.+$^"}) {
        Redactor redact;
        redact.add(secret);
        for (auto& spelling :
             {secret, nlohmann::json(secret).dump(), percent_escaped(secret), shell_quote(secret), base64(secret),
              base64("user:" + secret), base64("u:" + secret + ":more"), base64("me:" + secret), hex_of(secret)}) {
            auto seen = redact("before " + spelling + " after");
            EXPECT_EQ(seen.find(spelling), seen.npos) << spelling;
            EXPECT_NE(seen.find("[secret]"), seen.npos) << spelling << " became " << seen;
            EXPECT_TRUE(seen.starts_with("before ") && seen.ends_with(" after")) << seen;
        }
    }
}

TEST(Redactor, LeavesNothingOfTheBase64OfAWholeLine) {
    Redactor redact;
    redact.add("correct horse battery");
    for (std::string before : {"", "a", "ab", "abc"})
        for (std::string after : {"", "z", "zy"}) {
            auto seen = redact(base64(before + "correct horse battery" + after));
            auto at = seen.find("[secret]");
            ASSERT_NE(at, seen.npos) << before << after;
            EXPECT_LE(seen.size(), Redactor::mark.size() + 14) << seen; // what is left is of its neighbours
        }
}

TEST(Redactor, AShortValueGoesOnlyWhereItStandsAlone) {
    Redactor redact;
    redact.add("pw");
    EXPECT_EQ(redact("user=im pw='pw' spwan"), "user=im [secret]='[secret]' spwan");
    redact.add("");
    EXPECT_EQ(redact("all here"), "all here");
}

TEST(Redactor, TheLongerOfTwoValuesGoesFirst) {
    Redactor redact;
    redact.add("hunter");
    redact.add("hunter-2-go");
    EXPECT_EQ(redact("x hunter-2-go y hunter"), "x [secret] y [secret]");
}

TEST(Redactor, TheLinesOfAKeyGoOneByOne) {
    Redactor redact;
    redact.add("-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n");
    EXPECT_EQ(redact("read MIIEvQIBADANBgkq then"), "read [secret] then");
}

TEST(Redactor, KnowsThePlacesOfSecretsThatNobodyTold) {
    Redactor redact;
    struct {
        std::string line, seen;
    } table[]{
        {"dial postgres://im:s3cret@db1:5432/im", "dial postgres://im:[secret]@db1:5432/im"},
        {"redis://:s3cret@cache:6379/0", "redis://:[secret]@cache:6379/0"},
        {"Authorization: Bearer syt_abc_def", "Authorization: Bearer [secret]"},
        {"'authorization': 'Basic dXNlcg=='", "'authorization': 'Basic [secret]'"},
        {"host=db1 password=s3cret dbname=im", "host=db1 password=[secret] dbname=im"},
        {"password='two words' port=1", "password=[secret] port=1"},
        {R"({"access_token": "syt_x", "device": "D"})", R"({"access_token": [secret], "device": "D"})"},
        {"/sync?access_token=abc&since=4", "/sync?access_token=[secret]&since=4"},
        {"Registration_Shared_Secret: zzz", "Registration_Shared_Secret: [secret]"},
    };
    for (auto& t : table) EXPECT_EQ(redact(t.line), t.seen);
}

TEST(Redactor, LeavesWhatIsNoSecret) {
    Redactor redact;
    redact.add("tulip-Harbour-41");
    for (std::string line :
         {"https://im.example.org:8448/_matrix/key", "password authentication failed for user \"im\"", "token expired",
          "user@example.org sent 41 messages", "secrets are read from files"})
        EXPECT_EQ(redact(line), line);
}

} // namespace
