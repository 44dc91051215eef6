#include "core/change/push.hpp"
#include "core/base/string.hpp"
#include "core/change/push_words.hpp"
#include "core/facts/script.hpp"
#include "core/loop/threads.hpp"
#include <algorithm>
#include <deque>

namespace imops::change {

using render::PushReader;

namespace {

int rank(const render::HostFiles& files) {
    int lowest = 1000;
    for (auto& f : files.files) lowest = std::min(lowest, f.component->order);
    return lowest;
}

/// Of what a push was made, without secrets: they would be guessed from the sum of a short text.
std::string source(const PushTarget& t, bool try_only, const render::Mask& mask) {
    std::string all = try_only ? "try\n" : "push\n";
    for (std::size_t i = 0; i < t.files->files.size(); ++i) {
        auto& f = t.files->files[i];
        auto there = i < t.live.size() ? int(render::standing(f, t.live[i])) : -1;
        all += fmt::format("{} {:04o} {} {}\n{}\n", f.path, f.mode(), f.from->owner, there, mask.text(f.text));
    }
    for (auto& f : t.files->fragments)
        for (auto* part : {&f.functions, &f.before, &f.check, &f.verify, &f.apply, &f.prepare, &f.ready, &f.stop})
            all += mask.text(*part) + "\n";
    return all;
}

/// Whether it came to its end: only then what the host told of the way back is all of it.
bool ended(const PushReader& reader, const Outcome& outcome) { return outcome.result && reader.ended; }

} // namespace

Plan push_plan(std::span<const PushTarget> targets, const PushOptions& o, const render::Mask& mask) {
    std::vector<Step> steps;
    for (auto& t : targets) {
        Step s;
        s.id = t.host->name + (o.try_only ? "/try" : "/files");
        auto count = t.files->files.size();
        s.title = o.try_only ? say("try {} file(s)", "试检 {} 个文件", count)
                             : say("put {} file(s) in place", "推送 {} 个文件", count);
        s.host = t.host;
        s.order = rank(*t.files);
        s.limit = std::chrono::minutes{30};
        s.no_return = o.try_only ? Text{"nothing is replaced", "不替换任何文件"}
                                 : Text{"once it is kept, the former files lie beside the new ones",
                                        "确认保留后，原文件留在新文件旁边"};
        s.made_from = source(t, o.try_only, mask);
        steps.push_back(std::move(s));
    }
    return Plan{std::move(steps)};
}

/// One host while its files are put in place.
struct PushHands::HostPush {
    const PushTarget* target;
    std::string mark = remote::random_mark();
    PushReader reader{mark};
    std::string noise; // of standard error
    std::future<Verdict> verdict;
    std::optional<Verdict> judged;
    bool answered = false;
    std::string step;

