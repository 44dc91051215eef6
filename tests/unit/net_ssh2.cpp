#include "core/net/host_keys.hpp"
#include "net_server.hpp"
#include <csignal>
#include <sys/un.h>
#include <thread>

/// libssh2 1.10 loses 76 bytes (a BIGNUM) with each log-in by an ECDSA key; only the sanitizer asks here.
extern "C" const char* __lsan_default_suppressions() { return "leak:CRYPTO_zalloc\n"; }

using namespace imops;
using namespace imops::test;

namespace {

/// One libssh2 session against an sshd of our own.
struct Ssh2 : Net {
    FleetOptions opt = options();
    Outcome go(Task& one) { return run(*make_fleet(opt), one); }
    /// A host that lets our key in.
    Host ready(Server& server, const std::string& type = "ed25519") {
        Host h = server.host();
        h.identities = {make_key(home, "k", type)};
        server.allow(h.identities.front());
        return h;
    }
};

TEST_F(Ssh2, logs_in_with_each_modern_key_type) {
    Server server;
    for (auto* type : {"ed25519", "ecdsa -b 256", "ecdsa -b 521"}) {
        fs::remove(home / "k");
        Task one{ready(server, type), "echo out; echo err >&2; exit 7"};
        auto o = go(one);
        ASSERT_TRUE(o.result) << type << describe(o) << slurp(server.folder / "log");
        EXPECT_EQ(o.result->status, 7);
        EXPECT_EQ(one.out, "out\n");
        EXPECT_EQ(one.err, "err\n");
        EXPECT_EQ(o.transport, Transport::libssh2);
        EXPECT_FALSE(o.why.empty());
    }
}

TEST_F(Ssh2, old_pem_keys_work) {
    Server server;
    Task one{ready(server, "ecdsa -m PEM"), "exit 0"};
    auto o = go(one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 0);
}

TEST_F(Ssh2, default_identities_lie_in_the_home_folder) {
    Server server;
    server.allow(make_key(home, ".ssh/id_ed25519"));
    Task one{server.host(), "exit 0"};
    EXPECT_TRUE(go(one).result);
}

TEST_F(Ssh2, a_status_is_what_the_script_says) {
    Server server;
    Host h = ready(server);
    for (auto& [script, status] : std::vector<std::pair<std::string, int>>{
             {"true", 0}, {"false", 1}, {"exit 199", 1}, {"exit 255", 255}, {"kill -9 $$", 137}}) {
        Task one{h, script};
        auto o = go(one);
        ASSERT_TRUE(o.result) << script << describe(o);
        EXPECT_EQ(o.result->status, status) << script;
    }
}

TEST_F(Ssh2, an_rsa_key_is_refused_in_the_right_words) {
    Server server;
    Task one{ready(server, "rsa -b 2048"), "exit 0"};
    auto o = go(one);
    if (o.result) GTEST_SKIP() << "this libssh2 can";
    EXPECT_EQ(code_of(o), Code::key_refused);
    EXPECT_TRUE(has(o.result.error().what.en, "(ssh-rsa)") && has(o.result.error().what.en, "publickey"))
        << describe(o);
    EXPECT_TRUE(has(o.result.error().remedy.en, "SHA-1") && has(o.result.error().remedy.zh, "SHA-1"));
}

TEST_F(Ssh2, an_encrypted_key_needs_its_passphrase) {
    Server server;
    Host h = server.host();
    h.identities = {make_key(home, "k", "ed25519", "open sesame")};
    server.allow(home / "k");
    {
        Task one{h, "exit 0"};
        auto o = go(one);
        EXPECT_EQ(code_of(o), Code::key_unreadable);
        EXPECT_TRUE(has(describe(o), "encrypted")) << describe(o);
    }
    ::setenv("IMOPS_TEST_PASSPHRASE", "wrong", 1);
    h.passphrase.env = "IMOPS_TEST_PASSPHRASE";
    {
        Task one{h, "exit 0"};
        auto o = go(one);
        EXPECT_EQ(code_of(o), Code::key_unreadable);
        EXPECT_TRUE(has(describe(o), "does not open") && !has(describe(o), "wrong")) << describe(o);
    }
    ::setenv("IMOPS_TEST_PASSPHRASE", "open sesame", 1);
    Task one{h, "exit 0"};
    auto o = go(one);
    EXPECT_TRUE(o.result) << describe(o);
    ::unsetenv("IMOPS_TEST_PASSPHRASE");
}

TEST_F(Ssh2, says_why_a_key_is_not_used_and_which_were_tried) {
    Server server;
    Host h = server.host();
    h.identities = {home / "absent"};
    Task absent{h, "exit 0"};
    auto o = go(absent);
    EXPECT_EQ(code_of(o), Code::key_unreadable);
    EXPECT_TRUE(has(describe(o), "absent"));
    h.identities = {make_key(home, "stranger")};
    Task stranger{h, "exit 0"};
    o = go(stranger);
    EXPECT_EQ(code_of(o), Code::key_refused);
    EXPECT_TRUE(has(o.result.error().what.en, "stranger (ssh-ed25519)") &&
                has(o.result.error().what.en, "127.0.0.1:" + std::to_string(server.port)))
        << describe(o);
    ::chmod((home / "stranger").c_str(), 0644);
    Task open{h, "exit 0"};
    EXPECT_TRUE(has(describe(go(open)), "chmod 600"));
    h.identities.clear();
    Task none{h, "exit 0"};
    EXPECT_EQ(code_of(go(none)), Code::no_method);
}

struct WithAgent : Ssh2 {
    std::string socket = home / "agent";
    std::optional<net::Child> agent;
    WithAgent() {
        auto child = net::Child::start({"ssh-agent", "-D", "-a", socket});
        agent.emplace(*std::move(child));
        soon([&] { return fs::exists(socket); });
        ::setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
    }
    ~WithAgent() override { ::unsetenv("SSH_AUTH_SOCK"); }
    void add(const std::string& key) {
        ASSERT_EQ(sh("SSH_AUTH_SOCK=" + socket + " ssh-add -q " + key + " 2>/dev/null"), 0);
    }
};

TEST_F(WithAgent, its_keys_log_in) {
    Server server;
    for (auto* type : {"ed25519", "ecdsa"}) {
        auto key = make_key(home, type, type);
        add(key);
        server.allow(key);
        fs::remove(key);
        Task one{server.host(), "exit 0"};
        auto o = go(one);
        ASSERT_TRUE(o.result) << describe(o);
        sh("SSH_AUTH_SOCK=" + socket + " ssh-add -q -D 2>/dev/null");
    }
}

TEST_F(WithAgent, it_opens_an_encrypted_identity_without_a_passphrase_here) {
    Server server;
    auto plain = make_key(home, "k");
    add(plain);
    server.allow(plain);
    sh("ssh-keygen -q -p -N secret -f " + plain + " >/dev/null");
    Host h = server.host();
    h.identities = {plain};
    Task one{h, "exit 0"};
    EXPECT_TRUE(go(one).result);
}

TEST_F(WithAgent, a_named_identity_comes_before_the_many_keys_of_the_agent) {
    Server server({"ed25519"}, "MaxAuthTries 3");
    for (int i = 0; i < 6; ++i) add(make_key(home, "other" + std::to_string(i)));
    Task one{ready(server), "exit 0"};
    EXPECT_TRUE(go(one).result);
    Host h = server.host();
    Task lost{h, "exit 0"};
    auto o = go(lost);
    EXPECT_EQ(code_of(o), Code::key_refused);
    EXPECT_TRUE(has(describe(o), "Too many authentication failures")) << describe(o);
}

TEST_F(WithAgent, a_stopped_agent_costs_its_limit_and_nothing_else) {
    Server server;
    int pid = 0;
    // the agent is our child: find it by its command line
    for (auto& e : fs::directory_iterator("/proc"))
        if (has(slurp(e.path().string() + "/cmdline"), socket) &&
            has(slurp(e.path().string() + "/cmdline"), "ssh-agent"))
            pid = std::stoi(e.path().filename());
    ASSERT_GT(pid, 0);
    ::kill(pid, SIGSTOP);
    Task one{ready(server), "exit 0"};
    auto o = go(one);
    ::kill(pid, SIGCONT);
    EXPECT_TRUE(o.result) << describe(o);
    EXPECT_LT(o.took, 6s);
}

TEST_F(WithAgent, a_dead_socket_is_passed_over) {
    agent.reset();
    Server server;
    Task one{ready(server), "exit 0"};
    EXPECT_TRUE(go(one).result);
}

TEST_F(Ssh2, a_password_logs_in_and_a_wrong_one_says_so) {
    for (bool interactive : {false, true}) { // keyboard-interactive needs PAM, which sees the same user
        Server server;
        auto config = slurp(server.folder / "sshd_config");
        auto turn = [&](std::string from, std::string to) { config.replace(config.find(from), from.size(), to); };
        if (interactive)
            turn("UsePAM no", "UsePAM yes"),
                turn("KbdInteractiveAuthentication no", "KbdInteractiveAuthentication yes");
        else
            turn("PasswordAuthentication no", "PasswordAuthentication yes");
        spit(server.folder / "sshd_config", config);
        if (!server.add_user("imopst", "pa ss")) GTEST_SKIP() << "no mount namespaces here";
        Host h = server.host();
        h.user = "imopst";
        h.password.env = "IMOPS_TEST_PASSWORD";
        ::setenv("IMOPS_TEST_PASSWORD", "pa ss", 1);
        Task right{h, "id -un 2>/dev/null || id -u; exit 0"};
        auto o = go(right);
        ASSERT_TRUE(o.result) << describe(o) << slurp(server.folder / "log");
        EXPECT_EQ(right.out, "imopst\n") << right.err << slurp(server.folder / "log");
        ::setenv("IMOPS_TEST_PASSWORD", "wrong", 1);
        Task wrong{h, "exit 0"};
        o = go(wrong);
        EXPECT_EQ(code_of(o), Code::password_refused) << describe(o);
        ::unsetenv("IMOPS_TEST_PASSWORD");
        Task unset{h, "exit 0"};
        EXPECT_TRUE(has(describe(go(unset)), "IMOPS_TEST_PASSWORD is not set"));
    }
}

// Host keys

TEST_F(Ssh2, an_unknown_host_key_ends_it_before_any_credential) {
    Server server;
    Task one{ready(server), "exit 0"};
    one.host.known_hosts = home / "empty";
    auto o = go(one);
    EXPECT_EQ(code_of(o), Code::host_key_unknown);
    auto& remedy = o.result.error().remedy.en;
    EXPECT_TRUE(has(remedy, "SHA256:") &&
                has(remedy, "ssh-keyscan -p " + std::to_string(server.port) + " 127.0.0.1 >>") &&
                has(remedy, "ssh_host_ed25519_key.pub"))
        << remedy;
    EXPECT_FALSE(has(slurp(server.folder / "log"), "Accepted"));
}

TEST_F(Ssh2, a_changed_host_key_is_never_accepted) {
    Server server, other;
    auto wrong = "# one\n[127.0.0.1]:" + std::to_string(server.port) + " " + slurp(other.folder / "host_ed25519.pub");
    spit(home / "kh", wrong);
    for (auto* mode : {"strict", "accept-new"}) {
        fs::remove(home / "k");
        Task one{ready(server), "exit 0"};
        one.host.known_hosts = home / "kh";
        one.host.host_key = mode;
        auto o = go(one);
        EXPECT_EQ(code_of(o), Code::host_key_changed) << describe(o);
        EXPECT_TRUE(has(o.result.error().what.en, (home / "kh") + " line 2")) << describe(o);
        EXPECT_TRUE(has(o.result.error().remedy.en, "ssh-keygen -R"));
        EXPECT_EQ(slurp(home / "kh"), wrong);
    }
}

TEST_F(Ssh2, accept_new_writes_a_hashed_line_that_strict_then_accepts) {
    Server server;
    Host h = ready(server);
    h.known_hosts = home / "new/kh";
    h.host_key = "accept-new";
    Task one{h, "exit 0"};
    ASSERT_TRUE(go(one).result);
    EXPECT_TRUE(slurp(h.known_hosts).starts_with("|1|"));
    struct stat st {};
    ::stat(h.known_hosts.c_str(), &st);
    EXPECT_EQ(st.st_mode & 0777, 0600u);
    ::stat((home / "new").c_str(), &st);
    EXPECT_EQ(st.st_mode & 0777, 0700u);
    h.host_key = "strict";
    Task two{h, "exit 0"};
    EXPECT_TRUE(go(two).result);
    EXPECT_EQ(sh("ssh-keygen -F '[127.0.0.1]:" + std::to_string(server.port) + "' -f " + h.known_hosts + " >/dev/null"),
              0);
}

TEST_F(Ssh2, a_fingerprint_fits_any_of_the_servers_keys) {
    Server server({"ed25519", "ecdsa"});
    Host h = ready(server);
    h.known_hosts = home / "none";
    for (auto* type : {"ed25519", "ecdsa"}) {
        auto pub =
            net::parse_known_hosts("x " + slurp(server.folder / ("host_" + std::string(type) + ".pub")), "p").at(0);
        h.host_key = net::fingerprint(pub.blob);
        Task one{h, "exit 0"};
        auto o = go(one);
        EXPECT_TRUE(o.result) << type << describe(o);
    }
    h.host_key = "SHA256:0000000000000000000000000000000000000000000";
    Task one{h, "exit 0"};
    auto o = go(one);
    EXPECT_EQ(code_of(o), Code::host_key_changed) << describe(o);
    EXPECT_TRUE(has(describe(o), "ssh-ed25519 SHA256:") && has(describe(o), "ecdsa-sha2-nistp256 SHA256:"))
        << describe(o);
}

TEST_F(Ssh2, of_several_keys_the_known_one_is_asked_for) {
    Server server({"ed25519", "ecdsa"});
    Task one{ready(server), "exit 0"};
    one.host.known_hosts = home / "kh";
    spit(home / "kh", "[127.0.0.1]:" + std::to_string(server.port) + " " + slurp(server.folder / "host_ecdsa.pub"));
    EXPECT_TRUE(go(one).result);
}

TEST_F(Ssh2, a_revoked_key_is_refused_even_if_it_is_known) {
    Server server;
    Task one{ready(server), "exit 0"};
    one.host.known_hosts = home / "kh";
    spit(home / "kh", slurp(server.known_hosts) + "@revoked * " + slurp(server.folder / "host_ed25519.pub"));
    EXPECT_EQ(code_of(go(one)), Code::host_key_revoked);
}

// What answers instead of an SSH server

struct Answer : Ssh2 {
    Host at(int port) {
        Host h;
        h.name = "db1";
        h.address = "127.0.0.1";
        h.port = port;
        h.transport = Transport::libssh2;
        h.known_hosts = home / "kh";
        return h;
    }
    Outcome ask(int port) {
        opt.connect_limit = 700ms;
        Task one{at(port), "exit 0"};
        return go(one);
    }
};

TEST_F(Answer, a_closed_port_is_refused) {
    Listener closed{false};
    EXPECT_EQ(code_of(ask(closed.port)), Code::refused);
}

TEST_F(Answer, a_name_that_does_not_exist) {
    Task one{at(22), "exit 0"};
    one.host.address = "no-such-host.invalid";
    auto o = go(one);
    EXPECT_EQ(code_of(o), Code::name_not_found) << describe(o);
}

TEST_F(Answer, silence_ends_at_the_connect_limit) {
    Listener silent;
    auto o = ask(silent.port);
    EXPECT_EQ(code_of(o), Code::timed_out);
    EXPECT_TRUE(has(describe(o), "said nothing")) << describe(o);
    EXPECT_LT(o.took, 3s);
}

TEST_F(Answer, something_else_is_quoted_harmlessly) {
    for (std::string_view words : {std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n\x1b[31m"),
                                   std::string_view("5.5.5-10.11\0\x01\xff", 14)}) {
        Listener other;
        std::thread server([&] {
            int fd = ::accept(other.fd, nullptr, nullptr);
            [[maybe_unused]] auto n = ::write(fd, words.data(), words.size());
            ::shutdown(fd, SHUT_WR);
            char c;
            while (::read(fd, &c, 1) > 0) {}
            ::close(fd);
        });
        auto o = ask(other.port);
        server.join();
        EXPECT_EQ(code_of(o), Code::not_ssh) << describe(o);
        EXPECT_TRUE(has(describe(o), net::printable(words.substr(0, 10)))) << describe(o);
        EXPECT_FALSE(has(describe(o), "\x1b"));
    }
}

TEST_F(Answer, endless_noise_ends) {
    Listener other;
    std::thread server([&] {
        int fd = ::accept(other.fd, nullptr, nullptr);
        std::string noise(4096, '\x07');
        while (::send(fd, noise.data(), noise.size(), MSG_NOSIGNAL) > 0) {}
        ::close(fd);
    });
    auto o = ask(other.port);
    server.join();
    EXPECT_EQ(code_of(o), Code::not_ssh) << describe(o);
}

} // namespace
