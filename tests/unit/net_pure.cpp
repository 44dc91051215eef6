#include "core/net/choose.hpp"
#include "core/net/command.hpp"
#include "core/net/identities.hpp"
#include "core/net/ssh_config.hpp"
#include "core/net/ssh_errors.hpp"
#include "net_server.hpp"

using namespace imops;
using namespace imops::net;
using test::has;

namespace {

Host db1() {
    Host h;
    h.name = "db1";
    h.address = "10.0.0.5";
    return h;
}

TEST(SshConfig, reads_what_ssh_says) {
    auto says = parse_ssh_says(
        "user deploy\nhostname 10.1.2.3\nport 2200\naddressfamily any\nidentityfile ~/.ssh/a b\nidentityfile "
        "/k\nidentitiesonly yes\n"
        "userknownhostsfile /u1 /u2\nglobalknownhostsfile /g\nhostkeyalias db\nproxycommand none\nrubbish\n\nport\n");
    EXPECT_EQ(says.user, "deploy");
    EXPECT_EQ(says.hostname, "10.1.2.3");
    EXPECT_EQ(says.port, 2200);
    EXPECT_EQ(says.identities, (std::vector<std::string>{"~/.ssh/a b", "/k"}));
    EXPECT_EQ(says.known_hosts, (std::vector<std::string>{"/u1", "/u2", "/g"}));
    EXPECT_TRUE(says.identities_only);
    EXPECT_TRUE(says.beyond_libssh2.empty());
    EXPECT_EQ(parse_ssh_says("proxyjump bastion\n").beyond_libssh2, "proxyjump bastion");
    EXPECT_EQ(parse_ssh_says("certificatefile /c\n").beyond_libssh2, "certificatefile /c");
    EXPECT_EQ(parse_ssh_says("addressfamily inet6\n").beyond_libssh2, "addressfamily inet6");
}

TEST(SshConfig, knows_debians_own_file_as_plain) {
    constexpr auto debian = "# c\nInclude /etc/ssh/ssh_config.d/*.conf\nHost *\n#   Port 22\n    SendEnv LANG LC_*\n   "
                            " HashKnownHosts yes\n    GSSAPIAuthentication yes\n";
    EXPECT_TRUE(is_plain(debian, false));
    EXPECT_FALSE(is_plain(debian, true));
    EXPECT_TRUE(is_plain("", false));
    EXPECT_FALSE(is_plain("Host bastion\n", false));
    EXPECT_FALSE(is_plain("Host *\n ProxyJump=bastion\n", false));
    EXPECT_FALSE(is_plain("Include /etc/ssh/other\n", false));
}

TEST(SshConfig, expands_paths_or_says_that_it_cannot) {
    EXPECT_EQ(expand_path("~/.ssh/k", "/home/a", "a"), "/home/a/.ssh/k");
    EXPECT_EQ(expand_path("%d/%u/%%", "/home/a", "a"), "/home/a/a/%");
    EXPECT_EQ(expand_path("~other/k", "/home/a", "a"), "");
    EXPECT_EQ(expand_path("/k/%h", "/home/a", "a"), "");
    EXPECT_EQ(expand_path("${HOME}/k", "/home/a", "a"), "");
}

TEST(SshConfig, writes_hostile_paths_so_that_ssh_reads_them_back) {
    test::Folder folder;
    Host h = db1();
    h.user = "ops";
    h.port = 2222;
    h.identities = {"/k/a b\"c\\d%h#e"};
    h.known_hosts = "/kh with space";
    auto text = config_text(h, {.control_path = folder / "0", .connect_limit = std::chrono::milliseconds{2500}});
    ASSERT_TRUE(text);
    test::spit(folder / "c", *text);
    ASSERT_EQ(test::sh("ssh -G -F " + (folder / "c") + " -- 10.0.0.5 >" + (folder / "out") + " 2>/dev/null"), 0)
        << *text;
    auto out = test::slurp(folder / "out");
    EXPECT_TRUE(has(out, "identityfile /k/a b\"c\\d%%h#e\n")) << out;
    EXPECT_TRUE(has(out, "userknownhostsfile /kh with space\n"));
    EXPECT_TRUE(has(out, "user ops\n") && has(out, "port 2222\n") && has(out, "batchmode yes\n") &&
                has(out, "connecttimeout 3\n"));
    EXPECT_TRUE(has(out, "stricthostkeychecking true\n"));
}

TEST(SshConfig, refuses_what_it_cannot_write) {
    Host h = db1();
    for (auto* bad : {"/k\nProxyCommand touch /tmp/owned", "/k/${HOME}", "/k\x7f"}) {
        h.identities = {bad};
        auto text = config_text(h, {.control_path = "/c"});
        ASSERT_FALSE(text) << bad;
        EXPECT_EQ(text.error().code, Code::config);
    }
    h.identities.clear();
    h.host_key = "SHA256:abc";
    auto text = config_text(h, {.control_path = "/c"});
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, Code::unsupported);
}

