#pragma once
#include "core/net/fleet.hpp"

namespace imops::test {

/// The base of fakes that answer at once: they give run(), and what is started is over when it is asked for.
struct FleetAtOnce : Fleet {
    bool turn(std::chrono::steady_clock::time_point) override { return false; }
    Running begin(std::shared_ptr<const Job> job, Done done) override {
        auto state = std::make_shared<Running::State>();
        state->outcome = run({job.get(), 1}, done).at(0);
        return Running{state};
    }
    void abandon() override {}
};

} // namespace imops::test
