#include "net_server.hpp"

using namespace imops;
using namespace imops::test;

namespace {

struct Ssh2 : Net {};

TEST_F(Ssh2, logs_in_with_a_key_file_and_runs_a_script) {
    Server server;
    Task one{server.host(), "echo out; echo err >&2; exit 7\n"};
    one.host.identities = {make_key(home, "k")};
    server.allow(home / "k");
    auto fleet = make_fleet(options());
    auto o = run(*fleet, one);
    ASSERT_TRUE(o.result) << describe(o) << slurp(server.folder / "log");
    EXPECT_EQ(o.result->status, 7);
    EXPECT_EQ(one.out, "out\n");
    EXPECT_EQ(one.err, "err\n");
    EXPECT_EQ(o.transport, Transport::libssh2);
}

TEST_F(Ssh2, a_status_of_zero_is_zero) {
    Server server;
    Task one{server.host(), "true"};
    one.host.identities = {make_key(home, "k", "ecdsa")};
    server.allow(home / "k");
    auto fleet = make_fleet(options());
    auto o = run(*fleet, one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 0);
}

} // namespace
