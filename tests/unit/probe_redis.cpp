#include "core/probe/redis/ha.hpp"
#include "core/probe/redis/redis.hpp"
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace imops;
using namespace imops::probe;

namespace {

/// A peer that has already said everything, and what it was told.
struct Peer {
    int fds[2];
    std::unique_ptr<Stream> stream;
    explicit Peer(std::string_view says, bool closes = true) {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        EXPECT_EQ(::write(fds[1], says.data(), says.size()), ssize_t(says.size()));
        if (closes) ::shutdown(fds[1], SHUT_WR);
        stream = Stream::over(fds[0], Line{"cache:6379", "cache:6379"}, Clock::now() + std::chrono::milliseconds{300});
    }
    ~Peer() { ::close(fds[1]); }
    std::string heard() {
        stream.reset();
        std::string all, part(4096, '\0');
        for (ssize_t n; (n = ::read(fds[1], part.data(), part.size())) > 0;) all.append(part, 0, std::size_t(n));
        return all;
    }
};

Target target(std::string user, const Secret* password) {
    Target t;
    t.address = "cache";
    t.port = 6379;
    t.user = std::move(user);
    t.password = password;
    return t;
}

std::string login(std::string_view says, const Secret* password = nullptr, bool closes = true) {
    Peer p{says, closes};
    auto told = ask_redis(*p.stream, target("", password));
    return told["redis.login"].text;
}

std::string bulk(std::string_view text) { return fmt::format("${}\r\n{}\r\n", text.size(), text); }

} // namespace

TEST(Redis, each_refusal_has_its_own_code) {
    Secret secret{"s3cret", "test"};
    std::string no_auth = "-NOAUTH Authentication required.\r\n";
    EXPECT_TRUE(login(no_auth).starts_with("code password_needed\n"));
    EXPECT_TRUE(login(no_auth + "-WRONGPASS invalid username-password pair or user is disabled.\r\n", &secret)
                    .starts_with("code password_wrong\n"));
    EXPECT_TRUE(login(no_auth + "-ERR invalid password\r\n", &secret).starts_with("code password_wrong\n"));
    EXPECT_TRUE(
        login("+PONG\r\n-ERR AUTH <password> called without any password configured for the default user.\r\n", &secret)
            .starts_with("code password_unset\n"));
    EXPECT_TRUE(login("+PONG\r\n-ERR Client sent AUTH, but no password is set\r\n", &secret)
                    .starts_with("code password_unset\n"));
    EXPECT_TRUE(login("-DENIED Redis is running in protected mode because\r\n").starts_with("code protected_mode\n"));
    EXPECT_TRUE(login("-ERR max number of clients reached\r\n").starts_with("code too_many_clients\n"));
    EXPECT_TRUE(login("-LOADING Redis is loading the dataset in memory\r\n").starts_with("code loading\n"));
}

TEST(Redis, who_answers_instead_is_said) {
    auto http = login("HTTP/1.1 400 Bad Request\r\n\r\n");
    EXPECT_TRUE(http.starts_with("code other_service\n")) << http;
    EXPECT_NE(http.find("en cache:6379: an HTTP server answers, not Redis"), http.npos) << http;
    EXPECT_NE(login("SSH-2.0-OpenSSH_9.2\r\n").find("an SSH server"), std::string::npos);
    EXPECT_NE(login("ERROR\r\n").find("Memcached"), std::string::npos);
    auto noise = login("\x01\x02\x1b[31mgarbage\r\n");
    EXPECT_TRUE(noise.starts_with("code other_service\n"));
    EXPECT_EQ(noise.find('\x1b'), noise.npos) << "foreign bytes never reach a terminal";
}

TEST(Redis, silence_and_an_end_are_no_answers) {
    EXPECT_TRUE(login("").starts_with("code lost\n"));
    EXPECT_TRUE(login("", nullptr, false).starts_with("code timed_out\n"));
    EXPECT_TRUE(login("+PO", nullptr, false).starts_with("code timed_out\n"));
}

TEST(Redis, a_password_is_sent_only_when_there_is_one_and_never_told) {
    Secret secret{"s3cret", "test"};
    Peer p{"-NOAUTH Authentication required.\r\n+OK\r\n" + bulk("redis_version:7.0.15\r\n") + "*0\r\n"};
    auto told = ask_redis(*p.stream, target("im", &secret));
    for (auto& [id, said] : told) EXPECT_EQ((said.text + said.error).find("s3cret"), std::string::npos) << id;
    auto heard = p.heard();
    EXPECT_NE(heard.find("*3\r\n$4\r\nAUTH\r\n$2\r\nim\r\n$6\r\ns3cret\r\n"), heard.npos) << heard;
    Peer without{"-NOAUTH Authentication required.\r\n"};
    ask_redis(*without.stream, target("im", nullptr));
    EXPECT_EQ(without.heard(), "*1\r\n$4\r\nPING\r\n");
}

