#include "core/model/deployment.hpp"
#include "tests/unit/model_problems.hpp"
#include <nlohmann/json.hpp>

using namespace imops;
using namespace imops::testing_help;
using Lines = std::vector<std::string>;

namespace {

const std::string head = "imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 600}\n"; // lines 1 to 4
const std::string hosts = "hosts:\n  - {name: app1, address: 10.0.0.1, roles: [app]}\n";        // lines 5 and 6

Lines problems(const std::string& text, Lang lang = Lang::en) {
    return thrown([&] { parse_deployment(text, "f.yaml"); }, lang);
}

/// The file above with one host line in place of its own.
std::string with_host(const std::string& host) { return head + "hosts:\n  - " + host + "\n"; }

} // namespace

TEST(Deployment, the_smallest_file_and_its_defaults) {
    auto d = parse_deployment(head + hosts, "f.yaml");
    EXPECT_EQ(d.name, "im");
    EXPECT_EQ(d.workload.concurrent, 60);
    EXPECT_EQ(d.workload.messages, 2400);
    EXPECT_EQ(d.workload.retention.seconds, 365 * 86400);
    ASSERT_EQ(d.hosts.size(), 1u);
    auto& h = d.hosts[0];
    EXPECT_EQ(h.port, 22);
    EXPECT_EQ(h.host_key, "strict");
    EXPECT_EQ(h.sudo, Sudo::none);
    EXPECT_EQ(h.transport, Transport::automatic);
    EXPECT_EQ(d.host("app1"), &h);
    EXPECT_EQ(d.host("app2"), nullptr);
    EXPECT_EQ(d.with_role("db").size(), 0u);
}

TEST(Deployment, ssh_gives_what_a_host_does_not_say) {
    auto d = parse_deployment(
        head + "ssh: {user: im, port: 2222, sudo: true, password: {env: P}, host_key: accept-new, identities: [/k]}\n"
               "hosts:\n"
               "  - {name: a, address: a.example, roles: [app], user: other, sudo: false}\n"
               "  - {name: b, address: \"fe80::1%eth0\", roles: [db], port: 22, sudo_password: {file: /s}}\n",
        "f.yaml");
    EXPECT_EQ(d.hosts[0].user, "other");
    EXPECT_EQ(d.hosts[0].port, 2222);
    EXPECT_EQ(d.hosts[0].sudo, Sudo::none);
    EXPECT_EQ(d.hosts[0].password.env, "P");
    EXPECT_EQ(d.hosts[0].host_key, "accept-new");
    EXPECT_EQ(d.hosts[1].user, "im");
    EXPECT_EQ(d.hosts[1].port, 22);
    EXPECT_EQ(d.hosts[1].sudo, Sudo::password);
    EXPECT_EQ(d.hosts[1].sudo_password.file, "/s");
    EXPECT_EQ(d.hosts[1].identities, std::vector<std::string>{"/k"});
}

