#include "cli/monitoring.hpp"
#include "core/base/string.hpp"
#include <fmt/ranges.h>

namespace imops {

namespace {

/// Text of a command_line: `$` begins a macro, `;` a comment.
std::string escaped(std::string_view s) {
    std::string r;
    for (char c : s) {
        if (c == ';') r += '\\';
        if (c == '$') r += '$';
        r += c;
    }
    return r;
}

std::string host(std::string_view name, std::string_view address) {
    return fmt::format("define host {{\n    use                 generic-host\n    host_name           {}\n    address  "
                       "           {}\n    max_check_attempts  1\n    contact_groups      admins\n}}\n\n",
                       name, address);
}

std::string service(std::string_view host, std::string_view description, std::string_view arguments, int minutes) {
    return fmt::format("define service {{\n    use                  generic-service\n    host_name            {}\n    "
                       "service_description  {}\n"
                       "    check_command        imops!{}\n    check_interval       {}\n    retry_interval       2\n   "
                       " max_check_attempts   2\n}}\n\n",
                       host, description, arguments, minutes);
}

} // namespace

/// A service for each host, service and endpoint of the deployment, at its own host, so that an alert and its
/// acknowledgement are about one machine. What compares hosts needs a run over all of them, and is a service of the
/// machine that runs imops.
std::vector<MonitoringFile> nagios_files(const Monitored& m) {
    auto& d = m.deployment;
    auto base = "imops-" + d.name; // the machine on which imops and Nagios run
    std::string s = "# " + m.in({"Include this file with cfg_dir or cfg_file, then: nagios4 -v /etc/nagios4/nagios.cfg",
                                 "用 cfg_dir 或 cfg_file 引入本文件，然后执行：nagios4 -v /etc/nagios4/nagios.cfg"});
    s += "\n# " + m.in({"Nagios runs imops as its own user: that user needs the SSH key, known_hosts, and the right to "
                        "read imops.yaml.",
                        "Nagios 以自己的用户运行 imops：该用户需要 SSH 私钥、known_hosts，并有权读取 imops.yaml。"});
    s += "\n# " + m.in({"generic-host, generic-service and admins come with Nagios: templates.cfg, contacts.cfg.",
                        "generic-host、generic-service 和 admins 由 Nagios 自带：templates.cfg、contacts.cfg。"});
    s += "\n\ndefine command {\n    command_name  imops\n    # " +
         m.in({"Nagios ends a check after 60 s (service_check_timeout).",
               "Nagios 在 60 秒后终止检查（service_check_timeout）。"});
    s += fmt::format(
        "\n    command_line  {} health --quiet --output nagios --lang {} --timeout 45s --config {} $ARG1$\n}}\n\n",
        escaped(shell_quote(m.program)), m.lang == Lang::zh ? "zh" : "en", escaped(shell_quote(m.config)));
    s += "# " +
         m.in({"Leave out the hosts that Nagios knows already by the same name.",
               "Nagios 中已有同名主机的，删去对应的 host 定义。"}) +
         "\n";
    s += host(base, "127.0.0.1");
    for (auto& h : d.hosts) s += host(h.name, h.address);
    for (auto& h : d.hosts) s += service(h.name, "imops health", "--host " + h.name, 10);
    for (auto& x : d.services)
        s += service(x.host.empty() ? base : x.host, "imops " + x.name, "--service " + x.name, 10);
    for (auto& e : d.endpoints) s += service(e.via.empty() ? base : e.via, "imops " + e.name, "--service " + e.name, 5);
    std::string compared;
    for (auto& id : m.comparisons) compared += (compared.empty() ? "--check " : " --check ") + id;
    if (d.hosts.size() > 1 && !compared.empty()) s += service(base, "imops comparison of hosts", compared, 60);
    s.pop_back();
    return {{fmt::format("/etc/nagios4/conf.d/imops-{}.cfg", d.name), s}};
}

} // namespace imops
