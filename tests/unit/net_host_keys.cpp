#include "core/net/host_keys.hpp"
#include "net_server.hpp"

using namespace imops;
using namespace imops::net;
using Trust = Verdict::Trust;

namespace {

std::string wire(const std::string& type, const std::string& rest = "key") {
    std::string blob{'\0', '\0', '\0', char(type.size())};
    return blob + type + rest;
}
std::string line(const std::string& hosts, const std::string& type, const std::string& rest = "key") {
    return hosts + " " + type + " " + base64(wire(type, rest)) + " comment\n";
}
Verdict decide(const std::string& text, const std::string& name, const std::string& type,
               const std::string& rest = "key") {
    return judge(parse_known_hosts(text, "kh"), name, type, wire(type, rest));
}

TEST(HostKeys, a_plain_line_is_known_and_another_key_of_the_type_is_a_change) {
    auto text = "# comment\n\nnonsense\n" + line("db1,10.0.0.5", "ssh-ed25519");
    EXPECT_EQ(decide(text, "10.0.0.5", "ssh-ed25519").trust, Trust::known);
    EXPECT_EQ(decide(text, "db2", "ssh-ed25519").trust, Trust::unknown);
    auto changed = decide(text, "db1", "ssh-ed25519", "other");
    EXPECT_EQ(changed.trust, Trust::changed);
    EXPECT_EQ(changed.file, "kh");
    EXPECT_EQ(changed.line, 4);
}

TEST(HostKeys, a_second_line_of_the_same_type_makes_both_good) {
    auto text = line("db1", "ssh-ed25519", "old") + line("db1", "ssh-ed25519", "new");
    EXPECT_EQ(decide(text, "db1", "ssh-ed25519", "old").trust, Trust::known);
    EXPECT_EQ(decide(text, "db1", "ssh-ed25519", "new").trust, Trust::known);
}

TEST(HostKeys, another_type_is_not_simply_unknown) {
    auto text = line("db1", "ecdsa-sha2-nistp256");
    EXPECT_EQ(decide(text, "db1", "ssh-ed25519").trust, Trust::other_type);
    EXPECT_EQ(known_types(parse_known_hosts(text, "kh"), "db1"), std::vector<std::string>{"ecdsa-sha2-nistp256"});
}

TEST(HostKeys, hashed_names_match_only_themselves) {
    auto text = hashed_line("[10.0.0.5]:2222", "ssh-ed25519", wire("ssh-ed25519"));
    EXPECT_TRUE(text.starts_with("|1|"));
    EXPECT_EQ(decide(text, known_name("10.0.0.5", 2222), "ssh-ed25519").trust, Trust::known);
    EXPECT_EQ(decide(text, known_name("10.0.0.5", 22), "ssh-ed25519").trust, Trust::unknown);
}

TEST(HostKeys, ssh_itself_finds_what_is_written) {
    test::Folder folder;
    auto key = test::make_key(folder, "k");
    auto pub = parse_known_hosts("x " + test::slurp(key + ".pub"), "p").at(0);
    test::spit(folder / "kh", hashed_line("[db1]:2222", pub.type, pub.blob));
    EXPECT_EQ(test::sh("ssh-keygen -F '[db1]:2222' -f " + (folder / "kh") + " >/dev/null"), 0);
    EXPECT_NE(test::sh("ssh-keygen -F db1 -f " + (folder / "kh") + " >/dev/null"), 0);
    test::spit(folder / "plain", "db3 " + test::slurp(key + ".pub"));
    EXPECT_EQ(test::sh("ssh-keygen -q -H -f " + (folder / "plain") + " >/dev/null 2>&1"), 0);
    EXPECT_EQ(judge(parse_known_hosts(test::slurp(folder / "plain"), "kh"), "db3", pub.type, pub.blob).trust,
              Trust::known);
}

TEST(HostKeys, patterns_and_negation) {
    auto text = line("*.example.com,!bad.example.com,10.0.?.1", "ssh-ed25519");
    EXPECT_EQ(decide(text, "db.example.com", "ssh-ed25519").trust, Trust::known);
    EXPECT_EQ(decide(text, "bad.example.com", "ssh-ed25519").trust, Trust::unknown);
    EXPECT_EQ(decide(text, "10.0.7.1", "ssh-ed25519").trust, Trust::known);
    EXPECT_EQ(decide(text, "10.0.77.1", "ssh-ed25519").trust, Trust::unknown);
    EXPECT_EQ(decide(line("[db]:22*", "ssh-ed25519"), "[db]:2222", "ssh-ed25519").trust, Trust::known);
}

TEST(HostKeys, revoked_wins_wherever_it_stands) {
    auto good = line("db1", "ssh-ed25519"), bad = "@revoked " + line("*", "ssh-ed25519");
    EXPECT_EQ(decide(good + bad, "db1", "ssh-ed25519").trust, Trust::revoked);
    EXPECT_EQ(decide(bad + good, "db1", "ssh-ed25519").trust, Trust::revoked);
    EXPECT_EQ(decide("@revoked " + line("*", "ssh-ed25519", "stolen") + good, "db1", "ssh-ed25519").trust,
              Trust::known);
}

TEST(HostKeys, an_authority_line_is_no_key_of_the_host) {
    auto text = "@cert-authority " + line("*", "ssh-ed25519");
    EXPECT_EQ(decide(text, "db1", "ssh-ed25519").trust, Trust::unknown);
    EXPECT_TRUE(has_authority(parse_known_hosts(text, "kh"), "db1"));
}

TEST(HostKeys, malformed_lines_are_skipped) {
    auto text = std::string("db1\ndb1 ssh-ed25519\ndb1 ssh-ed25519 !!!!\n@strange db1 ssh-ed25519 AAAA\n|1|x "
                            "ssh-ed25519 AAAA\ndb1 ssh-rsa ") +
                base64(wire("ssh-ed25519")) + "\n\0\n" + line("db1", "ssh-ed25519");
    EXPECT_EQ(parse_known_hosts(text, "kh").size(), 1u);
    EXPECT_TRUE(parse_known_hosts(std::string(100000, '|'), "kh").empty());
}

TEST(HostKeys, known_types_are_preferred) {
    std::vector<std::string> supported{"ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"};
    EXPECT_EQ(preference({"ecdsa-sha2-nistp256"}, supported), "ecdsa-sha2-nistp256,ssh-ed25519,ssh-rsa");
    EXPECT_EQ(preference({"ssh-rsa", "sk-ssh-ed25519@openssh.com"}, supported),
              "ssh-rsa,ssh-ed25519,ecdsa-sha2-nistp256");
    EXPECT_EQ(preference({}, supported, {"ssh-ed25519"}), "ecdsa-sha2-nistp256,ssh-rsa");
}

TEST(HostKeys, names_and_fingerprints_are_those_of_ssh) {
    EXPECT_EQ(known_name("DB1.Example.COM", 22), "db1.example.com");
    EXPECT_EQ(known_name("[::1]", 2222), "[::1]:2222");
    test::Folder folder;
    auto key = test::make_key(folder, "k");
    auto pub = parse_known_hosts("x " + test::slurp(key + ".pub"), "p").at(0);
    EXPECT_EQ(test::sh("ssh-keygen -lf " + key + " | grep -qF '" + fingerprint(pub.blob) + "'"), 0);
}

} // namespace