    explicit HostPush(const PushTarget& t) : target{&t} {}
};

void PushHands::add(const Host& h, std::string item, Level level, Line title, Line text, Line remedy) {
    Finding f;
    f.id = o_.try_only ? "render.try" : "render.push";
    f.subject = h.name;
    f.item = std::move(item);
    f.level = level;
    f.title = std::move(title);
    f.text = std::move(text);
    f.remedy = std::move(remedy);
    r_.findings.push_back(std::move(f));
}

void PushHands::not_tried(const Host& h) {
    add(h, "", Level::unknown, Text{"Not tried", "未执行"}, Text{"an earlier host failed", "前面的主机失败"},
        Text{"Mend that one, then push again.", "请先处理那台主机，再推送。"});
}

Feed PushHands::feed(HostPush& push) {
    if (!push.reader.waiting || push.answered) return {};
    if (!push.verdict.valid()) push.verdict = beside([this, &push] { return gate_.after(*push.target->host); });
    if (push.verdict.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return {};
    push.judged = push.verdict.get();
    push.answered = true;
    return {Feed::data, push.judged->keep() ? "commit\n" : "rollback\n"};
}

void PushHands::heard(HostPush& push, Stream stream, std::string_view bytes) {
    if (stream == Stream::err) {
        if (push.noise.size() < 4096) push.noise += bytes;
        return;
    }
    push.reader.out(bytes);
    if (push.step == push.reader.step) return;
    push.step = push.reader.step;
    if (tools_.detail) tools_.detail(say("{}: {}", "{}：{}", push.target->host->name, push.step));
}

/// After the way back: it is "taken back" if every file is, if services run, and if what answered before does again.
Done PushHands::report_return(const Host& h, const PushReader& reader, std::string why) {
    auto bad = [&](const std::string& item, Line title, Line text, Line remedy) {
        why += "; " + one_line(text.en, 400);
        add(h, item, Level::fail, std::move(title), std::move(text), std::move(remedy));
    };
    auto journal =
        Text{"Put it back by hand, or push again once the cause is gone: the journal in "
             "/var/lib/imops/push is kept, and the next push begins with taking this one back.",
             "请手动恢复，或在排除原因后再次推送：/var/lib/imops/push 中的日志已保留，下次推送会先回滚这一次。"};
    for (auto& l : reader.left)
        bad(l.detail, Text{"Not taken back", "未能回滚"},
            l.step == "had" ? say("the former file lies in {}.imops-old~:\n{}", "原文件在 {}.imops-old~：\n{}",
                                  l.detail, trim(mask_.text(plain(l.said, 2000))))
                            : say("it was not there before, and cannot be removed:\n{}",
                                  "原先没有此文件，但无法删除：\n{}", trim(mask_.text(plain(l.said, 2000)))),
            journal);
    auto look = say("Log in to {} and look: `systemctl status`, and the log of the service.",
                    "请登录 {} 查看：`systemctl status` 及服务日志。", h.name);
    for (auto& b : reader.not_back)
        bad(b.component, Text{"Does not run as before", "服务未恢复"},
            say("{}: {} after the former files came back:\n{}", "{}：恢复原文件后 {} 失败：\n{}", b.component, b.step,
                trim(mask_.text(plain(b.said, 2000)))),
            look);
    auto again =
        reader.left.empty() && reader.not_back.empty() && reader.rolled_back ? gate_.after_return(h) : Verdict{};
    for (auto& f : again.reasons)
        bad(f.subject, Text{"Does not run as before", "服务未恢复"},
            say("after the former files came back: {}", "恢复原文件后：{}", f.text),
            f.remedy.empty() ? look : f.remedy);
    if (!reader.left.empty() || !reader.not_back.empty() || !again.keep()) return {Done::State::not_undone, why};
    auto changed = reader.replaced.empty()
                       ? Line{Text{"nothing had been changed", "尚未改动任何文件"}}
                       : say("{} file(s) are the former ones again", "{} 个文件已恢复原样", reader.replaced.size());
    add(h, "", Level::ok, Text{"Taken back", "已回滚"}, changed);
    return {Done::State::undone, why};
}

Done PushHands::report_failure(const HostPush& push, const Outcome& outcome) {
    auto& h = *push.target->host;
    auto& reader = push.reader;
    auto& f = *reader.failed;
    auto said = mask_.text(plain(f.said, 3000));
    auto what = where(f);
    add(h, f.component == "-" ? "" : f.component, Level::fail,
        o_.try_only ? Text{"Would not pass", "检查未通过"} : Text{"Not put in place", "未能推送"},
        said.empty() ? what : say("{}:\n{}", "{}：\n{}", what, trim(said)), remedy(f));
    return ended(reader, outcome) ? report_return(h, reader, what.en) : report_cut(push, outcome);
}

Done PushHands::report_refusal(const HostPush& push, const Outcome& outcome) {
    auto& h = *push.target->host;
    auto& reasons = push.judged->reasons;
    for (auto& f : reasons)
        add(h, f.subject, Level::fail, f.title, say("with the new files: {}", "使用新文件后：{}", f.text), f.remedy);
    if (!ended(push.reader, outcome)) return report_cut(push, outcome);
    return report_return(h, push.reader, "with the new files: " + one_line(reasons.front().text.en));
}

Done PushHands::report_cut(const HostPush& push, const Outcome& outcome) {
    auto& h = *push.target->host;
    Error e = outcome.result ? Error{Code::remote,
                                     say("the script did not come to its end: {}", "脚本未执行完毕：{}",
                                         one_line(mask_.text(plain(push.noise)))),
                                     {},
                                     {}}
                             : outcome.result.error();
    auto unsure =
        push.reader.replaced.empty()
            ? Line{}
            : Line{Text{"; files that were replaced are taken back there", "；已替换的文件会在该主机上自动回滚"}};
    if (!outcome.result && outcome.result.error().code == Code::interrupted) r_.interrupted = true;
    add(h, "", Level::unknown, Text{"Cut off", "中断"}, say("{}{}", "{}{}", e.what, unsure),
        e.remedy.empty() ? Line{say("Look with `imops render --check --host {}`, then push again.",
                                    "先用 `imops render --check --host {}` 查看，再推送。", h.name)}
                         : e.remedy);
    return {Done::State::failed, "cut off: " + e.what.en + unsure.en};
}

Done PushHands::report(HostPush& push, const Outcome& outcome) {
    auto& h = *push.target->host;
    auto& reader = push.reader;
    if (reader.recovered)
        r_.notes.push_back(say("{}: an earlier push had been cut off; it was taken back first",
                               "{}：此前有一次推送中断，已先回滚", h.name));
    if (reader.failed) return report_failure(push, outcome);
    if (push.judged && !push.judged->keep()) return report_refusal(push, outcome);
    if (!ended(reader, outcome)) return report_cut(push, outcome);
    if (o_.try_only) {
        add(h, "", Level::ok, Text{"Would pass", "检查通过"},
            say("{} component(s) accept their files", "{} 个组件接受了新文件", push.target->files->fragments.size()));
        return {};
    }
    for (auto& [component, path] : reader.replaced)
        add(h, path, Level::ok, Text{"Put in place", "已推送"}, say("by {}", "组件 {}", component));
    for (auto& c : reader.same) add(h, c, Level::ok, Text{"The same", "无变化"}, Text{"nothing to do", "无需操作"});
    for (auto& c : reader.applied)
        add(h, c, Level::ok, Text{"In use", "已生效"}, Text{"it answers with its files", "服务使用新文件正常应答"});
    bool same = reader.replaced.empty() && reader.applied.empty();
    return {same ? Done::State::same : Done::State::done, fmt::format("{} file(s)", reader.replaced.size())};
}

std::vector<Done> PushHands::act(Act act, std::span<const Step* const> steps) {
    std::vector<Done> all;
    if (act != Act::run) { // steps of a push have no check and no way back of their own
        all.resize(steps.size(), Done{Done::State::failed, {}});
        return all;
    }
    std::deque<HostPush> pushes;
    std::vector<Job> jobs;
    for (auto* s : steps) {
        auto& push = pushes.emplace_back(*std::ranges::find(targets_, s->host, &PushTarget::host));
        auto& files = *push.target->files;
        tools_.progress(say("{}: {} file(s)", "{}：{} 个文件", s->host->name, files.files.size()));
        Job job;
        job.host = s->host;
        job.script = render::push_script(files, push.mark, o_.try_only, o_.patience);
        job.script.limit = s->limit;
        job.in = [this, &push] { return feed(push); };
        job.out = [this, &push](Stream stream, std::string_view bytes) { heard(push, stream, bytes); };
        jobs.push_back(std::move(job));
    }
    auto outcomes = tools_.fleet()->run(jobs);
    for (std::size_t i = 0; i < pushes.size(); ++i) {
        if (pushes[i].verdict.valid()) pushes[i].verdict.wait();
        all.push_back(report(pushes[i], outcomes[i]));
    }
    return all;
}

} // namespace imops::change
