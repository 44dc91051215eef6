#include "cli/push.hpp"
#include "cli/collect.hpp"
#include "cli/probing.hpp"
#include "core/base/string.hpp"
#include "core/facts/script.hpp"
#include "core/render/push.hpp"
#include <algorithm>
#include <deque>
#include <future>
#include <iostream>
#include <poll.h>
#include <unistd.h>

namespace imops {

namespace {

using render::PushReader;
using render::Standing;
using Clock = std::chrono::steady_clock;

/// What was found when the new files were in use.
struct Verdict {
    std::vector<Finding> bad;
    bool keep() const { return bad.empty(); }
};

/// Where a failed step failed, in words for people.
Line where(const PushReader::Failed& f) {
    if (f.step == "missing") {
        std::string_view rest = f.detail;
        auto program = render::next_word(rest);
        return say("{}: {} is not installed there", "{}：主机上没有安装 {}", f.component, program);
    }
    if (f.step == "busy")
        return say("another push is going on there (process {})", "该主机上正在进行另一次推送（进程 {}）", f.detail);
    if (f.step == "begin") return say("cannot begin: {}", "无法开始：{}", f.detail);
    if (f.step == "stage") return say("{}: {} cannot be written", "{}：无法写入 {}", f.component, f.detail);
    if (f.step == "owner")
        return say("{}: owner or mode of {} cannot be set", "{}：无法设置 {} 的属主或权限", f.component, f.detail);
    if (f.step == "swap") return say("{}: {} cannot be replaced", "{}：无法替换 {}", f.component, f.detail);
    if (f.detail == "124") return say("{}: {} took too long and was ended", "{}：{} 超时，已终止", f.component, f.step);
    if (f.step == "check")
        return say("{}: its own checker refuses the new files", "{}：自带的检查器拒绝了新文件", f.component);
    if (f.step == "verify")
        return say("{}: it refuses the new files where they belong", "{}：就位后的检查未通过", f.component);
    if (f.step == "ready")
        return say("{}: it does not answer with the new files", "{}：使用新文件后服务无应答", f.component);
    return say("{}: the step {} failed (status {})", "{}：步骤 {} 失败（状态 {}）", f.component, f.step, f.detail);
}

Line remedy(const PushReader::Failed& f) {
    if (f.step == "missing") {
        std::string_view rest = f.detail;
        render::next_word(rest);
        return rest == "-" ? Line{Text{"Install it, then push again.", "请安装后再推送。"}}
                           : say("Debian, Ubuntu: `apt-get install -y {}`, then push again.",
                                 "Debian、Ubuntu：`apt-get install -y {}`，然后再推送。", rest);
    }
    if (f.step == "busy") return Text{"Wait until it has ended.", "请等待其结束。"};
    if (f.step == "begin" || f.step == "stage" || f.step == "owner" || f.step == "swap")
        return Text{"Look at the disk (`df -h`), at how it is mounted, and whether imops is root there (`sudo: true`).",
                    "请检查磁盘（`df -h`）、挂载方式，以及 imops 在该主机上是否有 root 权限（`sudo: true`）。"};
    return Text{"What it said stands above. Correct imops.yaml or the template, and push again; `imops render --diff` "
                "shows what would change.",
                "原因见上面的输出。请修正 imops.yaml 或模板后再推送；`imops render --diff` 可查看改动。"};
}

/// One host while its files are put in place.
struct HostPush {
    const HostState* state;
    std::string mark = random_nonce();
    PushReader reader{mark};
    std::string noise; // of standard error
    std::future<Verdict> verdict;
    std::optional<Verdict> judged;
    bool answered = false;
    std::string step;

    explicit HostPush(const HostState& s) : state{&s} {}
};

class Pusher {
    Program& p_;
    Rendering& rendering_;
    const RenderOptions& o_;
    Report& r_;
    const render::Mask& mask_;
    std::optional<Endpoints> endpoints_;
    std::set<std::string> well_; // endpoints that answered before
    bool failed_ = false;

    void add(const Host& h, std::string item, Level level, Line title, Line text, Line remedy = {}) {
        Finding f;
        f.id = o_.push ? "render.push" : "render.try";
        f.subject = h.name;
        f.item = std::move(item);
        f.level = level;
        f.title = std::move(title);
        f.text = std::move(text);
        f.remedy = std::move(remedy);
        failed_ = failed_ || level >= Level::unknown;
        r_.findings.push_back(std::move(f));
    }

    /// Whether a log-in is still possible: a firewall that shuts us out would only be noticed with the next one.
    std::optional<Error> log_in(const Host& h) const {
        auto fleet = fleet_of(rendering_.deployment(), 1);
        Job job{&h, {"exit 0\n", Effect::read, std::chrono::seconds{20}, false}, {}, {}};
        auto outcome = fleet->run(std::span{&job, 1});
        if (outcome.front().result) return {};
        return outcome.front().result.error();
    }

