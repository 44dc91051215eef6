#include "cli/monitoring.hpp"
#include "cli/program.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <pwd.h>
#include <unistd.h>

namespace imops {

namespace fs = std::filesystem;

namespace {

struct Options {
    std::string kind, folder, program, user;
};

/// One argument of ExecStart=. systemd expands % and $ also between quotes.
std::string systemd_word(std::string_view s) {
    std::string r = "\"";
    for (char c : s) {
        if (c == '"' || c == '\\') r += '\\';
        if (c == '%' || c == '$') r += c;
        r += c;
    }
    return r + '"';
}

/// The path of a program: in it systemd expands no $.
std::string systemd_program(const std::string& path) {
    auto r = systemd_word(path);
    for (std::size_t at = 0; (at = r.find("$$", at)) != r.npos; ++at) r.erase(at, 1);
    return r;
}

std::string own_path() {
    std::error_code none;
    auto p = fs::read_symlink("/proc/self/exe", none);
    return none ? "/usr/bin/imops" : p.string();
}

std::string own_user() {
    auto* entry = ::getpwuid(::geteuid());
    return entry ? entry->pw_name : std::to_string(::geteuid());
}

/// Paths go into files of four syntaxes. Each can quote everything but a line break, and systemd runs no program whose
/// path holds a quote or a backslash.
void refuse(const std::string& path, std::string_view marks = "") {
    if (std::none_of(path.begin(), path.end(),
                     [&](unsigned char c) { return c < 0x20 || c == 0x7f || marks.find(char(c)) != marks.npos; }))
        return;
    throw Failure{Error{Code::usage,
                        say("'{}' holds a character that cannot stand in configuration files",
                            "'{}' 含有配置文件中不能出现的字符", one_line(path)),
                        Text{"Rename it: no control characters; no quotes or backslash in the path of the program.",
                             "请改名：不要有控制字符；程序路径中不要有引号和反斜杠。"},
                        {}}};
}

/// Standard output holds all files under their paths; with --write each is a file of its own.
void put(const Program& p, const std::vector<MonitoringFile>& files, const std::string& folder) {
    if (folder.empty()) {
        for (auto& f : files)
            std::cout << "# ==> " << f.path << " <==\n" << f.text << (&f == &files.back() ? "" : "\n");
        return;
    }
    make_folder(folder);
    for (auto& f : files) {
        auto to = fs::path{folder} / fs::path{f.path}.filename();
        write_file(to.string(), f.text);
        std::cout << (f.path[0] == '/' ? imops::say("{} belongs at {}", "{} 应放到 {}", to.string(), f.path)
                                       : imops::say("{} is for Zabbix: Configuration, Hosts, Import",
                                                    "{} 在 Zabbix 中导入：配置 → 主机 → 导入", to.string()))
                         .in(p.lang)
                  << '\n';
    }
}

void run_monitoring(Program& p, const Options& o) {
    auto it = p.open(p.deployment(), p.config);
    Monitored m{it.deployment(),
                {},
                o.program.empty() ? own_path() : o.program,
                fs::absolute(p.config).lexically_normal().string(),
                o.user.empty() ? own_user() : o.user,
                p.lang};
    refuse(m.program, "\"'\\");
    refuse(m.config);
    refuse(m.user, "\"'\\ %");
    Selection health;
    health.when = When::health;
    for (auto* c : it.checks(health))
        if (c->fleet) m.comparisons.push_back(c->id);
    struct {
        std::string_view kind;
        std::vector<MonitoringFile> (*files)(const Monitored&);
    } systems[]{{"nagios", nagios_files}, {"zabbix", zabbix_files}, {"prometheus", prometheus_files}};
    std::vector<MonitoringFile> files;
    for (auto& s : systems)
        if (o.kind.empty() || o.kind == s.kind)
            for (auto& f : s.files(m)) files.push_back(std::move(f));
    put(p, files, o.folder);
}

} // namespace

std::vector<MonitoringFile> timer_files(const Monitored& m, std::string_view kind, const std::string& output,
                                        const std::string& then, const std::string& note) {
    auto name = fmt::format("/etc/systemd/system/imops-{}-{}", m.deployment.name, kind);
    auto service = fmt::format(
        "# {}\n[Unit]\nDescription=imops health of {} "
        "({})\nWants=network-online.target\nAfter=network-online.target\n\n"
        "[Service]\nType=oneshot\nUser={}\nTimeoutStartSec=9min\n# {}\nSuccessExitStatus=1 3\n"
        "ExecStart={} health --quiet --lang {} --config {} --output {}\n",
        note, m.deployment.name, kind, m.user, m.in({"a finding is no failure of the service", "有问题项不算服务失败"}),
        systemd_program(m.program), m.lang == Lang::zh ? "zh" : "en", systemd_word(m.config), output);
    if (!then.empty())
        service += "ExecStart=" + then + "\nStateDirectory=imops\n"; // for what the first leaves to the second
    auto timer =
        fmt::format("[Unit]\nDescription=imops health of {} "
                    "({})\n\n[Timer]\nOnCalendar=*:0/10\nRandomizedDelaySec=30\n\n[Install]\nWantedBy=timers.target\n",
                    m.deployment.name, kind);
    return {{name + ".service", service}, {name + ".timer", timer}};
}

void add_monitoring(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("monitoring", p.in({"print configuration for Nagios, Zabbix or Prometheus",
                                                     "输出 Nagios、Zabbix 或 Prometheus 的配置"}));
    auto o = std::make_shared<Options>();
    add_config_option(*c, p);
    c->add_option("SYSTEM", o->kind,
                  p.in({"nagios, zabbix or prometheus (default: all)", "nagios、zabbix 或 prometheus（默认全部）"}))
        ->check(CLI::IsMember({"nagios", "zabbix", "prometheus"}));
    c->add_option("--write", o->folder, p.in({"write each file into this folder", "把各文件写入该目录"}))
        ->type_name("DIR");
    c->add_option(
         "--program", o->program,
         p.in({"path of imops where it will run (default: this one)", "运行时 imops 的路径（默认为当前程序）"}))
        ->type_name("PATH");
    c->add_option("--user", o->user,
                  p.in({"user that runs it, whose SSH keys are used (default: you)",
                        "运行它的用户，使用其 SSH 密钥（默认为当前用户）"}))
        ->type_name("NAME");
    c->callback([&p, o] { run_monitoring(p, *o); });
}

} // namespace imops
