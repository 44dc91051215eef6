#include "core/change/runner.hpp"
#include "core/base/log.hpp"
#include "core/base/string.hpp"
#include "core/facts/script.hpp"
#include <algorithm>
#include <set>

namespace imops::change {

using State = Summary::State;

bool Summary::good() const {
    return !error && !interrupted &&
           std::ranges::all_of(steps, [](auto& s) { return s.state == State::done || s.state == State::same; });
}

std::vector<Summary::Of> Summary::left() const {
    std::vector<Of> all;
    bool stuck = std::ranges::any_of(steps, [](auto& s) { return s.state == State::not_undone; });
    for (auto& s : steps)
        if (stuck && s.step->effect == Effect::write && s.state != State::untouched && s.state != State::undone &&
            s.state != State::same)
            all.push_back(s);
    return all;
}

Runner::Runner(const Plan& plan, Journal& journal, Hands& hands, RunnerOptions o)
    : plan_{plan}, journal_{journal}, hands_{hands}, o_{std::move(o)}, begun_(plan.steps().size()) {
    for (auto& s : plan.steps()) summary_.steps.push_back({&s, State::untouched, {}});
}

Summary::Of& Runner::of(const Step& s) { return summary_.steps[std::size_t(&s - plan_.steps().data())]; }

void Runner::start(std::string run, const std::string& digest) {
    summary_.run = std::move(run);
    Entry e;
    e.event = Event::run;
    e.run = summary_.run;
    std::tie(e.who, e.where) = who_and_where();
    e.command = o_.command;
    e.digest = digest;
    journal_.add(std::move(e));
}

void Runner::recall(const Progress& p) {
    auto digest = plan_.digest();
    if (p.digest != digest)
        throw Failure{Error{Code::config,
                            Text{"the plan was made from something else than the run that is to go on",
                                 "当前计划与要继续的那次运行所依据的内容不同"},
                            Text{"Bring back what it was made from, or begin anew with the plan of today.",
                                 "请恢复当时所依据的内容，或按现在的计划重新开始。"},
                            {}}};
    for (std::size_t i = 0; i < summary_.steps.size(); ++i) {
        auto& s = summary_.steps[i];
        auto at = p.steps.find(s.step->id);
        if (at == p.steps.end()) continue;
        switch (at->second) {
        case Progress::Step::begun: begun_[i] = true; [[fallthrough]];
        case Progress::Step::undoing:
        case Progress::Step::failed: s.state = State::failed; break;
        case Progress::Step::done: s.state = State::done; break;
        case Progress::Step::same: s.state = State::same; break;
        case Progress::Step::undone: s.state = State::undone; break;
        case Progress::Step::not_undone: s.state = State::not_undone; break;
        }
    }
    start(p.run, digest);
}

/// An end that cannot be written is no reason to lose what is known: it is in the summary, and nothing more is begun.
void Runner::add(Event event, const Step* step, std::string note) {
    Entry e;
    e.event = event;
    e.run = summary_.run;
    if (step) {
        e.step = step->id;
        e.subject = step->subject();
    }
    e.note = std::move(note);
    log(event == Event::failed || event == Event::not_undone ? LogLevel::warning : LogLevel::info, "step",
        {{"run", e.run},
         {"what", name(event)},
         {"step", e.step},
         {"subject", e.subject},
         {"note", e.note},
         timer_.ms()});
    try {
        journal_.add(std::move(e));
    } catch (const Failure& f) {
        if (!summary_.error && !f.errors.empty()) summary_.error = f.errors.front();
    }
}

bool Runner::may_begin() const { return !summary_.error && !summary_.interrupted; }

void Runner::settle(const Step& step, Done done) {
    auto& s = of(step);
    s.note = done.note;
    switch (done.state) {
    case Done::State::done: s.state = State::done; return add(Event::done, &step, done.note);
    case Done::State::same: s.state = State::same; return add(Event::same, &step, done.note);
    case Done::State::failed: s.state = State::failed; return add(Event::failed, &step, done.note);
    case Done::State::undone:
        s.state = State::undone;
        add(Event::failed, &step, done.note);
        return add(Event::undone, &step);
    case Done::State::not_undone:
        s.state = State::not_undone;
        add(Event::failed, &step);
        return add(Event::not_undone, &step, done.note);
    }
}

/// Steps that an earlier process had begun: those that have been done are taken out.
void Runner::look(std::vector<const Step*>& steps) {
    std::vector<const Step*> asked;
    for (auto* s : steps)
        if (begun_[std::size_t(s - plan_.steps().data())] && !s->check.empty()) asked.push_back(s);
    if (asked.empty()) return;
    auto answers = hands_.act(Hands::Act::look, asked);
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (answers[i].state == Done::State::done) {
            settle(*asked[i], answers[i]);
            std::erase(steps, asked[i]);
        }
}

void Runner::act(std::vector<const Step*> steps) {
    look(steps);
    timer_ = {};
    for (auto* s : steps) add(Event::begin, s);
    if (steps.empty() || !may_begin()) return;
    auto answers = hands_.act(Hands::Act::run, steps);
    for (std::size_t i = 0; i < steps.size(); ++i) settle(*steps[i], std::move(answers[i]));
}

void Runner::forward() {
    bool failed = false;
    auto go_on = [&] {
        if (o_.stop && *o_.stop) summary_.interrupted = true;
        return may_begin() && (!failed || o_.on_failure == RunnerOptions::OnFailure::go_on);
    };
    for (auto wave : plan_.waves())
        for (std::size_t i = 0; i < wave.size() && go_on();) {
            std::vector<const Step*> together;
            std::set<const Host*> hosts;
            // steps of one host come one after the other
            for (; i < wave.size() && int(together.size()) < std::max(o_.together, 1); ++i) {
                auto state = of(wave[i]).state;
                if (state == State::done || state == State::same) continue;
                if (!hosts.insert(wave[i].host).second) break;
                together.push_back(&wave[i]);
            }
            act(together);
            for (auto* s : together) {
                auto state = of(*s).state;
                failed = failed || (state != State::done && state != State::same);
            }
        }
    back_ = failed && may_begin() && o_.on_failure == RunnerOptions::OnFailure::undo;
    if (back_) add(Event::back, nullptr);
}

void Runner::back() {
    for (auto s = summary_.steps.rbegin(); s != summary_.steps.rend() && may_begin(); ++s) {
        auto& step = *s->step;
        bool was = s->state == State::done || s->state == State::failed || s->state == State::not_undone;
        if (!was || step.effect == Effect::read) continue;
        if (step.undo.empty()) {
            s->state = State::not_undone;
            s->note = step.no_return.en;
            return add(Event::not_undone, &step, s->note);
        }
        add(Event::undo, &step);
        if (!may_begin()) return;
        const Step* one = &step;
        auto answer = hands_.act(Hands::Act::back, std::span{&one, 1}).front();
        bool good = answer.state == Done::State::done || answer.state == Done::State::same;
        s->state = good ? State::undone : State::not_undone;
        s->note = answer.note;
        add(good ? Event::undone : Event::not_undone, &step, answer.note);
        if (!good) return;
    }
}

Summary Runner::finish() {
    if (back_) back();
    bool clean = std::ranges::none_of(summary_.steps, [](auto& s) {
        return s.step->effect == Effect::write && s.state != State::undone && s.state != State::untouched &&
               s.state != State::same;
    });
    if (!summary_.interrupted)
        add(Event::over, nullptr, summary_.good() ? "done" : back_ && clean ? "undone" : "failed");
    return summary_;
}

Summary Runner::run() {
    start(random_nonce(), plan_.digest());
    forward();
    return finish();
}

Summary Runner::resume(const Progress& p) {
    recall(p);
    back_ = p.back;
    if (!back_) forward();
    return finish();
}

Summary Runner::take_back(const Progress& p) {
    recall(p);
    back_ = true;
    if (!p.back) add(Event::back, nullptr);
    return finish();
}

std::vector<Done> FleetHands::act(Act act, std::span<const Step* const> steps) {
    std::vector<Job> jobs;
    std::vector<std::size_t> at; // of each job
    std::vector<std::string> said(steps.size());
    std::vector<Done> all(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        auto& s = *steps[i];
        auto& script = act == Act::look ? s.check : act == Act::run ? s.action : s.undo;
        if (!s.host || script.empty()) continue;
        Job job;
        job.host = s.host;
        job.script.text = "export LC_ALL=C\n" + script + "\n";
        job.script.effect = act == Act::look ? Effect::read : s.effect;
        job.script.limit = s.limit;
        job.out = [&said, i](Stream, std::string_view bytes) {
            if (said[i].size() < 4096) said[i] += bytes.substr(0, 4096);
        };
        jobs.push_back(std::move(job));
        at.push_back(i);
    }
    auto outcomes = fleet_.run(jobs);
    for (std::size_t j = 0; j < outcomes.size(); ++j) {
        auto& r = outcomes[j].result;
        auto& done = all[at[j]];
        done.note = one_line(mask_ ? mask_(said[at[j]]) : said[at[j]]);
        if (r && r->status == 0) continue;
        done.state = Done::State::failed;
        if (!r)
            done.note = r.error().what.en;
        else if (done.note.empty())
            done.note = fmt::format("status {}", r->status);
    }
    return all;
}

} // namespace imops::change
