#include "cli/monitoring.hpp"
#include <nlohmann/json.hpp>

namespace imops {

namespace {

constexpr std::string_view folder = "/var/lib/prometheus/node-exporter";

/// A JSON string is a YAML string too, whatever it holds.
std::string yaml(std::string_view s) { return nlohmann::json(s).dump(); }

struct Alert {
    std::string_view name, severity, wait;
    std::string expression;
    Text summary, description;
};

std::string rules(const Monitored& m) {
    auto of = fmt::format("command=\"health\",deployment=\"{}\"", m.deployment.name);
    Text what{"In words, with the remedy: `imops health`. Why it is checked: `imops explain {{ $labels.id }}`.",
              "详情与处理办法：`imops health`；检查原因：`imops explain {{ $labels.id }}`。"};
    Text timer{"Look at the timer and its service on the machine that runs imops: `systemctl list-timers 'imops-*'`.",
               "请在运行 imops 的机器上查看定时器及其服务：`systemctl list-timers 'imops-*'`。"};
    Alert alerts[]{
        {"ImopsFailed",
         "critical",
         "15m",
         fmt::format("imops_finding_level{{{}}} == 5", of),
         {"{{ $labels.host }}: {{ $labels.id }} {{ $labels.item }} failed",
          "{{ $labels.host }}：{{ $labels.id }} {{ $labels.item }} 失败"},
         what},
        {"ImopsUnknown",
         "warning",
         "30m",
         fmt::format("imops_finding_level{{{}}} == 4", of),
         {"{{ $labels.host }}: {{ $labels.id }} {{ $labels.item }} could not be read",
          "{{ $labels.host }}：{{ $labels.id }} {{ $labels.item }} 无法读取"},
         what},
        {"ImopsWarning",
         "warning",
         "1h",
         fmt::format("imops_finding_level{{{}}} == 3", of),
         {"{{ $labels.host }}: {{ $labels.id }} {{ $labels.item }} is near its limit",
          "{{ $labels.host }}：{{ $labels.id }} {{ $labels.item }} 接近限值"},
         what},
        {"ImopsSilent",
         "critical",
         "5m",
         fmt::format("time() - imops_run_timestamp_seconds{{{}}} > 1800", of),
         {"imops has not judged {{ $labels.deployment }} for {{ $value | humanizeDuration }}",
          "imops 已有 {{ $value | humanizeDuration }} 没有检查 {{ $labels.deployment }}"},
         timer},
        {"ImopsMissing",
         "critical",
         "30m",
         fmt::format("absent(imops_run_timestamp_seconds{{{}}})", of),
         {"there are no figures of imops for {{ $labels.deployment }}", "没有 {{ $labels.deployment }} 的 imops 数据"},
         timer},
    };
    auto s = fmt::format("groups:\n  - name: {}\n    rules:\n", yaml("imops " + m.deployment.name));
    for (auto& a : alerts)
        s += fmt::format("      - alert: {}\n        expr: {}\n        for: {}\n        labels:\n          severity: "
                         "{}\n        annotations:\n          summary: {}\n          description: {}\n",
                         a.name, yaml(a.expression), a.wait, a.severity, yaml(a.summary.in(m.lang)),
                         yaml(a.description.in(m.lang)));
    return s;
}

} // namespace

std::vector<MonitoringFile> prometheus_files(const Monitored& m) {
    auto& name = m.deployment.name;
    auto rules_path = fmt::format("/etc/prometheus/imops-{}.rules.yml", name);
    auto scrape =
        "# " +
        m.in({"Merge into prometheus.yml. A node_exporter that Prometheus scrapes already needs no second job.",
              "合并到 prometheus.yml。若 Prometheus 已在采集该 node_exporter，无需再加任务。"}) +
        fmt::format("\nrule_files:\n  - {}\nscrape_configs:\n  - job_name: {}\n    params:\n      'collect[]': "
                    "[textfile]\n    static_configs:\n      # {}\n      - targets: ['localhost:9100']\n",
                    rules_path, yaml("imops-" + name),
                    m.in({"node_exporter on the machine that runs imops", "运行 imops 的机器上的 node_exporter"}));
    auto note =
        say("{} writes for node_exporter's textfile collector, and must be able to write there: setfacl -m u:{}:rwx {}",
            "{} 为 node_exporter 的 textfile 采集写文件，需要有权写入该目录：setfacl -m u:{}:rwx {}", m.user, m.user,
            folder)
            .in(m.lang);
    std::vector<MonitoringFile> files{{rules_path, rules(m)},
                                      {fmt::format("/etc/prometheus/imops-{}.prometheus.yml", name), scrape}};
    for (auto& f : timer_files(m, "prometheus", fmt::format("prometheus={}/imops-{}.prom", folder, name), "", note))
        files.push_back(std::move(f));
    return files;
}

} // namespace imops
