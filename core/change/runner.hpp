#pragma once
#include "core/base/log.hpp"
#include "core/change/journal.hpp"
#include "core/change/plan.hpp"
#include <functional>

namespace imops::change {

/// How one act on one step ended.
struct Done {
    enum class State {
        done,
        same,      // there was nothing to do
        failed,    // not done, or half
        undone,    // not done, and the step has taken itself back
        not_undone // not done, and it could not take itself back: `note` says what is left
    } state = State::done;
    std::string note; // without secrets
};

/// What does the work: a runner decides which step is next, and hands do it.
struct Hands {
    enum class Act { look, run, back }; // a step's check, action, undo
    virtual ~Hands() = default;
    /// The same act for steps of hosts that are all different; an answer for each, in their order. Throws nothing for
    /// one host.
    virtual std::vector<Done> act(Act, std::span<const Step* const>) = 0;
};

/// Scripts of steps over a fleet. With a recording fleet nothing that writes is run: a dry run by construction.
class FleetHands final : public Hands {
    Fleet& fleet_;
    std::function<std::string(std::string_view)> mask_;

  public:
    /// `mask` takes secrets out of what hosts print.
    FleetHands(Fleet& fleet, std::function<std::string(std::string_view)> mask)
        : fleet_{fleet}, mask_{std::move(mask)} {}
    std::vector<Done> act(Act, std::span<const Step* const>) override;
};

struct RunnerOptions {
    enum class OnFailure { stop, undo, go_on };
    int together = 1; // hosts of one wave at one time
    OnFailure on_failure = OnFailure::stop;
    const volatile int* stop = nullptr; // not zero: nothing more is begun
    std::string command;                // for the journal: "render --push"
};

/// How a run ended, step by step.
struct Summary {
    enum class State { untouched, done, same, failed, undone, not_undone };
    struct Of {
        const Step* step;
        State state = State::untouched;
        std::string note;
    };
    std::string run;
    std::vector<Of> steps; // in the order of the plan
    bool interrupted = false;
    std::optional<Error> error; // the journal could not be written, so nothing more was begun
    bool good() const;          // all done
    /// What a run that was taken back has left: steps that could not be, with the reason, and those before them that
    /// were therefore not touched.
    std::vector<Of> left() const;
};

/// Goes through a plan: waves by order, hosts of a wave one at a time or more. What is done is written into the journal
/// before and after, so that another process can go on where this one was killed.
class Runner {
    const Plan& plan_;
    Journal& journal_;
    Hands& hands_;
    RunnerOptions o_;
    Summary summary_;
    std::vector<bool> begun_; // by an earlier process, which told no end of it
    bool back_ = false;
    LogTimer timer_; // of the steps that are under way

    Summary::Of& of(const Step&);
    void start(std::string run, const std::string& digest);
    void recall(const Progress&);
    void add(Event, const Step*, std::string note = {});
    bool may_begin() const;
    void settle(const Step&, Done);
    void look(std::vector<const Step*>&);
    void act(std::vector<const Step*>);
    void forward();
    void back();
    Summary finish();

  public:
    Runner(const Plan&, Journal&, Hands&, RunnerOptions);
    /// Throws Failure if the journal cannot be written; nothing was done then.
    Summary run();
    /// Goes on with a run that was cut off or has failed, in the direction it had. A step of which no end is known is
    /// looked at, and done again unless its check says that it has been. Throws Failure (Code::config) if the plan was
    /// made from something else.
    Summary resume(const Progress&);
    /// Takes all back that a run had done, the last first, half-done steps included. It ends at the first that cannot
    /// be taken back: those before it may depend on it.
    Summary take_back(const Progress&);
};

} // namespace imops::change
