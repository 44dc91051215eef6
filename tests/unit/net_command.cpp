#include "core/loop/process.hpp"
#include "core/net/command.hpp"
#include "net_server.hpp"

using namespace imops;
using namespace imops::net;
using test::has;

namespace {

/// Runs the constants with a sudo of our own, as any log-in shell would.
struct Sudo : testing::Test {
    test::Folder bin;
    std::string path = ":/usr/bin:/bin";
    std::string secret = "p$w'\"\\ x`!";
    Sudo() {
        std::string id = "#!/bin/sh\n[ \"$1\" = -u ] && cat '" + (bin / "uid") + "' && exit\nexec /usr/bin/id \"$@\"\n";
        test::spit(bin / "id", id, 0755);
        test::spit(bin / "uid", "1000\n");
    }
    /// `mode`: free, free_but_not_n (a password is wanted by -n only), password, refuse.
    void sudo(const std::string& mode) {
        test::spit(bin / "secret", secret + "\n");
        test::spit(bin / "sudo",
                   R"sh(#!/bin/sh
dir=$(dirname "$0"); mode=)sh" +
                       mode + R"sh(
echo "sudo $*" >> "$dir/argv"; env >> "$dir/environment"
n= s=
while :; do case $1 in -n) n=1;; -S) s=1;; -k) ;; -p) shift;; *) break;; esac; shift; done
case $mode in
free) ;;
free_but_not_n) [ -n "$n" ] && { echo "sudo: a password is required" >&2; exit 1; };;
refuse) echo "lecture" >&2; echo "user is not in the sudoers file." >&2; exit 1;;
password) [ -n "$n" ] && { echo "sudo: a password is required" >&2; exit 1; }
  IFS= read -r p; [ "$p" = "$(cat "$dir/secret")" ] ||
    { echo "Sorry, try again." >&2; echo "sudo: 1 incorrect password attempt" >&2; exit 1; };;
esac
echo 0 > "$dir/uid"
exec "$@"
)sh",
                   0755);
    }
    Ended start(Rise rise, Carrier carrier, const std::string& program, const std::string& shell = "/bin/sh",
                std::optional<std::string> given = {}) {
        Secret password{given.value_or(secret), "test"};
        auto prefix = input_prefix(rise, &password);
        EXPECT_TRUE(prefix);
        auto ended = run_process({"env", "PATH=" + bin.path + path, shell, "-c", remote_command(rise, carrier)},
                                 std::chrono::seconds{10}, *prefix + program);
        EXPECT_TRUE(ended);
        return ended ? *ended : Ended{};
    }
    /// The script gets everything it was given and nothing of the password.
    void check(const Ended& e, std::string_view said) {
        EXPECT_EQ(e.status, 5) << e.err;
        EXPECT_EQ(e.out, "in script\ndata\n") << e.err;
        EXPECT_TRUE(has(e.err, said)) << e.err;
        for (auto& text : {e.out, e.err, test::slurp(bin / "argv"), test::slurp(bin / "environment")})
            EXPECT_FALSE(has(text, secret)) << text;
    }
    const std::string script = "echo in script\necho data\nexit 5\n"; // it does not read: a shell may have read ahead
};

TEST_F(Sudo, without_sudo_it_is_plain) {
    EXPECT_EQ(remote_command(Rise::none, Carrier::local), "sh -s");
    check(start(Rise::none, Carrier::local, script), "");
}

TEST_F(Sudo, a_password_is_given_and_tested) {
    sudo("password");
    for (auto* shell : {"/bin/dash", "/bin/bash"}) {
        test::spit(bin / "uid", "1000\n");
        check(start(Rise::password, Carrier::local, script, shell), "imops-sudo: ok\n");
    }
}

TEST_F(Sudo, a_password_that_is_not_wanted_never_reaches_the_script) {
    for (auto* mode : {"free", "free_but_not_n"}) {
        sudo(mode);
        test::spit(bin / "uid", "1000\n");
        check(start(Rise::password, Carrier::local, script), "imops-sudo: ok\n");
    }
}

TEST_F(Sudo, a_root_shell_needs_no_sudo) {
    test::spit(bin / "uid", "0\n");
    check(start(Rise::password, Carrier::local, script), "imops-sudo: ok\n");
    check(start(Rise::ask, Carrier::local, script), "imops-sudo: ok\n");
}

TEST_F(Sudo, after_a_refusal_the_script_runs_all_the_same) {
    sudo("refuse");
    check(start(Rise::password, Carrier::local, script), "imops-sudo: refused: user is not in the sudoers file.\n");
    check(start(Rise::ask, Carrier::local, script), "imops-sudo: refused: user is not in the sudoers file.\n");
    sudo("password");
    check(start(Rise::password, Carrier::local, script, "/bin/sh", "wrong"),
          "imops-sudo: refused: sudo: 1 incorrect password attempt\n");
    check(start(Rise::ask, Carrier::local, script), "imops-sudo: refused: sudo: a password is required\n");
}

TEST_F(Sudo, a_host_without_sudo_says_so) {
    path = "";
    for (auto* tool : {"sh", "cat", "tail"}) test::fs::create_symlink(std::string("/usr/bin/") + tool, bin / tool);
    auto e = start(Rise::password, Carrier::local, script);
    EXPECT_EQ(e.status, 5);
    EXPECT_TRUE(has(e.err, "imops-sudo: refused: ")) << e.err;
}

TEST_F(Sudo, an_exported_variable_of_the_same_name_does_not_show_the_password) {
    sudo("password");
    ::setenv("imops_p", "x", 1);
    check(start(Rise::password, Carrier::local, script), "imops-sudo: ok\n");
    ::unsetenv("imops_p");
}

TEST_F(Sudo, each_carrier_learns_what_it_cannot_see) {
    EXPECT_EQ(start(Rise::none, Carrier::libssh2, "exit 0\n").status, hidden_status);
    EXPECT_EQ(start(Rise::none, Carrier::openssh, "exit 255\n").status, hidden_status);
    EXPECT_EQ(start(Rise::none, Carrier::libssh2, "exit 7\n").status, 7);
    auto e = start(Rise::none, Carrier::openssh, "echo x >&2; exit 3\n");
    EXPECT_EQ(e.err, std::string(started_mark) + "x\n");
    EXPECT_EQ(e.status, 3);
    sudo("password");
    EXPECT_EQ(start(Rise::password, Carrier::libssh2, script).status, 5);
    EXPECT_EQ(start(Rise::password, Carrier::openssh, script).status, 5);
}

TEST_F(Sudo, constants_survive_any_login_shell) {
    for (auto rise : {Rise::none, Rise::ask, Rise::password})
        for (auto carrier : {Carrier::openssh, Carrier::libssh2}) {
            auto c = remote_command(rise, carrier);
            EXPECT_TRUE(c.starts_with("sh -c '") && c.ends_with("'"));
            auto inner = c.substr(7, c.size() - 8);
            EXPECT_EQ(inner.find_first_of("'!\n"), inner.npos);    // csh
            EXPECT_FALSE(has(inner, "\\\\") || has(inner, "\\'")); // fish
        }
}

TEST_F(Sudo, a_password_of_two_lines_is_refused) {
    Secret bad{"a\nrm -rf /", "env X"};
    auto prefix = input_prefix(Rise::password, &bad);
    ASSERT_FALSE(prefix);
    EXPECT_EQ(prefix.error().code, Code::config);
}

} // namespace