struct Mistake {
    std::string text, en, zh;
};
const Mistake mistakes[]{
    {head + hosts + "colour: red\n", "f.yaml:7:1: unknown key 'colour'", "f.yaml:7:1: 未知的键 'colour'"},
    {"imops: 1\nname: im\nworkload: {registered: 6}\n" + hosts, "f.yaml:1:1: 'product' is missing",
     "f.yaml:1:1: 缺少 'product'"},
    {"imops: 2\nname: im\nproduct: synapse\nworkload: {registered: 600}\n" + hosts, "f.yaml:1:8: format 2 is not known",
     "f.yaml:1:8: 不支持格式 2"},
    {head + hosts + "airgap: maybe\n", "f.yaml:7:9: true or false is needed here", "f.yaml:7:9: 此处需要true 或 false"},
    {head + hosts + "log: {level: info}\n", "f.yaml:7:6: 'file' is missing", "f.yaml:7:6: 缺少 'file'"},
    {head + hosts + "log: {file: imops.log}\n", "f.yaml:7:13: 'imops.log' is not an absolute path",
     "f.yaml:7:13: 'imops.log' 不是绝对路径"},
    {head + hosts + "log: {file: /l, level: warn}\n", "f.yaml:7:24: one of debug, info, warning, error is needed here",
     "f.yaml:7:24: 此处只能是 debug, info, warning, error 之一"},
    {head + hosts + "log: {file: /l, size: 1 KiB}\n", "f.yaml:7:23: too small for a log", "f.yaml:7:23: 日志大小过小"},
    {head + hosts + "log: {file: /l, keep: -1}\n", "f.yaml:7:23: -1 files cannot be kept",
     "f.yaml:7:23: 不能保留 -1 个文件"},
    {head + hosts + "language: fr\n", "f.yaml:7:11: language 'fr' is not known", "f.yaml:7:11: 不支持语言 'fr'"},
    {head + hosts + "names: im.example.org\n", "f.yaml:7:8: a list is needed here", "f.yaml:7:8: 此处需要列表"},
    {head + hosts + "names: [im.example.org, 'a b']\n", "f.yaml:7:8: 'a b' is not allowed here",
     "f.yaml:7:8: 此处不允许 'a b'"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: {registered: many}\n" + hosts,
     "f.yaml:4:24: a number is needed here", "f.yaml:4:24: 此处需要数字"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: {registered: -1}\n" + hosts, "f.yaml:4:24: -1 is negative",
     "f.yaml:4:24: -1 是负数"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 9, media: 2}\n" + hosts,
     "f.yaml:4:34: a size with its unit is needed here", "f.yaml:4:34: 此处需要带单位的容量"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 9, retention: 90}\n" + hosts,
     "f.yaml:4:38: a time with its unit is needed here", "f.yaml:4:38: 此处需要带单位的时长"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 9, growth: some}\n" + hosts,
     "f.yaml:4:35: a share is needed here", "f.yaml:4:35: 此处需要百分比"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 9, federation: opne}\n" + hosts,
     "f.yaml:4:39: one of none, small, open is needed here", "f.yaml:4:39: 此处只能是 none, small, open 之一"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: 9\n" + hosts, "f.yaml:4:11: a mapping is needed here",
     "f.yaml:4:11: 此处需要键值表"},
    {"imops: 1\nname: im\nproduct: synapse\nworkload: {registered: 9, concurrent: 10}\n" + hosts,
     "f.yaml: workload: 10 users on line, but only 9 registered", "f.yaml: workload：在线 10 人，但注册只有 9 人"},
    {head + "hosts: []\n", "f.yaml: there are no hosts", "f.yaml: 没有主机"},
    {with_host("{name: a, address: b, roles: [app], port: 0}"), "f.yaml:6:47: 0 is not a port",
     "f.yaml:6:47: 0 不是端口号"},
    {with_host("{name: a, address: b, roles: [app], port: 2.5}"), "f.yaml:6:47: a whole number is needed here",
     "f.yaml:6:47: 此处需要整数"},
    {with_host("{name: a, address: b, roles: [app], port: 1e99}"), "f.yaml:6:47: a whole number is needed here",
     "f.yaml:6:47: 此处需要整数"},
    {with_host("{name: a, address: b, roles: [ap]}"),
     "f.yaml:6:35: one of app, db, cache, proxy, media, turn, queue, search, monitor, backup, jump is needed here",
     "f.yaml:6:35: 此处只能是 app, db, cache, proxy, media, turn, queue, search, monitor, backup, jump 之一"},
    {with_host("{name: a, address: b, roles: [app], data: srv}"), "f.yaml:6:47: 'srv' is not an absolute path",
     "f.yaml:6:47: 'srv' 不是绝对路径"},
    {with_host("{name: a, address: b, roles: [app], host_key: off}"),
     "f.yaml:6:51: 'off' is no way to verify a host key", "f.yaml:6:51: 'off' 不是校验主机密钥的方式"},
    {with_host("{name: a, address: b, roles: [app], transport: telnet}"),
     "f.yaml:6:52: one of auto, local, libssh2, openssh is needed here",
     "f.yaml:6:52: 此处只能是 auto, local, libssh2, openssh 之一"},
    {with_host("{name: a, address: b, roles: [app], via: c}"),
     "f.yaml:6:5: host 'a' goes via 'c', which is not declared", "f.yaml:6:5: 主机 'a' 的跳板机 'c' 未定义"},
    {head + hosts + "services:\n  - {name: pg, type: postgress, host: app1}\n",
     "f.yaml:8:22: one of postgres, mysql, redis, memcached, mongodb, kafka, s3, smtp, turn, http, xmpp, tls, tcp, "
     "dns is needed here",
     "f.yaml:8:22: 此处只能是 postgres, mysql, redis, memcached, mongodb, kafka, s3, smtp, turn, http, xmpp, tls, "
     "tcp, dns 之一"},
    {head + hosts + "services:\n  - {name: pg, type: postgres}\n", "f.yaml:8:5: service 'pg' needs `host` or `address`",
     "f.yaml:8:5: 服务 'pg' 需要 `host` 或 `address`"},
    {head + hosts + "services:\n  - {name: pg, type: postgres, host: ap1}\n", "f.yaml:8:5: there is no host 'ap1'",
     "f.yaml:8:5: 没有主机 'ap1'"},
    {head + hosts + "waivers:\n  - {check: x.y, reason: no, until: 2027-01-31}\n",
     "f.yaml:8:26: a waiver needs a reason", "f.yaml:8:26: 豁免必须写明理由"},
    {head + hosts + "waivers:\n  - {check: x.y, reason: approved, until: 2027-02-30}\n",
     "f.yaml:8:43: a date is needed here", "f.yaml:8:43: 此处需要日期"},
    {head + hosts + "waivers:\n  - {check: x.y, reason: approved}\n", "f.yaml:8:5: 'until' is missing",
     "f.yaml:8:5: 缺少 'until'"},
    {head + hosts + "waivers:\n  - {check: x.y, host: app2, reason: approved, until: 2027-01-31}\n",
     "f.yaml:8:5: there is no host 'app2'", "f.yaml:8:5: 没有主机 'app2'"},
    {head + hosts + "checks: {x.y: {level: off}}\n", "f.yaml:7:23: 'off' is not possible", "f.yaml:7:23: 不能写 'off'"},
    {head + hosts + "ssh: {password: {env: A, file: /b}}\n",
     "f.yaml:7:17: a secret needs exactly one of env, file, command",
     "f.yaml:7:17: 敏感信息必须且只能用 env、file、command 之一给出"},
    {head + hosts + "ssh: {password: {}}\n", "f.yaml:7:17: a secret needs exactly one of env, file, command",
     "f.yaml:7:17: 敏感信息必须且只能用 env、file、command 之一给出"},
    {"[1, 2]\n", "f.yaml:1:1: a mapping is needed here", "f.yaml:1:1: 此处需要键值表"},
};