TEST(SshConfig, the_users_own_file_is_read_but_ours_wins) {
    test::Folder folder;
    test::spit(folder / "user", "Host 10.0.0.5\n  HostName 10.9.9.9\n  User wrong\n  Port 99\n  ProxyJump bastion\n  "
                                "StrictHostKeyChecking no\n");
    Host h = db1();
    h.user = "right";
    auto text = config_text(h, {.control_path = folder / "0",
                                .user_config = folder / "user",
                                .connect_limit = std::chrono::milliseconds{1000}});
    ASSERT_TRUE(text);
    test::spit(folder / "c", *text);
    ASSERT_EQ(test::sh("ssh -G -F " + (folder / "c") + " -- 10.0.0.5 >" + (folder / "out") + " 2>/dev/null"), 0)
        << *text;
    auto says = parse_ssh_says(test::slurp(folder / "out"));
    EXPECT_EQ(says.user, "right");
    EXPECT_EQ(says.hostname, "10.9.9.9");
    EXPECT_EQ(says.port, 99); // imops.yaml says nothing but the default
    EXPECT_EQ(says.beyond_libssh2, "proxyjump bastion");
    EXPECT_TRUE(has(test::slurp(folder / "out"), "stricthostkeychecking true\n"));
}

TEST(Choose, obeys_and_explains) {
    Route r;
    Host h = db1();
    Means means;
    auto chosen = [&](std::optional<SshSays> says = {}) {
        choose(r, h, says, means);
        EXPECT_FALSE(r.why.en.empty() || r.why.zh.empty());
        return r.transport;
    };
    EXPECT_EQ(chosen(), Transport::libssh2);
    means.kerberos = true;
    EXPECT_EQ(chosen(), Transport::openssh);
    means.keys = {{"/k", "ssh-rsa", false}};
    EXPECT_EQ(chosen(), Transport::openssh);
    means.agent = true;
    EXPECT_EQ(chosen(), Transport::libssh2); // which keys the agent holds shows later
    means.agent = false;
    means.rsa_works = true;
    EXPECT_EQ(chosen(), Transport::libssh2);
    means.keys = {{"/k", "sk-ssh-ed25519@openssh.com", false}, {"/c", "ssh-ed25519", true}};
    EXPECT_EQ(chosen(), Transport::openssh);
    means.keys.push_back({"/d", "ssh-ed25519", false});
    EXPECT_EQ(chosen(), Transport::libssh2);
    EXPECT_EQ(chosen(parse_ssh_says("proxycommand nc %h %p\n")), Transport::openssh);
    means.ssh_program = false;
    EXPECT_EQ(chosen(parse_ssh_says("proxycommand nc %h %p\n")), Transport::libssh2);
    h.via = "bastion";
    EXPECT_EQ(chosen(), Transport::openssh);
    h.transport = Transport::libssh2;
    EXPECT_EQ(chosen(), Transport::libssh2);
}

TEST(Choose, imops_yaml_comes_before_ssh_and_ssh_before_the_defaults) {
    Host h = db1();
    auto says = parse_ssh_says(
        "hostname 10.9.9.9\nuser fromssh\nport 99\nidentityfile ~/.ssh/x\nuserknownhostsfile /u\nhostkeyalias alias\n");
    auto r = complete(h, says, "/home/a");
    EXPECT_EQ(r.address, "10.9.9.9");
    EXPECT_EQ(r.user, "fromssh");
    EXPECT_EQ(r.port, 99);
    EXPECT_EQ(r.identities, std::vector<std::string>{"/home/a/.ssh/x"});
    EXPECT_EQ(r.known_hosts, std::vector<std::string>{"/u"});
    EXPECT_EQ(r.host_key_name, "alias");
    h.user = "ops";
    h.port = 2222;
    h.identities = {"/mine"};
    h.known_hosts = "~/kh";
    r = complete(h, says, "/home/a");
    EXPECT_EQ(r.user, "ops");
    EXPECT_EQ(r.port, 2222);
    EXPECT_EQ(r.identities, std::vector<std::string>{"/mine"});
    EXPECT_EQ(r.known_hosts, std::vector<std::string>{"/home/a/kh"});
    EXPECT_EQ(complete(db1(), {}, "/home/a").identities.front(), "/home/a/.ssh/id_ed25519");
}

