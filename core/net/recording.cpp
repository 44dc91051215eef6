#include "core/net/fleet.hpp"

namespace imops {

namespace {

class RecordingFleet final : public Fleet {
    Fleet& inner_;
    std::vector<Recorded>& record_;

  public:
    RecordingFleet(Fleet& inner, std::vector<Recorded>& record) : inner_{inner}, record_{record} {}

    std::vector<Outcome> run(std::span<const Job> jobs, const std::function<void(const Outcome&)>& done) override {
        std::vector<Job> reads;
        for (auto& job : jobs)
            if (job.script.effect == Effect::read) reads.push_back(job);
        auto answers = reads.empty() ? std::vector<Outcome>{} : inner_.run(reads, done);
        auto answer = answers.begin();
        std::vector<Outcome> all;
        for (auto& job : jobs) {
            if (job.script.effect == Effect::read) {
                all.push_back(std::move(*answer++));
                continue;
            }
            record_.push_back({job.host, job.script.text});
            all.push_back({job.host, Exit{0}, {}, job.host->transport, Text{"recorded, not run", "仅记录，未执行"}});
            if (done) done(all.back());
        }
        return all;
    }
};

} // namespace

std::unique_ptr<Fleet> make_recording_fleet(Fleet& inner, std::vector<Recorded>& record) {
    return std::make_unique<RecordingFleet>(inner, record);
}

} // namespace imops
