#include "cli/monitoring.hpp"
#include "core/base/string.hpp"
#include "core/report/report.hpp"
#include <nlohmann/json.hpp>

namespace imops {

namespace {

using Json = nlohmann::ordered_json;

/// Zabbix knows the parts of a template by version-4 UUIDs, which must stay the same for ever: a new one would make a
/// second item.
std::string uuid(int part) { return fmt::format("b3d1f6a20c5e4e7f9a81c24d6e90f7{:02x}", part); }

Json tag(const char* name, const char* value) { return {{"tag", name}, {"value", value}}; }

Json item(int part, std::string key, std::string name) {
    return {{"uuid", uuid(part)}, {"name", std::move(name)}, {"type", "TRAP"}, {"key", std::move(key)},
            {"delay", "0"},       {"history", "30d"}};
}

Json levels(const Monitored& m) {
    auto mappings = Json::array();
    for (auto l : {Level::ok, Level::skip, Level::waived, Level::warn, Level::unknown, Level::fail})
        mappings.push_back({{"value", std::to_string(int(l))}, {"newvalue", label(l, m.lang)}});
    return {{{"uuid", uuid(0x02)}, {"name", "imops level"}, {"mappings", mappings}}};
}

Json summary_items(const Monitored& m) {
    auto items = Json::array();
    auto worst = item(0x10, "imops.worst", m.in({"Worst level", "最差级别"}));
    worst["valuemap"] = {{"name", "imops level"}};
    worst["triggers"] = {
        {{"uuid", uuid(0x20)},
         {"expression", "nodata(/imops/imops.worst,{$IMOPS.NODATA})=1"},
         {"name", m.in({"imops has sent nothing for {$IMOPS.NODATA}", "imops 已有 {$IMOPS.NODATA} 没有上报数据"})},
         {"priority", "HIGH"},
         {"description",
          m.in({"Look at the timer and its service on the machine that runs imops: systemctl list-timers 'imops-*'",
                "请在运行 imops 的机器上查看定时器及其服务：systemctl list-timers 'imops-*'"})}}};
    items.push_back(worst);
    int part = 0x11;
    for (auto l : {Level::ok, Level::skip, Level::waived, Level::warn, Level::unknown, Level::fail})
        items.push_back(item(part++, fmt::format("imops.{}", name(l)),
                             say("Findings: {}", "结果数：{}", label(l, m.lang)).in(m.lang)));
    auto problems = item(part, "imops.problems", m.in({"What is wrong", "问题列表"}));
    problems["trends"] = "0";
    problems["value_type"] = "TEXT";
    items.push_back(problems);
    return items;
}

Json finding_rule(const Monitored& m) {
    auto level = item(0x31, R"(imops.level["{#ID}","{#SUBJECT}","{#ITEM}"])", "{#SUBJECT}: {#TITLE} {#ITEM}");
    level["valuemap"] = {{"name", "imops level"}};
    level["tags"] = {tag("check", "{#ID}"), tag("subject", "{#SUBJECT}")};
    int part = 0x32;
    auto triggers = Json::array();
    struct {
        Level level;
        const char* priority;
    } kinds[]{{Level::fail, "HIGH"}, {Level::unknown, "WARNING"}, {Level::warn, "WARNING"}};
    for (auto& k : kinds)
        triggers.push_back(
            {{"uuid", uuid(part++)},
             {"expression",
              fmt::format(R"(last(/imops/imops.level["{{#ID}}","{{#SUBJECT}}","{{#ITEM}}"])={})", int(k.level))},
             {"name", say("{}: {{#SUBJECT}}: {{#TITLE}} {{#ITEM}}", "{}：{{#SUBJECT}}：{{#TITLE}} {{#ITEM}}",
                          label(k.level, m.lang))
                          .in(m.lang)},
             {"priority", k.priority},
             {"description", m.in({"In words: the item \"What is wrong\". Why it is checked: imops explain {#ID}",
                                   "详情见监控项“问题列表”；检查原因：imops explain {#ID}"})}});
    level["trigger_prototypes"] = triggers;
    auto rule = item(0x30, "imops.discovery", m.in({"Findings", "检查结果"}));
    rule.erase("history");
    rule["item_prototypes"] = {level};
    return rule;
}

Json metric_rule(const Monitored& m) {
    auto metric = item(0x41, R"(imops.metric["{#ID}","{#SUBJECT}","{#ITEM}"])",
                       m.in({"{#SUBJECT}: {#TITLE} {#ITEM}, measured", "{#SUBJECT}：{#TITLE} {#ITEM} 测量值"}));
    metric["value_type"] = "FLOAT";
    metric["units"] = "{#UNIT}";
    metric["tags"] = {tag("check", "{#ID}"), tag("subject", "{#SUBJECT}")};
    auto rule = item(0x40, "imops.discovery.metrics", m.in({"Measured values", "测量值"}));
    rule.erase("history");
    rule["item_prototypes"] = {metric};
    return rule;
}

/// The export format of Zabbix 6.0, which newer versions import too: a template for all deployments, and this one's
/// host.
std::string import_file(const Monitored& m) {
    Json group{{"name", "imops"}};
    Json shown{{"uuid", uuid(0x01)},
               {"template", "imops"},
               {"name", "imops"},
               {"groups", {group}},
               {"items", summary_items(m)}};
    shown["description"] = m.in({"What `imops health --output zabbix` sends with zabbix_sender.",
                                 "由 zabbix_sender 发送的 `imops health --output zabbix` 结果。"});
    shown["discovery_rules"] = {finding_rule(m), metric_rule(m)};
    shown["macros"] = {{{"macro", "{$IMOPS.NODATA}"}, {"value", "30m"}}};
    shown["valuemaps"] = levels(m);
    Json host{{"host", m.deployment.name},
              {"name", m.deployment.name},
              {"templates", {group}},
              {"groups", {group}},
              {"inventory_mode", "DISABLED"}};
    Json all{{"version", "6.0"},
             {"groups", {{{"uuid", uuid(0x00)}, {"name", "imops"}}}},
             {"templates", {shown}},
             {"hosts", {host}}};
    return Json{{"zabbix_export", all}}.dump(2) + "\n";
}

} // namespace

std::vector<MonitoringFile> zabbix_files(const Monitored& m) {
    auto& name = m.deployment.name;
    auto parameters =
        "# " +
        m.in({"Optional, for the Zabbix agent of the machine that runs imops: 1 while imops.yaml can be read and is "
              "right, and the version.",
              "可选，用于运行 imops 的机器上的 Zabbix agent：imops.yaml 可读且正确时为 1；以及版本号。"}) +
        "\n# " +
        m.in({"Findings do not come this way: a run over all hosts takes longer than an agent waits (Timeout=3).",
              "检查结果不走此途径：检查全部主机所需时间超过 agent 的等待时间（Timeout=3）。"}) +
        fmt::format("\nUserParameter=imops.valid.{},{} validate --quiet --config {} >/dev/null 2>&1 && echo 1 || echo "
                    "0\nUserParameter=imops.version.{},{} --version\n",
                    name, shell_quote(m.program), shell_quote(m.config), name, shell_quote(m.program));
    auto values = fmt::format("/var/lib/imops/{}.zabbix", name);
    auto note =
        m.in({"zabbix_sender finds the server, and its keys for TLS, in the agent's configuration. The first run only "
              "discovers: its other values are refused.",
              "zabbix_sender 从 agent 的配置中读取服务器地址和 TLS 密钥。首次运行只做自动发现，其余的值会被拒收。"});
    std::vector<MonitoringFile> files{
        {fmt::format("imops-{}.zabbix.json", name), import_file(m)},
        {fmt::format("/etc/zabbix/zabbix_agentd.conf.d/imops-{}.conf", name), parameters}};
    for (auto& f : timer_files(m, "zabbix", "zabbix=" + values,
                               "-/usr/bin/zabbix_sender -c /etc/zabbix/zabbix_agentd.conf -T -i " + values, note))
        files.push_back(std::move(f));
    return files;
}

} // namespace imops