TEST(Deployment, every_kind_of_mistake_has_its_place_in_both_languages) {
    for (auto& t : mistakes) {
        EXPECT_EQ(problems(t.text), Lines{t.en}) << t.text;
        EXPECT_EQ(problems(t.text, Lang::zh), Lines{t.zh}) << t.text;
    }
}

TEST(Deployment, all_problems_come_at_once_in_the_order_of_the_file) {
    EXPECT_EQ(problems("imops: 1\nnaem: im\nproduct: synapse\nworkload: {registerd: 600}\nhosts:\n"
                       "  - {name: a, address: x, roles: [app]}\n"
                       "  - {name: a, address: \"y;z\", roles: [db], prot: 22}\n"),
              (Lines{"f.yaml:1:1: 'name' is missing", "f.yaml:2:1: unknown key 'naem'",
                     "f.yaml:4:11: 'registered' is missing", "f.yaml:4:12: unknown key 'registerd'",
                     "f.yaml:7:5: host 'a' is declared twice, first in line 6",
                     "f.yaml:7:24: 'y;z' is not allowed here", "f.yaml:7:44: unknown key 'prot'"}));
}

TEST(Deployment, typos_get_a_near_match) {
    auto said = everything_said(
        [] { parse_deployment(head + "hosts:\n  - {name: a, address: x, roles: [prxy], usr: root}\n", "f.yaml"); });
    EXPECT_NE(said.find("Did you mean 'proxy'?"), std::string::npos) << said;
    EXPECT_NE(said.find("是否想写 'user'？"), std::string::npos) << said;
}

TEST(Deployment, windows_line_ends_and_a_mark_at_the_beginning_do_no_harm) {
    std::string text = "\xEF\xBB\xBF" + head + hosts, crlf;
    for (char c : text) crlf += c == '\n' ? "\r\n" : std::string{c};
    auto d = parse_deployment(crlf, "f.yaml");
    EXPECT_EQ(d.name, "im");
    EXPECT_EQ(d.hosts[0].address, "10.0.0.1");
}

TEST(Deployment, names_that_a_shell_or_ssh_would_misread_are_refused) {
    for (const std::string& name :
         std::vector<std::string>{"-oProxyCommand=x", "a;b", "\"a\\nb\"", "$(x)", "a b", "a/b", "`id`", "'a''b'", "a|b",
                                  "\"a\\u001bb\"", "\"a\\0b\"", "内存", "\"\"", std::string(64, 'a')}) {
        auto quoted = name[0] == '"' || name[0] == '\'' ? name : "\"" + name + "\"";
        auto by_name = problems(with_host("{name: " + quoted + ", address: x, roles: [app]}"));
        ASSERT_EQ(by_name.size(), 1u) << name;
        EXPECT_TRUE(by_name[0].starts_with("f.yaml:6:12: ")) << by_name[0];
        EXPECT_EQ(by_name[0].find_first_of("\n\x1b"), std::string::npos) << "not even in the message";
        if (name.size() < 60) {
            EXPECT_EQ(problems(with_host("{name: a, address: " + quoted + ", roles: [app]}")).size(), 1u) << name;
            EXPECT_EQ(problems(with_host("{name: a, address: x, user: " + quoted + ", roles: [app]}")).size(), 1u)
                << name;
            EXPECT_GE(problems(with_host("{name: a, address: x, via: " + quoted + ", roles: [app]}")).size(), 1u)
                << name;
        }
    }
    EXPECT_TRUE(problems(with_host("{name: a-1.b_2, address: \"[fe80::1%eth0]\", user: a.b-c, roles: [app]}")).empty());
}

