#include "cli/render.hpp"
#include "cli/collect.hpp"
#include "cli/compare.hpp"
#include "cli/push.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <filesystem>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace imops {

namespace {

namespace fs = std::filesystem;
using render::HostFiles;
using render::RenderedFile;

Finding finding_of(const Host& h, const RenderedFile& f) {
    Finding x;
    x.id = "render.file";
    x.subject = h.name;
    x.item = f.path;
    x.title = f.component->title;
    x.text = say("{}, version {}, mode {:04o}, {}", "{}，版本 {}，权限 {:04o}，{}", f.name(), f.component->version,
                 f.mode(), f.from->owner);
    x.metrics.push_back({"size", double(f.text.size()), "B"});
    return x;
}

/// DIR/HOST/path, private folders, modes as on the host; what holds a secret is for the owner alone.
void write_tree(const std::string& out, const Host& h, const HostFiles& files) {
    auto root = fs::path{out} / h.name;
    make_folder(root.string());
    std::string made;
    for (auto& f : files.files) {
        auto path = root / f.path.substr(1);
        if (auto folder = path.parent_path().string(); folder != made) make_folder(made = folder);
        write_tree_file(path.string(), f.text, f.mode());
    }
}

void list_files(const Host& h, const HostFiles& files) {
    for (auto& f : files.files)
        std::cout << fmt::format("{:<12} {:04o} {:<24} {:<48} {}\n", h.name, f.mode(), f.from->owner, f.path, f.name());
}

/// One line for each host, and what the figures are.
void summarise(Report& r, const Host& h, const HostFiles& files, bool measured) {
    std::string names;
    const render::Component* last = nullptr;
    for (auto& f : files.files)
        if (f.component != last) names += (names.empty() ? "" : ", ") + (last = f.component)->name;
    r.notes.push_back(say("{:<12} {} file(s): {}{}", "{:<12} {} 个文件：{}{}", h.name, files.files.size(),
                          names.empty() ? "-" : names,
                          measured ? Line{} : Line{Text{" (sizes reckoned, not measured)", "（按规划估算，未实测）"}}));
}

/// Renders without asking a host for its files: a tree, a list, or a summary.
void write_or_list(const Rendering& rendering, const RenderOptions& o, Report& r) {
    auto renderer = rendering.renderer(!o.out.empty(), false);
    std::size_t count = 0;
    bool reckoned = false;
    for (auto* h : rendering.hosts()) {
        auto m = rendering.measured(*h);
        auto files = renderer.of(*h, m);
        if (!renderer.secrets().errors().empty()) throw Failure{renderer.secrets().errors()};
        add_errors(r, *h, files.errors);
        if (o.out.empty() || files.errors.empty()) count += files.files.size();
        reckoned = reckoned || m.memory == 0;
        if (o.list)
            list_files(*h, files);
        else if (o.out.empty()) {
            summarise(r, *h, files, m.memory > 0);
            for (auto& f : files.files) r.findings.push_back(finding_of(*h, f));
        } else if (files.errors.empty())
            write_tree(o.out, *h, files);
    }
    if (o.out.empty()) return;
    Finding f;
    f.id = "render.tree";
    f.title = Text{"Files", "文件"};
    f.text = say("{} file(s) for {} host(s) in {}", "已为 {1} 台主机生成 {0} 个文件，位于 {2}", count,
                 rendering.hosts().size(), o.out);
    r.notes.push_back(f.text);
    r.findings.push_back(std::move(f));
    if (reckoned)
        r.notes.push_back(Text{"Sizes of hosts are reckoned from the workload, not measured: --measure asks the hosts, "
                               "--from reads saved facts.",
                               "主机规格按负载估算，未实测：--measure 会询问主机，--from 使用已保存的事实。"});
}

void compare(const Program& p, const Rendering& rendering, const RenderOptions& o, Report& r) {
    auto renderer = rendering.renderer(true, false);
    auto fleet = fleet_of(rendering.deployment(), 32);
    auto states = read_states(rendering, renderer, *fleet);
    add_states(r, states, render::Mask{renderer.secrets().values()}, o.diff, p.write_options(::isatty(STDOUT_FILENO)));
    r.interrupted = r.interrupted || *stop_flag();
}

void run_render(Program& p, const RenderOptions& o) {
    p.check_outputs();
    if (o.diff + o.check + o.push + o.dry + o.list + !o.out.empty() > 1)
        throw Failure{Error{Code::usage,
                            Text{"more than one of --out, --list, --diff, --check, --try and --push",
                                 "--out、--list、--diff、--check、--try、--push 同时给了不止一个"},
                            Text{"Give one of them.", "只能给其中一个。"},
                            {}}};
    Rendering rendering{p, o};
    Report r;
    r.command = "render";
    r.deployment = rendering.deployment().name;
    r.time = wall_clock();
    bool live = o.diff || o.check || o.push || o.dry;
    if (o.measure || live) r.interrupted = rendering.measure();
    if (r.interrupted) return p.finish(r);
    if (o.push || o.dry)
        push(p, rendering, o, r);
    else if (live)
        compare(p, rendering, o, r);
    else
        write_or_list(rendering, o, r);
    if (o.list && r.findings.empty()) return;
    p.finish(r);
}

} // namespace

