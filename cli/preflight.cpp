#include "cli/collect.hpp"
#include "cli/services.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/units.hpp"
#include "core/loop/threads.hpp"
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <unistd.h>

namespace imops {

namespace {

struct Options {
    Selection select;
    CollectOptions collect;
    std::string timeout, from, save;
    bool demo = false;
};

/// `--demo`: this very machine, with a deployment that is built in.
Deployment demo_deployment() {
    for (auto& f : embedded_texts())
        if (f.path.ends_with("demo.yaml")) return parse_deployment(std::string{f.text}, "demo.yaml");
    throw Failure{Error{Code::internal, Text{"the demo is not built in", "未内置演示部署"}, {}, {}}};
}

/// Findings that people want to see at once, on standard error; the report on standard output comes sorted at the end.
void show_arrival(const Program& p, const std::string& subject, const std::vector<Finding>& found, std::size_t done,
                  std::size_t of) {
    if (p.quiet) return;
    int bad[6]{};
    for (auto& f : found) ++bad[int(f.level)];
    auto w = p.write_options(::isatty(STDERR_FILENO));
    std::ostringstream s;
    s << say("[{}/{}] {}: {} judged, {} fail, {} warn, {} unknown", "[{}/{}] {}：判断 {} 项，失败 {}，警告 {}，未知 {}",
             done, of, subject, found.size(), bad[int(Level::fail)], bad[int(Level::warn)], bad[int(Level::unknown)])
             .in(p.lang)
      << '\n';
    if (w.colour || p.verbose)
        for (auto& f : found)
            if (f.level == Level::fail) write_finding(f, w, s);
    std::cerr << s.str();
}

/// Live or from a bundle, facts go the same way from here.
void run_preflight(Program& p, Options& o) {
    p.check_outputs();
    o.select.passive = o.collect.passive;
    Bundle bundle;
    if (!o.from.empty()) bundle = read_bundle(o.from);
    auto read = !o.from.empty() ? parse_deployment(bundle.deployment, o.from + "/imops.yaml")
                : o.demo        ? demo_deployment()
                                : p.deployment();
    if (!p.lang_given && !read.language.empty()) p.lang = read.language == "zh" ? Lang::zh : Lang::en;
    auto it = p.open(std::move(read), o.demo || !o.from.empty() ? "" : p.config);
    auto& d = it.deployment();
    auto& catalogue = it.catalogue();
    check_selection(o.select, catalogue, d);
    auto hosts = selected_hosts(o.select, d);
    auto services = selected_services(o.select, d);
    auto checks = it.checks(o.select);

    Report r;
    r.command = word(o.select.when);
    r.deployment = d.name;
    bool live = o.from.empty();
    r.time = live ? wall_clock() : bundle.time ? bundle.time : wall_clock();
    if (live) bundle = {d.text, r.time, {}, {}};
    auto judge = it.judge(checks, r.time);
    bool human = std::all_of(p.outputs.begin(), p.outputs.end(),
                             [](auto& format) { return format.substr(0, format.find('=')) == "human"; });
    if (human && !p.all && !p.verbose) judge.be_brief();
    std::size_t done = 0;
    auto judged = [&](const auto& subject, const Facts& facts) {
        auto found = judge.add(subject, facts);
        if (live) show_arrival(p, subject.name, found, ++done, hosts.size() + services.size());
        std::move(found.begin(), found.end(), std::back_inserter(r.findings));
    };
    if (live) {
        auto answers = beside([&] { return ask_services(d, services, catalogue, checks, o.collect.timeout); });
        auto fleet = fleet_of(d, o.collect.fan_out);
        r.interrupted =
            collect(*fleet, judge.placement(), catalogue, hosts, checks, o.collect, p, [&](const Host& h, Facts facts) {
                judged(h, facts);
                if (!o.save.empty()) bundle.hosts[h.name] = std::move(facts);
            });
        bundle.services = answers.get();
    } else
        for (auto* h : hosts) judged(*h, bundle.hosts[h->name]);
    for (auto* s : services) judged(*s, bundle.services[s->name]);
    auto compared = judge.fleet();
    std::move(compared.begin(), compared.end(), std::back_inserter(r.findings));
    if (!o.save.empty()) write_bundle(o.save, bundle);
    p.finish(r);
}

} // namespace

namespace {

void add_judging(CLI::App& app, Program& p, When when, Text about) {
    auto* c = app.add_subcommand(std::string{word(when)}, p.in(about));
    auto o = std::make_shared<Options>();
    o->select.when = when;
    o->select.ask_endpoints = when == When::health;
    add_config_option(*c, p);
    add_output_options(*c, p);
    add_check_folders(*c, p);
    auto& s = o->select;
    c->add_option("--host", s.hosts, p.in({"only this host; repeatable", "只检查该主机，可重复"}));
    c->add_option("--role", s.roles, p.in({"only hosts with this role; repeatable", "只检查具有该角色的主机，可重复"}));
    c->add_option("--service", s.services, p.in({"only this service; repeatable", "只检查该服务，可重复"}));
    c->add_option("--pack", s.packs, p.in({"only this pack; repeatable", "只用该检查包，可重复"}));
    c->add_option("--check", s.checks, p.in({"only this check; repeatable", "只做该检查，可重复"}));
    c->add_option("--skip", s.skip, p.in({"not this check or pack; repeatable", "跳过该检查或检查包，可重复"}));
    c->add_option("--from", o->from,
                  p.in({"judge saved facts instead of asking hosts", "判断已保存的事实，不连接主机"}))
        ->type_name("BUNDLE|DIR");
    c->add_option("--save", o->save, p.in({"keep the facts in this folder", "把事实保存到该目录"}))->type_name("DIR");
    c->add_option("--fan-out", o->collect.fan_out, p.in({"hosts at one time", "同时处理的主机数"}))
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    c->add_option("--timeout", o->timeout,
                  p.in({"for the script of one host (default: 2m)", "单台主机脚本的时限（默认 2m）"}))
        ->type_name("DURATION");
    c->add_flag("--passive", o->collect.passive,
                p.in({"only read: no disk test, no listener", "只读：不做磁盘测试，不打开监听"}));
    c->add_flag("--demo", o->demo, p.in({"judge this machine with a built-in deployment", "用内置部署检查本机"}));
    c->callback([&p, o] {
        if (!o->timeout.empty()) {
            auto t = parse_duration(o->timeout);
            if (!t || *t < 1)
                throw Failure{Error{Code::usage,
                                    say("--timeout {}: not a duration", "--timeout {}：不是时长", o->timeout),
                                    Text{"For example 30s or 2m.", "例如 30s 或 2m。"},
                                    {}}};
            o->collect.timeout = std::chrono::milliseconds{std::int64_t(*t * 1000)};
        }
        run_preflight(p, *o);
    });
}

} // namespace

void add_preflight(CLI::App& app, Program& p) {
    add_judging(app, p, When::preflight,
                {"judge every host and service: hardware, kernel, disks, clock, network, security, databases, caches",
                 "检查每台主机和服务：硬件、内核、磁盘、时钟、网络、安全、数据库、缓存"});
    add_judging(
        app, p, When::health,
        {"judge what may change from day to day, on a running deployment", "检查运行中的部署每天可能变化的项目"});
}

} // namespace imops
