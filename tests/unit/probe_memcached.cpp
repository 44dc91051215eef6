#include "core/probe/memcached.hpp"
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace imops;
using namespace imops::probe;

namespace {

struct Talk {
    Told told;
    std::string heard;
};

/// Asks a peer that has already said everything.
Talk talk(std::string_view says, const Secret* password = nullptr, bool closes = true) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    EXPECT_EQ(::write(fds[1], says.data(), says.size()), ssize_t(says.size()));
    if (closes) ::shutdown(fds[1], SHUT_WR);
    Target t;
    t.user = "im";
    t.password = password;
    Talk all;
    all.told = ask_memcached(
        *Stream::over(fds[0], Line{"cache:11211", "cache:11211"}, Clock::now() + std::chrono::milliseconds{300}), t);
    std::string part(4096, '\0');
    for (ssize_t n; (n = ::read(fds[1], part.data(), part.size())) > 0;) all.heard.append(part, 0, std::size_t(n));
    ::close(fds[1]);
    return all;
}

bool login_is(std::string_view code, std::string_view says, const Secret* password = nullptr, bool closes = true) {
    auto text = talk(says, password, closes).told["memcached.login"].text;
    return text.starts_with(fmt::format("code {}\n", code)) && (code == "ok" || text.find("\nremedy_zh ") != text.npos);
}

} // namespace

TEST(Memcached, stats_become_facts) {
    auto t = talk(
        "VERSION 1.6.18\r\nSTAT version 1.6.18\r\nSTAT uptime 12\r\nSTAT curr_connections 2\r\nSTAT evictions "
        "0\r\nSTAT other x\r\nEND\r\nSTAT maxconns 1024\r\nSTAT udpport 0\r\nSTAT inter 127.0.0.1\x1b[2J\r\nEND\r\n");
    EXPECT_EQ(t.told["memcached.login"].text, "code ok\nopen yes\n");
    EXPECT_EQ(t.told["memcached.stats"].text,
              "uptime 12\nconnections 2\nevicted 0\nversion 1.6.18\nmax_connections 1024\nudp 0\n");
    EXPECT_EQ(t.heard, "version\r\nstats\r\nstats settings\r\n");
}

TEST(Memcached, each_way_to_fail_has_its_code) {
    Secret secret{"s3cret", "test"};
    EXPECT_TRUE(login_is("other_service", "HTTP/1.1 400 Bad Request\r\n\r\n"));
    EXPECT_TRUE(login_is("other_service", "-ERR unknown command\r\n"));
    EXPECT_TRUE(login_is("too_many_clients", "ERROR Too many open connections\r\n"));
    EXPECT_TRUE(login_is("password_needed", "CLIENT_ERROR unauthenticated\r\n"));
    EXPECT_TRUE(
        login_is("password_wrong", "CLIENT_ERROR unauthenticated\r\nCLIENT_ERROR authentication failure\r\n", &secret));
    EXPECT_TRUE(login_is("ok", "CLIENT_ERROR unauthenticated\r\nSTORED\r\n", &secret));
    EXPECT_TRUE(login_is("lost", ""));
    EXPECT_TRUE(login_is("timed_out", "", nullptr, false));
    EXPECT_TRUE(login_is("timed_out", "VERSION 1.6", nullptr, false));
}

TEST(Memcached, a_password_goes_only_to_one_that_demands_it) {
    Secret secret{"s3cret", "test"};
    EXPECT_EQ(talk("VERSION 1.6.18\r\nEND\r\nEND\r\n", &secret).heard.find("s3cret"), std::string::npos)
        << "it would be stored there for everybody to read";
    auto t = talk("CLIENT_ERROR unauthenticated\r\nSTORED\r\nEND\r\nEND\r\n", &secret);
    EXPECT_NE(t.heard.find("set imops 0 0 9\r\nim s3cret\r\n"), std::string::npos) << t.heard;
    EXPECT_EQ(t.told["memcached.login"].text, "code ok\nopen no\n");
    for (auto& [id, said] : t.told) EXPECT_EQ((said.text + said.error).find("s3cret"), std::string::npos) << id;
}

TEST(Memcached, an_answer_that_ends_early_is_not_taken_for_whole) {
    auto t = talk("VERSION 1.6.18\r\nSTAT uptime 12\r\n");
    EXPECT_TRUE(t.told["memcached.login"].text.starts_with("code ok"));
    EXPECT_NE(t.told["memcached.stats"].error, "");
}
