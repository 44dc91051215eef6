#include "net_server.hpp"

using namespace imops;
using namespace imops::test;

namespace {

/// The system's ssh, and the choice between it and libssh2.
struct OpenSsh : Net {
    Server server;
    FleetOptions opt = options();
    Outcome go(Task& one) { return run(*make_fleet(opt), one); }
    Host host(Transport transport, const std::string& type = "ed25519") {
        Host h = server.host();
        h.transport = transport;
        h.identities = {make_key(home, "k", type)};
        server.allow(home / "k");
        return h;
    }
};

TEST_F(OpenSsh, automatic_gives_an_rsa_key_to_ssh_and_says_why) {
    Task one{host(Transport::automatic, "rsa -b 2048"), "exit 6"};
    auto o = go(one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 6);
    if (o.transport == Transport::libssh2) GTEST_SKIP() << "this libssh2 can";
    EXPECT_EQ(o.transport, Transport::openssh);
    EXPECT_TRUE(has(o.why.en, "ssh-rsa") && has(o.why.zh, "ssh-rsa")) << o.why.en;
}

TEST_F(OpenSsh, automatic_takes_libssh2_where_it_can) {
    Task one{host(Transport::automatic), "exit 0"};
    auto o = go(one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.transport, Transport::libssh2) << o.why.en;
}

TEST_F(OpenSsh, what_libssh2_could_not_is_tried_once_with_ssh) {
    auto h = host(Transport::automatic, "rsa -b 2048");
    h.identities.insert(h.identities.begin(), make_key(home, "stranger")); // so that libssh2 looks possible
    Task one{h, "exit 0"};
    auto o = go(one);
    ASSERT_TRUE(o.result) << describe(o);
    if (o.transport == Transport::libssh2) GTEST_SKIP() << "this libssh2 can";
    EXPECT_TRUE(has(o.why.en, "libssh2 could not")) << o.why.en;
    fs::remove(server.folder / "authorized_keys");
    Task two{h, "exit 0"};
    o = go(two);
    EXPECT_EQ(code_of(o), Code::key_refused);
    EXPECT_TRUE(has(describe(o), "libssh2 was tried before")) << describe(o);
}

TEST_F(OpenSsh, a_host_known_only_by_its_rsa_key_goes_to_ssh) {
    Server both({"ed25519", "rsa"});
    both.allow(make_key(home, "k"));
    Host h = both.host();
    h.identities = {home / "k"};
    h.known_hosts = home / "kh";
    spit(home / "kh", "[127.0.0.1]:" + std::to_string(both.port) + " " + slurp(both.folder / "host_rsa.pub"));
    h.transport = Transport::automatic;
    Task one{h, "exit 0"};
    auto o = go(one);
    EXPECT_TRUE(o.result) << describe(o);
    h.transport = Transport::libssh2;
    Task two{h, "exit 0"};
    o = go(two);
    EXPECT_TRUE(o.result || code_of(o) == Code::host_key_unknown) << describe(o); // not "changed": nothing did
}

TEST_F(OpenSsh, host_keys_are_judged_by_ssh_too) {
    Server other;
    Host h = host(Transport::openssh);
    h.known_hosts = home / "kh";
    Task unknown{h, "exit 0"};
    EXPECT_EQ(code_of(go(unknown)), Code::host_key_unknown);
    auto wrong = "[127.0.0.1]:" + std::to_string(server.port) + " " + slurp(other.folder / "host_ed25519.pub");
    spit(home / "kh", wrong);
    for (auto* mode : {"strict", "accept-new"}) {
        h.host_key = mode;
        Task changed{h, "exit 0"};
        auto o = go(changed);
        EXPECT_EQ(code_of(o), Code::host_key_changed) << describe(o);
        EXPECT_EQ(slurp(home / "kh"), wrong);
    }
    fs::remove(home / "kh");
    Task fresh{h, "exit 0"};
    EXPECT_TRUE(go(fresh).result);
    EXPECT_TRUE(slurp(home / "kh").starts_with("|1|"));
    h.host_key = "SHA256:0000000000000000000000000000000000000000000";
    Task fingerprint{h, "exit 0"};
    EXPECT_EQ(code_of(go(fingerprint)), Code::unsupported);
}

TEST_F(OpenSsh, failures_have_their_codes) {
    Host h = host(Transport::openssh);
    h.port = Listener{false}.port;
    Task refused{h, "exit 0"};
    EXPECT_EQ(code_of(go(refused)), Code::refused);
    Listener silent;
    h.port = silent.port;
    opt.connect_limit = 1500ms;
    Task mute{h, "exit 0"};
    EXPECT_EQ(code_of(go(mute)), Code::timed_out);
    opt.connect_limit = 10s;
    h.port = server.port;
    h.identities = {make_key(home, "stranger")};
    Task stranger{h, "exit 0"};
    EXPECT_EQ(code_of(go(stranger)), Code::key_refused);
    h.password.env = "HOME";
    Task password{h, "exit 0"};
    EXPECT_EQ(code_of(go(password)), Code::unsupported);
}

TEST_F(OpenSsh, a_jump_host_leads_to_the_target) {
    Server jump;
    jump.allow(make_key(home, "j"));
    Host bastion = jump.host("bastion");
    bastion.identities = {home / "j"};
    Host h = host(Transport::automatic);
    h.via = "bastion";
    std::vector<Host> hosts{bastion, h};
    opt.hosts = hosts;
    Task one{h, "echo there; exit 2"}, two{h, "exit 3"};
    {
        auto fleet = make_fleet(opt);
        auto o = run(*fleet, one);
        ASSERT_TRUE(o.result) << describe(o);
        EXPECT_EQ(o.result->status, 2);
        EXPECT_EQ(one.out, "there\n");
        EXPECT_EQ(o.transport, Transport::openssh);
        EXPECT_TRUE(has(o.why.en, "bastion"));
        EXPECT_TRUE(has(slurp(jump.folder / "log"), "Accepted"));
        EXPECT_EQ(run(*fleet, two).result->status, 3);
    }
    hosts[0].identities = {make_key(home, "stranger")};
    Task three{h, "exit 0"};
    EXPECT_EQ(code_of(go(three)), Code::key_refused);
}

TEST_F(OpenSsh, jump_hosts_that_cannot_be_are_configuration_errors) {
    Host h = host(Transport::automatic);
    h.via = "nobody";
    Task unknown{h, "exit 0"};
    EXPECT_EQ(code_of(go(unknown)), Code::config);
    Host a = h, b = h;
    a.name = "a", a.via = "b", b.name = "b", b.via = "a";
    std::vector<Host> ring{a, b};
    opt.hosts = ring;
    Task round{a, "exit 0"};
    EXPECT_EQ(code_of(go(round)), Code::config);
    a.transport = Transport::libssh2;
    Task explicitly{a, "exit 0"};
    EXPECT_EQ(code_of(go(explicitly)), Code::unsupported);
}

TEST_F(OpenSsh, what_the_users_own_configuration_says_is_followed) {
    Host h = host(Transport::automatic);
    spit(home / ".ssh/config", "Host db.alias\n  HostName 127.0.0.1\n  Port " + std::to_string(server.port) +
                                   "\n  IdentityFile " + (home / "k") + "\n  UserKnownHostsFile " + server.known_hosts +
                                   "\n");
    h.address = "db.alias";
    h.port = 22;
    h.identities.clear();
    h.known_hosts.clear();
    Task one{h, "exit 5"};
    auto o = go(one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 5);
    EXPECT_EQ(o.transport, Transport::libssh2) << o.why.en;
    std::ofstream(home / ".ssh/config", std::ios::app)
        << "  ProxyCommand /bin/busybox nc 127.0.0.1 " << server.port << "\n";
    Task two{h, "exit 5"};
    o = go(two);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.transport, Transport::openssh);
    EXPECT_TRUE(has(o.why.en, "proxycommand")) << o.why.en;
}

