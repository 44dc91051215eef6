#include "cli/collect.hpp"
#include "cli/probing.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/loop/wait.hpp"
#include <iostream>
#include <memory>

namespace imops {

namespace {

using Steady = std::chrono::steady_clock;

struct Options {
    Selection select;
    std::string timeout, watch, retry, depth;
    bool message = false;
};

double duration_of(const char* option, const std::string& text, double otherwise) {
    if (text.empty()) return otherwise;
    auto t = parse_duration(text);
    if (t && *t >= 1 && *t <= 86400 * 7) return *t;
    throw Failure{Error{Code::usage,
                        say("{} {}: not a duration of a second to a week", "{} {}：不是一秒到一周之间的时长", option,
                            one_line(text, 40)),
                        Text{"For example 10s or 2m.", "例如 10s 或 2m。"},
                        {}}};
}

/// Waits so long, unless interrupted.
bool pause(double seconds) {
    auto end = Steady::now() + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>{seconds});
    return pause_until(end, stop_flag());
}

/// What is to be asked, chosen once.
class Choice {
    Program& p_;
    Options& o_;
    Case case_;
    Prober prober_;
    Service message_; // when it is asked for
    std::vector<const Service*> asked_;
    std::chrono::milliseconds limit_;

  public:
    Choice(Program& p, Options& o) : p_{p}, o_{o}, case_{p.open(p.deployment(), p.config)}, prober_{case_, o.select} {
        auto& d = case_.deployment();
        check_selection(o.select, case_.catalogue(), d);
        for (auto* s : selected_services(o.select, d))
            if (o.depth.empty() || (s->depth && word(*s->depth) == o.depth)) asked_.push_back(s);
        if (o.message) {
            auto message = message_service(d, case_.product());
            if (!message) throw Failure{message.error()};
            message_ = *std::move(message);
            asked_.push_back(&message_);
        }
        limit_ = std::chrono::milliseconds{std::int64_t(1000 * duration_of("--timeout", o.timeout, 10))};
        if (asked_.empty())
            throw Failure{Error{Code::config,
                                say("{}: there is nothing to ask", "{}：没有可探测的端点", d.file),
                                Text{"List endpoints under `endpoints:` (`imops help probe`), and the public names "
                                     "under `names:` for the product's own probes.",
                                     "请在 `endpoints:` 下列出端点（`imops help probe`），并在 `names:` "
                                     "下写明对外域名，供产品自带的探测使用。"},
                                {}}};
    }

    Report run() {
        Report r;
        r.command = "probe";
        r.deployment = case_.deployment().name;
        r.time = wall_clock();
        r.findings = prober_.ask(asked_, limit_);
        r.interrupted = *stop_flag() != 0;
        return r;
    }
};

void run_probe(Program& p, Options& o) {
    p.check_outputs();
    auto watch = duration_of("--watch", o.watch, 0), patience = duration_of("--retry-until", o.retry, 0);
    Choice choice{p, o};
    auto begun = Steady::now();
    for (int tries = 1;; ++tries) {
        auto r = choice.run();
        bool bad = r.worst() >= Level::unknown;
        auto spent = std::chrono::duration<double>(Steady::now() - begun).count();
        if (patience > 0 && bad && !r.interrupted && spent < patience) {
            p.say(say(
                "try {} after {}: {} of {} findings are bad; trying again until {}",
                "第 {} 次，已过 {}：{} / {} 项不正常，将重试到 {}", tries, show_duration(spent),
                std::count_if(r.findings.begin(), r.findings.end(), [](auto& f) { return f.level >= Level::unknown; }),
                r.findings.size(), show_duration(patience)));
            if (pause(std::min(2.0, patience - spent))) continue;
        }
        p.finish(r);
        if (watch <= 0 || r.interrupted || !pause(watch)) return;
        std::cout << '\n' << std::flush;
    }
}

} // namespace

void add_probe(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("probe", p.in({"ask the endpoints: the product's own probes and those of imops.yaml",
                                                "探测端点：产品自带的探测和 imops.yaml 中的端点"}));
    auto o = std::make_shared<Options>();
    o->select.when = When::health;
    o->select.ask_hosts = o->select.ask_services = false;
    o->select.ask_endpoints = true;
    add_config_option(*c, p);
    add_output_options(*c, p);
    add_check_folders(*c, p);
    auto& s = o->select;
    c->add_option("--endpoint", s.services, p.in({"only this endpoint; repeatable", "只探测该端点，可重复"}));
    c->add_flag("--message", o->message,
                p.in({"also send a message between the two accounts of `message:` and wait for it",
                      "另在 `message:` 的两个账号之间发送一条消息并等待收到"}));
    c->add_option("--depth", o->depth,
                  p.in({"only the product's shallow or deep probes", "只做产品的浅层（shallow）或深层（deep）探测"}))
        ->check(CLI::IsMember({"shallow", "deep"}));
    c->add_option("--check", s.checks, p.in({"only this check; repeatable", "只做该检查，可重复"}));
    c->add_option("--skip", s.skip, p.in({"not this check or pack; repeatable", "跳过该检查或检查包，可重复"}));
    c->add_option("--timeout", o->timeout, p.in({"for each endpoint (default: 10s)", "每个端点的时限（默认 10s）"}))
        ->type_name("DURATION");
    c->add_option("--watch", o->watch,
                  p.in({"ask again after this time, until interrupted", "每隔这段时间再探测一次，直到中断"}))
        ->type_name("DURATION");
    c->add_option("--retry-until", o->retry,
                  p.in({"ask again until all is well, at most so long", "反复探测直到全部正常，最长这么久"}))
        ->type_name("DURATION");
    c->callback([&p, o] { run_probe(p, *o); });
}

} // namespace imops
