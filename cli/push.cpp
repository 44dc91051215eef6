#include "cli/push.hpp"
#include "cli/collect.hpp"
#include "cli/gate.hpp"
#include "core/change/push.hpp"
#include <algorithm>
#include <iostream>
#include <unistd.h>

namespace imops {

namespace {

using render::Standing;

void print_plan(const Program& p, const change::Plan& plan, const std::vector<const HostState*>& hosts) {
    std::cout << p.in({"Plan, host by host:", "计划（逐台主机）："}) << '\n';
    for (auto& step : plan.steps()) {
        auto* s = *std::ranges::find(hosts, step.host, &HostState::host);
        std::cout << fmt::format("{} ({})\n", s->host->name, s->host->address);
        const render::Component* last = nullptr;
        bool changes = false;
        for (std::size_t i = 0; i < s->files.files.size(); ++i) {
            auto& f = s->files.files[i];
            auto standing = render::standing(f, s->live[i]);
            if (f.component != last && last && changes && !last->action.empty())
                std::cout << "    " << last->action.in(p.lang) << '\n';
            if (f.component != last) changes = false;
            last = f.component;
            changes = changes || standing != Standing::same;
            std::cout << fmt::format("  {} {}: {}\n",
                                     standing == Standing::same      ? ' '
                                     : standing == Standing::missing ? '+'
                                                                     : '~',
                                     f.path, render::words(standing).in(p.lang));
        }
        if (last && changes && !last->action.empty()) std::cout << "    " << last->action.in(p.lang) << '\n';
    }
    std::cout << std::flush;
}

/// Consent: --yes, or an answer on a terminal.
void ask(const Program& p, const RenderOptions& o) {
    if (o.yes) return;
    if (!::isatty(STDIN_FILENO))
        throw Failure{Error{Code::usage,
                            Text{"nobody is there to say yes", "没有终端可供确认"},
                            Text{"Read the plan, then add --yes.", "请先阅读计划，再加上 --yes。"},
                            {}}};
    std::cout << p.in({"Put these files in place? Former ones are kept, and come back if anything fails. [y/N] ",
                       "是否推送以上文件？原文件会保留，任何一步失败都会恢复。[y/N] "})
              << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes" && answer != "是")
        throw Failure{Error{Code::interrupted,
                            Text{"not confirmed: nothing was changed", "未确认：没有做任何改动"},
                            Text{"Answer y to go on.", "输入 y 才会继续。"},
                            {}}};
}

/// Hosts whose files could be made and read; nothing if anything is wrong with one of them.
std::vector<const HostState*> ready(Report& r, const std::vector<HostState>& states, const render::Mask& mask) {
    std::vector<const HostState*> hosts;
    bool broken = false;
    for (auto& s : states) {
        add_errors(r, *s.host, s.files.errors);
        broken = broken || s.error || !s.files.errors.empty();
        if (s.error)
            add_states(r, {s}, mask, false, {});
        else if (!s.files.files.empty())
            hosts.push_back(&s);
    }
    if (!broken) return hosts;
    r.notes.push_back(
        Text{"Nothing was changed: mend what is named above first.", "没有做任何改动：请先处理以上问题。"});
    return {};
}

void add_journal_error(Report& r, const Error& e) {
    Finding f;
    f.id = "render.push";
    f.level = Level::unknown;
    f.title = Text{"The journal", "操作日志"};
    f.text = e.what;
    f.remedy = e.remedy;
    r.findings.push_back(std::move(f));
}

} // namespace

void push(Program& p, Rendering& rendering, const RenderOptions& o, Report& r) {
    auto& d = rendering.deployment();
    auto renderer = rendering.renderer(true, true);
    auto fleet = fleet_of(d, std::max(o.fan_out, 8));
    auto states = read_states(rendering, renderer, *fleet);
    render::Mask mask{renderer.secrets().values()};
    auto hosts = ready(r, states, mask);
    if (hosts.empty()) return;
    std::vector<change::PushTarget> targets;
    for (auto* s : hosts) targets.push_back({s->host, &s->files, s->live});
    change::PushOptions options{!o.push, o.patience};
    auto plan = change::push_plan(targets, options, mask);
    if (o.push) {
        print_plan(p, plan, hosts);
        ask(p, o);
    }
    // a try replaces nothing: there is nothing to keep a journal of
    change::Journal journal{o.push ? change::journal_path(d.name) : ""};
    EndpointGate gate{p, d, o.patience};
    if (o.push) gate.before();
    change::PushTools tools;
    tools.fleet = [&] { return fleet_of(d, o.fan_out); };
    tools.progress = [&](const Line& l) { p.say(l); };
    if (p.verbose) tools.detail = tools.progress;
    change::PushHands hands{std::move(targets), options, gate, r, mask, std::move(tools)};
    change::RunnerOptions how;
    how.together = o.fan_out;
    how.on_failure = o.push ? change::RunnerOptions::OnFailure::stop : change::RunnerOptions::OnFailure::go_on;
    how.stop = stop_flag();
    how.command = "render --push";
    auto summary = change::Runner{plan, journal, hands, how}.run();
    for (auto& s : summary.steps)
        if (s.state == change::Summary::State::untouched) hands.not_tried(*s.step->host);
    if (summary.error) add_journal_error(r, *summary.error);
    r.interrupted = r.interrupted || *stop_flag();
}

} // namespace imops
