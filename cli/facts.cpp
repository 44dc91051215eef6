#include "cli/collect.hpp"
#include "core/facts/script.hpp"
#include <iostream>
#include <memory>

namespace imops {

namespace {

struct Options {
    bool print = false, active = false;
    Selection select;
};

/// The script as it would run, or the list of facts.
void run_facts(Program& p, const Options& o) {
    if (!o.print) {
        auto c = p.catalogue(p.config);
        for (auto& f : c.facts())
            std::cout << fmt::format("{:<28} {:<8}{}{}\n", f.id, name(f.type.kind), f.root ? " root" : "",
                                     f.active ? " active" : "");
        return;
    }
    auto it = p.open(p.deployment(), p.config);
    auto& d = it.deployment();
    check_selection(o.select, it.catalogue(), d);
    auto checks = it.checks(o.select);
    Placement placement{d, it.product(), it.generic()};
    for (auto* h : selected_hosts(o.select, d)) {
        std::cout << "# "
                  << say("what imops runs on {} as `sh -s`; the mark is a fresh random number in each run",
                         "imops 在 {} 上以 `sh -s` 运行的内容；标记在每次运行时随机生成", h->name)
                         .in(p.lang)
                  << '\n';
        std::cout << fact_script(needed_facts(checks, it.catalogue(), *h, o.active), script_variables(*h, placement),
                                 "imops-0000")
                  << '\n';
    }
}

} // namespace

void add_facts(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand(
        "facts", p.in({"list the facts, or print the script that would run", "列出事实，或输出将要运行的脚本"}));
    auto o = std::make_shared<Options>();
    c->add_flag(
        "--print", o->print,
        p.in({"print the script for each host: read it before you let it run", "输出每台主机的脚本，供执行前审阅"}));
    c->add_flag(
        "--active", o->active,
        p.in({"the second script: facts that write a file or open a port", "第二个脚本：会写文件或打开端口的事实"}));
    c->add_option("--host", o->select.hosts, p.in({"only this host; repeatable", "只看该主机，可重复"}));
    c->add_option("--pack", o->select.packs, p.in({"only this pack; repeatable", "只看该检查包，可重复"}));
    add_config_option(*c, p);
    add_check_folders(*c, p);
    c->callback([&p, o] { run_facts(p, *o); });
}

} // namespace imops