void add_render(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand(
        "render", p.in({"write the configuration of every component, compare it with what runs, put it in place",
                        "生成各组件配置，与线上比较，并安全推送"}));
    auto o = std::make_shared<RenderOptions>();
    add_config_option(*c, p);
    c->add_option("-o,--out", o->out,
                  p.in({"write the files into this folder: DIR/HOST/path", "把文件写入该目录：DIR/主机/路径"}))
        ->type_name("DIR");
    c->add_option("--host", o->hosts, p.in({"only this host; repeatable", "只处理该主机，可重复"}));
    c->add_option("--component", o->components, p.in({"only this component; repeatable", "只处理该组件，可重复"}));
    c->add_option("--templates", o->template_folders,
                  p.in({"folder of a site's own templates; repeatable", "自有模板目录，可重复"}))
        ->type_name("DIR");
    c->add_flag("--list", o->list,
                p.in({"say which files would be written, and from which templates", "列出将生成的文件及其模板"}));
    c->add_flag(
        "--diff", o->diff,
        p.in({"compare with the files on the hosts; secrets are hidden", "与主机上的文件比较；敏感信息不显示"}));
    c->add_flag("--check", o->check,
                p.in({"status 1 if a file on a host differs", "主机上的文件有差异时以状态 1 结束"}));
    c->add_flag("--try", o->dry,
                p.in({"lay the files beside their targets, run the components' own checkers, take them away again",
                      "把文件放在目标旁，运行各组件自带的检查器，然后移除"}));
    c->add_flag("--push", o->push,
                p.in({"show the plan, ask, put the files in place, take them back if anything fails",
                      "显示计划并确认后推送；任何一步失败都会回滚"}));
    c->add_flag("--yes", o->yes, p.in({"do not ask", "不再确认"}));
    c->add_option("--fan-out", o->fan_out, p.in({"hosts that are pushed at one time", "同时推送的主机数"}))
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    c->add_flag("--measure", o->measure,
                p.in({"ask the hosts for cores, memory and kind of disk first", "先读取主机的核数、内存和磁盘类型"}));
    c->add_option("--from", o->from, p.in({"take those figures from saved facts", "使用已保存事实中的这些数据"}))
        ->type_name("BUNDLE|DIR");
    add_format_option(*c, p, "--output");
    c->add_flag("--strict", p.strict, p.in({"warnings end with status 1 too", "有警告时也以状态 1 结束"}));
    c->add_flag("-a,--all", p.all, p.in({"show also what is ok or skipped", "也显示通过和跳过的项目"}));
    auto patience = std::make_shared<std::string>();
    c->add_option("--patience", *patience,
                  p.in({"how long a service may take to answer after a push (default: 60s)",
                        "推送后等待服务应答的最长时间（默认 60s）"}))
        ->type_name("DURATION");
    c->callback([&p, o, patience] {
        if (!patience->empty()) {
            auto t = parse_duration(*patience);
            if (!t || *t < 1 || *t > 3600)
                throw Failure{Error{Code::usage,
                                    say("--patience {}: not a duration of a second to an hour",
                                        "--patience {}：不是一秒到一小时之间的时长", one_line(*patience, 40)),
                                    Text{"For example 90s or 3m.", "例如 90s 或 3m。"},
                                    {}}};
            o->patience = std::chrono::seconds{int(*t)};
        }
        run_render(p, *o);
    });
}

} // namespace imops