TEST(Redis, info_becomes_facts) {
    Peer p{
        "+PONG\r\n" +
        bulk("# Server\r\nredis_version:7.0.15\r\n# "
             "Memory\r\nused_memory:1000\r\nmaxmemory:0\r\nrdb_last_bgsave_status:err\r\naof_last_write_status:ok\r\n"
             "maxmemory_policy:noeviction\x1b[2J\r\nnot a field\r\nunknown_field:1\r\n") +
        "-NOPERM this user has no permissions to run the 'config|get' command\r\n"};
    auto told = ask_redis(*p.stream, {"cache", 6379, "", nullptr});
    EXPECT_EQ(told["redis.login"].text, "code ok\nopen yes\n");
    auto& info = told["redis.info"].text;
    EXPECT_TRUE(info.starts_with("version 7.0.15\nused 1000\nlimit 0\nsave_ok no\naof_ok yes\npolicy noeviction"))
        << info;
    EXPECT_EQ(info.find('\x1b'), info.npos);
    EXPECT_EQ(told["redis.rights"].text, "config no\n");
}

TEST(Redis, an_info_without_end_is_cut_off) {
    Peer p{"+PONG\r\n$99999999\r\n" + std::string(1000, 'x')};
    auto told = ask_redis(*p.stream, {"cache", 6379, "", nullptr});
    EXPECT_NE(told["redis.info"].error, "");
}

TEST(Redis, a_sentinel_tells_whom_it_watches) {
    std::string master = "*1\r\n*14\r\n" + bulk("name") + bulk("im") + bulk("ip") + bulk("10.0.0.5") + bulk("port") +
                         bulk("6379") + bulk("flags") + bulk("s_down,master") + bulk("num-slaves") + bulk("1") +
                         bulk("num-other-sentinels") + bulk("2") + bulk("quorum") + bulk("2");
    Peer p{"+PONG\r\n" + bulk("redis_mode:sentinel\r\nsentinel_tilt:0\r\n") + master +
           "-NOQUORUM 1 usable Sentinels.\r\n-ERR unknown command\r\n"};
    auto told = ask_redis(*p.stream, target("", nullptr));
    EXPECT_EQ(told["redis.masters"].text, "im\t10.0.0.5\t6379\ts_down,master\t1\t3\t2\tNOQUORUM 1 usable Sentinels.\n");
    EXPECT_EQ(told["redis.info"].text, "mode sentinel\ntilt 0\n");
    EXPECT_NE(p.heard().find("$8\r\nCKQUORUM\r\n$2\r\nim\r\n"), std::string::npos);
}

TEST(Redis, what_a_sentinel_or_a_cluster_does_not_let_us_ask_is_not_told) {
    for (auto mode : {"sentinel", "cluster"}) {
        Peer p{"+PONG\r\n" + bulk(fmt::format("redis_mode:{}\r\n", mode)) + "-NOPERM\r\n-NOPERM\r\n"};
        auto told = ask_redis(*p.stream, target("", nullptr));
        EXPECT_FALSE(told.contains("redis.masters") || told.contains("redis.cluster")) << mode;
        EXPECT_EQ(told["redis.rights"].text, "config no\n") << mode;
    }
}

TEST(Redis, replicas_are_measured_by_their_offset) {
    EXPECT_EQ(
        redis_replicas_text("role:master\r\nslave0:ip=10.0.0.6,port=6379,state=online,offset=900,lag=1\r\nslave1:ip=10."
                            "0.0.7,port=6379,state=wait_bgsave,offset=0,lag=0\r\nmaster_repl_offset:1000\r\n"),
        "10.0.0.6:6379\tonline\t100\t1\n10.0.0.7:6379\twait_bgsave\t1000\t0\n");
    EXPECT_EQ(redis_replicas_text("role:slave\r\nslave_repl_offset:5\r\nslave_priority:100\r\n"), "");
}

TEST(Redis, nodes_of_a_cluster_are_counted) {
    auto text = redis_cluster_text("cluster_state:fail\r\ncluster_slots_assigned:10923\r\ncluster_known_nodes:4\r\n",
                                   "a 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-5460\n"
                                   "b 10.0.0.2:6379@16379 master - 0 0 2 connected 5461-10922\n"
                                   "c 10.0.0.3:6379@16379 master,fail - 0 0 3 disconnected\n"
                                   "d 10.0.0.4:6379@16379 slave,fail? a 0 0 1 connected\nshort line\n");
    EXPECT_EQ(text, "state fail\nslots 10923\nknown 4\nfailing 1\ndoubtful 1\nalone 1\nfailing_names "
                    "10.0.0.3:6379\nalone_names 10.0.0.2:6379\n");
}
