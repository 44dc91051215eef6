#include "cli/gate.hpp"
#include "cli/collect.hpp"
#include "core/loop/wait.hpp"

namespace imops {

using Clock = std::chrono::steady_clock;

/// Whether a log-in is still possible: a firewall that shuts us out would only be noticed with the next one.
std::optional<Finding> EndpointGate::log_in(const Host& h) const {
    if (h.transport == Transport::local) return {};
    auto fleet = fleet_of(d_, 1);
    Job job;
    job.host = &h;
    job.script = Script{"exit 0\n", Effect::read, std::chrono::seconds{20}, false};
    auto outcome = fleet->run(std::span{&job, 1});
    if (outcome.front().result) return {};
    auto& e = outcome.front().result.error();
    Finding f;
    f.subject = h.name;
    f.level = Level::fail;
    f.title = Text{"A new log-in", "重新登录"};
    f.text = e.what;
    f.remedy = e.remedy;
    return f;
}

/// Asks until all that must answer does, or the patience is over.
change::Verdict EndpointGate::ask(const Host& h, const std::set<std::string>& must) const {
    change::Verdict v;
    if (auto f = log_in(h)) {
        v.reasons.push_back(std::move(*f));
        return v;
    }
    for (auto until = Clock::now() + patience_;;) {
        v.reasons = endpoints_.ask(must, std::chrono::seconds{8});
        std::erase_if(v.reasons, [](auto& f) { return f.level < Level::unknown; });
        if (v.keep() || Clock::now() > until || *stop_flag()) return v;
        pause_until(Clock::now() + std::chrono::milliseconds{500}, stop_flag());
    }
}

change::Verdict EndpointGate::after(const Host& h) {
    auto must = well_;
    must.merge(endpoints_.deep(h));
    return ask(h, must);
}

change::Verdict EndpointGate::after_return(const Host& h) { return ask(h, well_); }

} // namespace imops
