#pragma once
#include "core/change/gate.hpp"
#include "core/change/runner.hpp"
#include "core/render/live.hpp"
#include "core/render/mask.hpp"
#include "core/render/push.hpp"

namespace imops::change {

/// A host whose files are pushed: what belongs there, and what is there (in the order of files.files).
struct PushTarget {
    const Host* host = nullptr;
    const render::HostFiles* files = nullptr;
    std::span<const render::LiveFile> live;
};

struct PushOptions {
    bool try_only = false;             // files are laid beside their targets and checked; nothing is replaced
    std::chrono::seconds patience{60}; // that services may take to answer
};

/// One guarded step for each host, in the order of its first component: stage, check, swap, apply and ready are one
/// script, which takes itself back on the host when anything fails, when the gate is against it, and when the link
/// dies.
Plan push_plan(std::span<const PushTarget>, const PushOptions&, const render::Mask&);

/// What the hands of a push are told, and whom they tell.
struct PushTools {
    std::function<std::unique_ptr<Fleet>()> fleet; // a new one for each round
    std::function<void(const Line&)> progress;     // a host is begun
    std::function<void(const Line&)> detail;       // a step of it; may be empty
};

/// Does steps of `push_plan`, and writes into the report what came of each file and component.
class PushHands final : public Hands {
    std::vector<PushTarget> targets_;
    PushOptions o_;
    Gate& gate_;
    Report& r_;
    const render::Mask& mask_;
    PushTools tools_;
    struct HostPush;

    void add(const Host&, std::string item, Level, Line title, Line text, Line remedy = {});
    void heard(HostPush&, Stream, std::string_view);
    Feed feed(HostPush&);
    Done report(HostPush&, const Outcome&);
    Done report_failure(const HostPush&, const Outcome&);
    Done report_refusal(const HostPush&, const Outcome&);
    Done report_cut(const HostPush&, const Outcome&);
    Done report_return(const Host&, const render::PushReader&, std::string why);

  public:
    PushHands(std::vector<PushTarget> targets, PushOptions o, Gate& gate, Report& r, const render::Mask& mask,
              PushTools tools)
        : targets_{std::move(targets)}, o_{o}, gate_{gate}, r_{r}, mask_{mask}, tools_{std::move(tools)} {}
    std::vector<Done> act(Act, std::span<const Step* const>) override;
    /// For hosts whose step was not begun.
    void not_tried(const Host&);
};

} // namespace imops::change