    /// Asks until all that must answer does, or the patience is over.
    Verdict judge(const Host& h) const {
        Verdict v;
        if (h.transport != Transport::local)
            if (auto e = log_in(h)) {
                Finding f;
                f.subject = h.name;
                f.level = Level::fail;
                f.title = Text{"A new log-in", "重新登录"};
                f.text = e->what;
                f.remedy = e->remedy;
                v.bad.push_back(std::move(f));
                return v;
            }
        auto must = well_;
        must.merge(endpoints_->deep(h));
        for (auto until = Clock::now() + o_.patience;;) {
            v.bad = endpoints_->ask(must, std::chrono::seconds{8});
            std::erase_if(v.bad, [](auto& f) { return f.level < Level::unknown; });
            if (v.bad.empty() || Clock::now() > until || *stop_flag()) return v;
            ::poll(nullptr, 0, 500);
        }
    }

    Feed feed(HostPush& push) {
        if (!push.reader.waiting || push.answered) return {};
        if (!push.verdict.valid())
            push.verdict = std::async(std::launch::async, [this, &push] { return judge(*push.state->host); });
        if (push.verdict.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return {};
        push.judged = push.verdict.get();
        push.answered = true;
        return {Feed::data, push.judged->keep() ? "commit\n" : "rollback\n"};
    }

    void heard(HostPush& push, Stream stream, std::string_view bytes) {
        if (stream == Stream::err) {
            if (push.noise.size() < 4096) push.noise += bytes;
            return;
        }
        push.reader.out(bytes);
        if (push.step == push.reader.step) return;
        push.step = push.reader.step;
        if (p_.verbose) p_.say(say("{}: {}", "{}：{}", push.state->host->name, push.step));
    }

    void report(HostPush& push, const Outcome& outcome);
    void report_failure(const Host& h, const PushReader& reader);

  public:
    Pusher(Program& p, Rendering& rendering, const RenderOptions& o, Report& r, const render::Mask& mask)
        : p_{p}, rendering_{rendering}, o_{o}, r_{r}, mask_{mask} {}

    void look_around() {
        endpoints_.emplace(p_, rendering_.deployment(), rendering_.product());
        if (o_.push) well_ = endpoints_->well(std::chrono::seconds{5});
    }
    bool failed() const { return failed_; }
    void run(const std::vector<const HostState*>& hosts, Fleet& fleet);
    void not_tried(const HostState& s) {
        add(*s.host, "", Level::unknown, Text{"Not tried", "未执行"}, Text{"an earlier host failed", "前面的主机失败"},
            Text{"Mend that one, then push again.", "请先处理那台主机，再推送。"});
    }
};

void Pusher::report_failure(const Host& h, const PushReader& reader) {
    auto& f = *reader.failed;
    auto said = mask_.text(plain(f.said, 3000));
    auto what = where(f);
    add(h, f.component == "-" ? "" : f.component, Level::fail,
        o_.push ? Text{"Not put in place", "未能推送"} : Text{"Would not pass", "检查未通过"},
        said.empty() ? what : say("{}:\n{}", "{}：\n{}", what, trim(said)), remedy(f));
    auto changed = reader.replaced.empty()
                       ? Line{Text{"nothing had been changed", "尚未改动任何文件"}}
                       : say("{} file(s) are the former ones again", "{} 个文件已恢复原样", reader.replaced.size());
    if (reader.not_back.empty()) add(h, "", Level::ok, Text{"Taken back", "已回滚"}, changed);
    for (auto& b : reader.not_back)
        add(h, b.component, Level::fail, Text{"Does not run as before", "服务未恢复"},
            say("{}: {} after the former files came back:\n{}", "{}：恢复原文件后 {} 失败：\n{}", b.component, b.step,
                trim(mask_.text(plain(b.said, 2000)))),
            say("Log in to {} and look: `systemctl status`, and the log of the service.",
                "请登录 {} 查看：`systemctl status` 及服务日志。", h.name));
}

void Pusher::report(HostPush& push, const Outcome& outcome) {
    auto& h = *push.state->host;
    auto& reader = push.reader;
    if (reader.recovered)
        r_.notes.push_back(say("{}: an earlier push had been cut off; it was taken back first",
                               "{}：此前有一次推送中断，已先回滚", h.name));
    if (reader.failed) return report_failure(h, reader);
    if (push.judged && !push.judged->keep()) {
        for (auto& f : push.judged->bad)
            add(h, f.subject, Level::fail, f.title, say("with the new files: {}", "使用新文件后：{}", f.text),
                f.remedy);
        PushReader::Failed none;
        for (auto& b : reader.not_back)
            add(h, b.component, Level::fail, Text{"Does not run as before", "服务未恢复"},
                say("{}: {}", "{}：{}", b.component, trim(mask_.text(plain(b.said, 2000)))),
                say("Log in to {} and look: `systemctl status`, and the log of the service.",
                    "请登录 {} 查看：`systemctl status` 及服务日志。", h.name));
        if (reader.not_back.empty())
            add(h, "", Level::ok, Text{"Taken back", "已回滚"},
                say("{} file(s) are the former ones again", "{} 个文件已恢复原样", reader.replaced.size()));
        return;
    }
    if (!outcome.result || !reader.ended) {
        Error e = outcome.result ? Error{Code::remote,
                                         say("the script did not come to its end: {}", "脚本未执行完毕：{}",
                                             one_line(mask_.text(plain(push.noise)))),
                                         {},
                                         {}}
                                 : outcome.result.error();
        auto unsure =
            reader.replaced.empty()
                ? Line{}
                : Line{Text{"; files that were replaced are taken back there", "；已替换的文件会在该主机上自动回滚"}};
        if (!outcome.result && outcome.result.error().code == Code::interrupted) r_.interrupted = true;
        add(h, "", Level::unknown, Text{"Cut off", "中断"}, say("{}{}", "{}{}", e.what, unsure),
            e.remedy.empty() ? Line{say("Look with `imops render --check --host {}`, then push again.",
                                        "先用 `imops render --check --host {}` 查看，再推送。", h.name)}
                             : e.remedy);
        return;
    }
    if (!o_.push)
        return add(
            h, "", Level::ok, Text{"Would pass", "检查通过"},
            say("{} component(s) accept their files", "{} 个组件接受了新文件", push.state->files.fragments.size()));
    for (auto& [component, path] : reader.replaced)
        add(h, path, Level::ok, Text{"Put in place", "已推送"}, say("by {}", "组件 {}", component));
    for (auto& c : reader.same) add(h, c, Level::ok, Text{"The same", "无变化"}, Text{"nothing to do", "无需操作"});
    for (auto& c : reader.applied)
        add(h, c, Level::ok, Text{"In use", "已生效"}, Text{"it answers with its files", "服务使用新文件正常应答"});
}

void Pusher::run(const std::vector<const HostState*>& hosts, Fleet& fleet) {
    std::deque<HostPush> pushes;
    std::vector<Job> jobs;
    for (auto* s : hosts) {
        auto& push = pushes.emplace_back(*s);
        Job job;
        job.host = s->host;
        job.script = {render::push_script(s->files, push.mark, !o_.push, o_.patience), Effect::write,
                      std::chrono::minutes{30}, true};
        job.in = [this, &push] { return feed(push); };
        job.out = [this, &push](Stream stream, std::string_view bytes) { heard(push, stream, bytes); };
        jobs.push_back(std::move(job));
    }
    auto outcomes = fleet.run(jobs);
    for (std::size_t i = 0; i < pushes.size(); ++i) {
        if (pushes[i].verdict.valid()) pushes[i].verdict.wait();
        report(pushes[i], outcomes[i]);
    }
}

// ---- the plan

int rank(const HostState& s) {
    int lowest = 1000;
    for (auto& f : s.files.files) lowest = std::min(lowest, f.component->order);
    return lowest;
}

void print_plan(const Program& p, const std::vector<const HostState*>& hosts) {
    std::cout << p.in({"Plan, host by host:", "计划（逐台主机）："}) << '\n';
    for (auto* s : hosts) {
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

} // namespace

void push(Program& p, Rendering& rendering, const RenderOptions& o, Report& r) {
    auto renderer = rendering.renderer(true, true);
    auto fleet = fleet_of(rendering.deployment(), std::max(o.fan_out, 8));
    auto states = read_states(rendering, renderer, *fleet);
    render::Mask mask{renderer.secrets().values()};
    std::vector<const HostState*> hosts;
    bool broken = false;
    for (auto& s : states) {
        add_errors(r, *s.host, s.files.errors);
        broken = broken || s.error || !s.files.errors.empty();
        if (s.error) {
            add_states(r, {s}, mask, false, {});
            continue;
        }
        if (!s.files.files.empty()) hosts.push_back(&s);
    }
    if (broken)
        return r.notes.push_back(
            Text{"Nothing was changed: mend what is named above first.", "没有做任何改动：请先处理以上问题。"});
    std::ranges::stable_sort(hosts, {}, [](auto* s) { return rank(*s); });
    if (o.push) {
        print_plan(p, hosts);
        ask(p, o);
    }
    Pusher pusher{p, rendering, o, r, mask};
    pusher.look_around();
    for (std::size_t i = 0; i < hosts.size();) {
        std::vector<const HostState*> together;
        // hosts of one kind together, never more than were asked for
        for (auto first = rank(*hosts[i]);
             i < hosts.size() && int(together.size()) < o.fan_out && rank(*hosts[i]) == first; ++i)
            together.push_back(hosts[i]);
        if ((o.push && pusher.failed()) || *stop_flag()) {
            for (auto* s : together) pusher.not_tried(*s);
            continue;
        }
        for (auto* s : together) p.say(say("{}: {} file(s)", "{}：{} 个文件", s->host->name, s->files.files.size()));
        auto own = fleet_of(rendering.deployment(), o.fan_out);
        pusher.run(together, *own);
    }
    r.interrupted = r.interrupted || *stop_flag();
}

} // namespace imops