TEST(SshErrors, each_cause_has_its_code) {
    Host h = db1();
    auto code = [&](std::string_view said) { return read_ssh_error(said, h, Text{"db1", "db1"}).code; };
    EXPECT_EQ(code("ssh: Could not resolve hostname nope: Name or service not known\n"), Code::name_not_found);
    EXPECT_EQ(code("ssh: connect to host 127.0.0.1 port 1: Connection refused\n"), Code::refused);
    EXPECT_EQ(code("ssh: connect to host 10.0.0.1 port 22: Connection timed out\n"), Code::timed_out);
    EXPECT_EQ(code("ssh: connect to host 10.0.0.1 port 22: No route to host\n"), Code::unreachable);
    EXPECT_EQ(code("No ED25519 host key is known for db1 and you have requested strict checking.\nHost key "
                   "verification failed.\n"),
              Code::host_key_unknown);
    EXPECT_EQ(code("@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nOffending ED25519 key in "
                   "/root/.ssh/known_hosts:3\nHost key verification failed.\n"),
              Code::host_key_changed);
    EXPECT_EQ(code("WARNING: REVOKED HOST KEY DETECTED!\nHost key verification failed.\n"), Code::host_key_revoked);
    EXPECT_EQ(code("root@db1: Permission denied (publickey).\n"), Code::key_refused);
    EXPECT_EQ(code("Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures\n"),
              Code::key_refused);
    EXPECT_EQ(code("@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\nroot@db1: Permission denied (publickey).\n"),
              Code::key_unreadable);
    EXPECT_EQ(code("Unable to negotiate with 1.2.3.4 port 22: no matching host key type found. Their offer: ssh-rsa\n"),
              Code::handshake);
    EXPECT_EQ(code("kex_exchange_identification: Connection closed by remote host\n"), Code::handshake);
    EXPECT_EQ(code("kex_exchange_identification: banner line contains invalid characters\n"), Code::not_ssh);
    EXPECT_EQ(code("/x: line 3: Bad configuration option: nonsense\n/x: terminating, 1 bad configuration options\n"),
              Code::config);
    EXPECT_EQ(code("channel 0: open failed: administratively prohibited: open failed\nstdio forwarding "
                   "failed\nConnection closed by UNKNOWN port 65535\n"),
              Code::unreachable);
    EXPECT_EQ(
        code("jump@b: Permission denied (publickey).\nkex_exchange_identification: Connection closed by remote host\n"),
        Code::key_refused);
    EXPECT_EQ(code(""), Code::handshake);
    h.password.env = "X";
    EXPECT_EQ(code("root@db1: Permission denied (publickey,password).\n"), Code::unsupported);
    EXPECT_TRUE(
        has(read_ssh_error("Offending ED25519 key in /root/.ssh/known_hosts:3\n", h, Text{"db1", "db1"}).what.en,
            "/root/.ssh/known_hosts:3"));
    EXPECT_FALSE(has(read_ssh_error("evil \x1b[31m\x07 words\n", h, Text{"db1", "db1"}).what.en, "\x1b"));
}

TEST(Identities, facts_of_a_key_without_its_passphrase) {
    test::Folder folder;
    auto plain = load_key(test::make_key(folder, "a")),
         locked = load_key(test::make_key(folder, "b", "ecdsa", "secret"));
    ASSERT_TRUE(plain && locked);
    EXPECT_EQ(plain->facts.type, "ssh-ed25519");
    EXPECT_FALSE(plain->facts.encrypted);
    EXPECT_EQ(locked->facts.type, "ecdsa-sha2-nistp256");
    EXPECT_TRUE(locked->facts.encrypted);
    EXPECT_FALSE(locked->facts.blob.empty());
    auto pem = inspect_key("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "x");
    ASSERT_TRUE(pem);
    EXPECT_EQ(pem->type, "ssh-rsa");
    EXPECT_TRUE(pem->encrypted);
}

TEST(Identities, says_why_a_file_is_not_used) {
    test::Folder folder;
    auto key = test::make_key(folder, "a");
    auto why = [&](const std::string& path) {
        auto k = load_key(path);
        return k ? std::string("loaded")
                 : std::string(name(k.error().code)) + " " + k.error().what.en + " " + k.error().remedy.en;
    };
    EXPECT_TRUE(has(why(folder / "none"), "No such file"));
    EXPECT_TRUE(has(why(key + ".pub"), "mode 0644")) << why(key + ".pub");
    ::chmod(key.c_str(), 0640);
    EXPECT_TRUE(has(why(key), "chmod 600"));
    test::spit(folder / "p", "PuTTY-User-Key-File-3: ssh-ed25519\n");
    EXPECT_TRUE(has(why(folder / "p"), "puttygen"));
    test::spit(folder / "d", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n");
    EXPECT_TRUE(has(why(folder / "d"), "damaged"));
    EXPECT_TRUE(has(why(folder.path), "no private key"));
}

TEST(Printable, shows_foreign_bytes_harmlessly) {
    EXPECT_EQ(printable("a\x1b[0m\xff\r\n"), "a\\x1b[0m\\xff");
    EXPECT_EQ(printable(std::string(500, 'x'), 10), "xxxxxxxxxx...");
}

} // namespace
