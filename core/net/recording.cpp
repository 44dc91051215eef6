#include "core/net/fleet.hpp"
#include <utility>

namespace imops {

namespace {

class RecordingFleet final : public Fleet {
    struct Told {
        std::shared_ptr<Running::State> state;
        Outcome outcome;
        Done done;
    };
    Fleet& inner_;
    std::vector<Recorded>& record_;
    std::vector<Told> told_; // what was recorded, and is answered in the next turn

  public:
    RecordingFleet(Fleet& inner, std::vector<Recorded>& record) : inner_{inner}, record_{record} {}

    Running begin(std::shared_ptr<const Job> job, Done done) override {
        if (job->script.effect == Effect::read) return inner_.begin(std::move(job), std::move(done));
        record_.push_back({job->host, job->script.text});
        auto state = std::make_shared<Running::State>();
        told_.push_back({state,
                         {job->host, Exit{0}, {}, job->host->transport, Text{"recorded, not run", "仅记录，未执行"}},
                         std::move(done)});
        return Running{state};
    }

    bool turn(std::chrono::steady_clock::time_point latest) override {
        for (auto& told : std::exchange(told_, {})) {
            told.state->outcome = std::move(told.outcome);
            if (told.done) told.done(*told.state->outcome);
        }
        return inner_.turn(latest) || !told_.empty();
    }

    void abandon() override {
        told_.clear();
        inner_.abandon();
    }
};

} // namespace

std::unique_ptr<Fleet> make_recording_fleet(Fleet& inner, std::vector<Recorded>& record) {
    return std::make_unique<RecordingFleet>(inner, record);
}

} // namespace imops