TEST_F(OpenSsh, a_status_of_255_is_the_scripts_own) {
    Task one{host(Transport::openssh), "exit 255"};
    auto o = go(one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 255);
}

TEST_F(OpenSsh, banners_are_not_the_scripts_words) {
    spit(server.folder / "banner", "WARNING imops-started here\nauthorised use only \x1b[31m\n");
    Server loud({"ed25519"}, "Banner " + (server.folder / "banner"));
    loud.allow(make_key(home, "k"));
    for (auto transport : {Transport::openssh, Transport::libssh2}) {
        Host h = loud.host();
        h.identities = {home / "k"};
        h.transport = transport;
        Task one{h, "echo out; echo err >&2; exit 0"};
        auto o = go(one);
        ASSERT_TRUE(o.result) << describe(o);
        EXPECT_EQ(one.out, "out\n");
        EXPECT_EQ(one.err, "err\n");
    }
}

/// sudo for real: a user with a password that only this server sees.
TEST_F(OpenSsh, sudo_with_a_password_over_ssh) {
    if (!server.add_user("imopst", "pa ss")) GTEST_SKIP() << "no mount namespaces here";
    bool installed = net::in_path("sudo");
    for (auto transport : {Transport::openssh, Transport::libssh2}) {
        fs::remove(home / "k");
        Host h = host(transport);
        h.user = "imopst";
        h.sudo = Sudo::password;
        h.sudo_password.env = "IMOPS_TEST_SUDO";
        ::setenv("IMOPS_TEST_SUDO", "pa ss", 1);
        Task right{h, "id -u; exit 4"}, wrong{h, "id -u; exit 5"};
        auto o = go(right);
        ASSERT_TRUE(o.result) << describe(o) << slurp(server.folder / "log");
        EXPECT_EQ(o.result->status, 4);
        EXPECT_EQ(right.out, installed ? "0\n" : "54321\n");
        EXPECT_TRUE(has(right.err, installed ? "imops-sudo: ok\n" : "imops-sudo: refused: ")) << right.err;
        ::setenv("IMOPS_TEST_SUDO", "wr ong", 1);
        o = go(wrong);
        ::unsetenv("IMOPS_TEST_SUDO");
        ASSERT_TRUE(o.result) << describe(o);
        EXPECT_EQ(o.result->status, 5);
        EXPECT_EQ(wrong.out, "54321\n");
        EXPECT_TRUE(has(wrong.err, "imops-sudo: refused: ")) << wrong.err;
        EXPECT_FALSE(has(right.err + wrong.err, "pa ss") || has(right.err + wrong.err, "wr ong"));
        h.sudo = Sudo::none;
        Task plain{h, "id -u; exit 0"};
        EXPECT_TRUE(go(plain).result);
        EXPECT_EQ(plain.err, "");
    }
}

} // namespace