TEST(Deployment, a_host_reached_through_itself_is_refused) {
    auto host = [](const char* name, const char* via) {
        return std::string{"  - {name: "} + name + ", address: x, roles: [app], via: " + via + "}\n";
    };
    EXPECT_EQ(problems(head + "hosts:\n" + host("a", "a")), Lines{"f.yaml:6:5: host 'a' is reached through itself"});
    EXPECT_EQ(
        problems(head + "hosts:\n" + host("a", "b") + host("b", "a")),
        (Lines{"f.yaml:6:5: host 'a' is reached through itself", "f.yaml:7:5: host 'b' is reached through itself"}));
    EXPECT_EQ(problems(head + "hosts:\n" + host("a", "b") + host("b", "c") + host("c", "a")).size(), 3u);
    EXPECT_GE(problems(head + "hosts:\n" + host("x", "a") + host("a", "b") + host("b", "a")).size(), 2u)
        << "one that leads into a circle";
    EXPECT_TRUE(
        problems(head + "hosts:\n" + host("a", "b") + host("b", "c") + "  - {name: c, address: x, roles: [jump]}\n")
            .empty());
}

TEST(Deployment, a_literal_secret_is_refused_and_never_shown) {
    for (std::string where : {"ssh: {password: hunter2-literal}\n", "ssh: {passphrase: 'hunter2-literal'}\n",
                              "ssh: {sudo_password: \"hunter2-literal\"}\n",
                              "services:\n  - {name: pg, type: postgres, host: app1, password: hunter2-literal}\n",
                              "ssh: {password: {env: 'hunter2-literal=x'}}\n"}) {
        auto text = head + hosts + where;
        auto said = everything_said([&] { parse_deployment(text, "f.yaml"); });
        EXPECT_FALSE(said.empty()) << where;
        EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
        EXPECT_NE(said.find(where.find("env:") == where.npos ? "Refer to it: {env: NAME}" : "not its value"),
                  std::string::npos)
            << said;
    }
    for (std::string where : {"ssh: {password: [hunter2-literal]}\n", "ssh: {password: {hunter2-literal: 1}}\n",
                              "ssh: {password: {hunter2-literal}}\n", "ssh: {password: {value: hunter2-literal}}\n",
                              "ssh: {password: {env: [hunter2-literal]}}\n"}) {
        auto said = everything_said([&] { parse_deployment(head + hosts + where, "f.yaml"); });
        EXPECT_FALSE(said.empty()) << where;
        EXPECT_EQ(said.find("hunter2"), std::string::npos) << where << said;
    }
}

TEST(Deployment, control_characters_are_refused_everywhere) {
    EXPECT_EQ(
        problems(head + hosts + "waivers: [{check: x.y, reason: \"a\\eb\\u0007 long enough\", until: 2027-01-01}]\n")
            .size(),
        1u);
    EXPECT_EQ(problems(head + hosts + "checks: {x.y: {off: \"a\\0b\"}}\n").size(), 1u);
}

TEST(Deployment, the_schema_comes_from_the_same_declaration) {
    auto en = deployment_schema(Lang::en), zh = deployment_schema(Lang::zh);
    EXPECT_EQ(en["required"], (nlohmann::ordered_json{"imops", "name", "product", "workload", "hosts"}));
    EXPECT_EQ(en["additionalProperties"], false);
    auto& host = en["properties"]["hosts"]["items"];
    EXPECT_EQ(host["required"], (nlohmann::ordered_json{"name", "address", "roles"}));
    EXPECT_EQ(host["properties"]["transport"]["enum"].size(), 4u);
    EXPECT_EQ(zh["properties"]["hosts"]["description"], "主机列表");
    // every key that the reader knows is in it: the reader names them all when it meets a strange one
    auto said = everything_said([] { parse_deployment("qqqqqqqqqqqq: 1\n", "f.yaml"); });
    for (auto& [key, schema] : en["properties"].items()) EXPECT_NE(said.find(key), std::string::npos) << key;
}
