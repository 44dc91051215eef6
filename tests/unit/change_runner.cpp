#include "change_sample.hpp"
#include "fake_fleet.hpp"
#include <csignal>
#include <fstream>
#include <set>
#include <sys/wait.h>

using namespace imops;
using namespace imops::change;
using imops::test::FleetAtOnce;

namespace {

/// Counts down at each boundary; at zero the process is killed. Below zero from the start: never.
struct Fuse {
    int left = -1;
    void tick() {
        if (left >= 0 && left-- == 0) ::raise(SIGKILL);
    }
};

class DeadlyJournal final : public Journal {
    Fuse& fuse_;

  public:
    DeadlyJournal(std::string path, Fuse& fuse) : Journal{std::move(path)}, fuse_{fuse} {}
    void add(Entry e) override {
        fuse_.tick();
        Journal::add(std::move(e));
        fuse_.tick();
    }
};

/// A step makes two files in a folder, one after the other; its way back removes both.
class FileHands final : public Hands {
    std::string folder_;
    Fuse& fuse_;
    std::string name(const Step& s, int half) const {
        auto id = s.id;
        std::ranges::replace(id, '/', '_');
        return fmt::format("{}/{}.{}", folder_, id, half);
    }

  public:
    std::set<std::string> failing, stuck; // ids
    std::string log;
    std::size_t most = 0; // steps at one time

    FileHands(std::string folder, Fuse& fuse) : folder_{std::move(folder)}, fuse_{fuse} {}
    std::vector<Done> act(Act act, std::span<const Step* const> steps) override {
        most = std::max(most, steps.size());
        std::vector<Done> all;
        for (auto* s : steps) all.push_back(one(act, *s));
        return all;
    }
    Done one(Act act, const Step& s) {
        log += (act == Act::look ? "?" : act == Act::run ? "+" : "-") + s.id + " ";
        if (act == Act::look)
            return {std::filesystem::exists(name(s, 2)) ? Done::State::done : Done::State::failed, {}};
        if (act == Act::back) {
            if (stuck.contains(s.id)) return {Done::State::failed, "it does not let go"};
            std::filesystem::remove(name(s, 2));
            fuse_.tick();
            std::filesystem::remove(name(s, 1));
            return {};
        }
        std::ofstream{name(s, 1)};
        fuse_.tick();
        if (failing.contains(s.id)) return {Done::State::failed, "no room"};
        std::ofstream{name(s, 2)};
        return {};
    }
};

class TheRunner : public testing::Test {
  protected:
    Host db = sample_host("db1"), app1 = sample_host("app1"), app2 = sample_host("app2");
    Folder folder;
    Fuse fuse;
    std::vector<Step> steps{sample_step("db1/files", &db, 10), sample_step("app1/files", &app1, 20),
                            sample_step("app2/files", &app2, 20), sample_step("app1/start", &app1, 20),
                            sample_step("db1/end", &db, 90)};
    RunnerOptions options;
    std::string journal = folder.path + "/journal.jsonl";

    std::string world() const {
        std::set<std::string> names;
        for (auto& f : std::filesystem::directory_iterator{folder.path + "/world"})
            names.insert(f.path().filename().string());
        return fmt::format("{}", fmt::join(names, " "));
    }
    void fresh() {
        std::filesystem::remove_all(folder.path + "/world");
        std::filesystem::remove(journal);
        std::filesystem::create_directory(folder.path + "/world");
    }
    void SetUp() override { fresh(); }
    FileHands hands() { return {folder.path + "/world", fuse}; }
    std::string states(const Summary& s) {
        std::string all;
        for (auto& of : s.steps) all += "udsfbn"[int(of.state)]; // b: undone
        return all;
    }
    void kill_everywhere(const std::set<std::string>& failing);
};

TEST_F(TheRunner, GoesInWavesAndHostsTogether) {
    Plan plan{steps};
    auto h = hands();
    Journal j{journal};
    EXPECT_TRUE(Runner(plan, j, h, options).run().good());
    EXPECT_EQ(h.log, "+db1/files +app1/files +app2/files +app1/start +db1/end ");
    EXPECT_EQ(h.most, 1u);
    fresh();
    options.together = 8;
    auto two = hands();
    Journal k{journal};
    EXPECT_TRUE(Runner(plan, k, two, options).run().good());
    EXPECT_EQ(two.most, 2u); // app1/start waits for app1/files
    EXPECT_EQ(progress(*read_journal(journal))->over, true);
}

TEST_F(TheRunner, StopsAtAFailureAndGoesOnWhenItIsMended) {
    Plan plan{steps};
    auto h = hands();
    h.failing = {"app2/files"};
    Journal j{journal};
    auto summary = Runner{plan, j, h, options}.run();
    EXPECT_FALSE(summary.good());
    EXPECT_EQ(states(summary), "ddfuu");
    EXPECT_EQ(summary.steps[2].note, "no room");
    h.failing.clear();
    h.log.clear();
    EXPECT_TRUE(Runner(plan, j, h, options).resume(*progress(*read_journal(journal))).good());
    EXPECT_EQ(h.log, "+app2/files +app1/start +db1/end ");
    options.on_failure = RunnerOptions::OnFailure::go_on;
    fresh();
    h.failing = {"app2/files"};
    Journal k{journal};
    EXPECT_EQ(states(Runner{plan, k, h, options}.run()), "ddfdd");
}

TEST_F(TheRunner, TakesBackTheLastFirstTheHalfToo) {
    Plan plan{steps};
    auto h = hands();
    h.failing = {"app1/start"};
    options.on_failure = RunnerOptions::OnFailure::undo;
    Journal j{journal};
    auto summary = Runner{plan, j, h, options}.run();
    EXPECT_EQ(states(summary), "bbbbu");
    EXPECT_TRUE(summary.left().empty());
    EXPECT_EQ(h.log, "+db1/files +app1/files +app2/files +app1/start -app1/start -app2/files -app1/files -db1/files ");
    EXPECT_EQ(world(), "");
    EXPECT_EQ(read_journal(journal)->back().note, "undone");
}

TEST_F(TheRunner, OnRequestTakesBackWhatHadSucceeded) {
    Plan plan{steps};
    auto h = hands();
    Journal j{journal};
    EXPECT_TRUE(Runner(plan, j, h, options).run().good());
    EXPECT_EQ(states(Runner{plan, j, h, options}.take_back(*progress(*read_journal(journal)))), "bbbbb");
    EXPECT_EQ(world(), "");
}

TEST_F(TheRunner, SaysExactlyWhatIsLeft) {
    steps[0].undo.clear();
    steps[0].no_return = Text{"rows are gone", "数据已删除"};
    Plan plan{steps};
    auto h = hands();
    h.failing = {"db1/end"};
    h.stuck = {"app2/files"};
    options.on_failure = RunnerOptions::OnFailure::undo;
    Journal j{journal};
    auto summary = Runner{plan, j, h, options}.run();
    EXPECT_EQ(states(summary), "ddnbb");
    std::string left;
    for (auto& of : summary.left()) left += of.step->id + ": " + of.note + "; ";
    EXPECT_EQ(left, "db1/files: ; app1/files: ; app2/files: it does not let go; ");
    // mended, the way back goes on where it ended, and says where there is none
    h.stuck.clear();
    h.log.clear();
    summary = Runner{plan, j, h, options}.resume(*progress(*read_journal(journal)));
    EXPECT_EQ(h.log, "-app2/files -app1/files ");
    ASSERT_EQ(summary.left().size(), 1u);
    EXPECT_EQ(summary.left()[0].note, "rows are gone");
    EXPECT_EQ(read_journal(journal)->back().note, "failed");
}

TEST_F(TheRunner, RefusesAPlanOfSomethingElse) {
    auto h = hands();
    Journal j{journal};
    Plan plan{steps};
    Runner{plan, j, h, options}.run();
    auto p = *progress(*read_journal(journal));
    steps[1].action = "touch /elsewhere";
    Plan other{steps};
    h.log.clear();
    Runner runner{other, j, h, options};
    EXPECT_THROW(runner.resume(p), Failure);
    EXPECT_EQ(h.log, "");
}

TEST_F(TheRunner, BeginsNothingAfterCtrlC) {
    volatile int stop = 1;
    options.stop = &stop;
    Plan plan{steps};
    auto h = hands();
    Journal j{journal};
    auto summary = Runner{plan, j, h, options}.run();
    EXPECT_TRUE(summary.interrupted);
    EXPECT_EQ(h.log, "");
    EXPECT_FALSE(progress(*read_journal(journal))->over);
}

TEST_F(TheRunner, BeginsNothingThatTheJournalDoesNotHold) {
    struct Full final : Journal {
        int lines = 4;
        Full() : Journal{""} {}
        void add(Entry) override {
            if (lines-- == 0) throw Failure{Error{Code::io, Text{"disk full", "磁盘已满"}, {}, {}}};
        }
    } full;
    Plan plan{steps};
    auto h = hands();
    auto summary = Runner{plan, full, h, options}.run();
    EXPECT_EQ(h.log, "+db1/files +app1/files ");
    EXPECT_EQ(states(summary), "dduuu"); // known, though it could not be written
    ASSERT_TRUE(summary.error);
    EXPECT_EQ(summary.error->what.en, "disk full");
}

/// A process is killed at each boundary in turn; another goes on, and the end is that of a run that nobody disturbed.
void TheRunner::kill_everywhere(const std::set<std::string>& failing) {
    steps[1].check = "test -e done"; // the others cannot be looked at, and are done again
    Plan plan{steps};
    options.on_failure = RunnerOptions::OnFailure::undo;
    auto one = [&] {
        auto h = hands();
        h.failing = failing;
        DeadlyJournal j{journal, fuse};
        auto p = progress(*read_journal(journal));
        auto s = p ? Runner{plan, j, h, options}.resume(*p) : Runner{plan, j, h, options}.run();
        return states(s);
    };
    auto states_wanted = one();
    auto wanted = world();
    int kills = 0;
    for (int at = 0;; ++at) {
        fresh();
        auto child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            fuse.left = at;
            one();
            ::_exit(0);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) break; // no boundary is left
        ASSERT_EQ(WTERMSIG(status), SIGKILL);
        ++kills;
        fuse.left = -1;
        EXPECT_EQ(one(), states_wanted) << at;
        EXPECT_EQ(world(), wanted) << at;
    }
    EXPECT_GT(kills, 20);
}

TEST_F(TheRunner, KilledAtAnyBoundaryGoesOn) { kill_everywhere({}); }
TEST_F(TheRunner, KilledAtAnyBoundaryOfTheWayBackGoesBack) { kill_everywhere({"db1/end"}); }

struct FakeFleet final : FleetAtOnce {
    std::vector<std::string> scripts;
    std::vector<Outcome> run(std::span<const Job> jobs, const std::function<void(const Outcome&)>&) override {
        std::vector<Outcome> all;
        for (auto& job : jobs) {
            scripts.push_back(job.script.text);
            if (job.out) job.out(Stream::err, "said secret\n");
            all.push_back({job.host, Exit{job.script.text.find("false") == std::string::npos ? 0 : 3}, {}, {}, {}});
        }
        return all;
    }
};

TEST_F(TheRunner, ADryRunRecordsWhatWritesAndRunsWhatReads) {
    steps.resize(2);
    steps[0].effect = Effect::read;
    steps[0].action = "cat /proc/uptime";
    Plan plan{steps};
    FakeFleet real;
    std::vector<Recorded> record;
    auto fleet = make_recording_fleet(real, record);
    FleetHands h{*fleet, {}};
    Journal none{""};
    EXPECT_TRUE(Runner(plan, none, h, options).run().good());
    ASSERT_EQ(real.scripts.size(), 1u);
    EXPECT_NE(real.scripts[0].find("cat /proc/uptime"), std::string::npos);
    ASSERT_EQ(record.size(), 1u);
    EXPECT_EQ(record[0].host, &app1);
    EXPECT_NE(record[0].script.find("touch /app1/files"), std::string::npos);
}

TEST_F(TheRunner, WhatAHostSaysIsKeptWithoutSecrets) {
    steps.resize(2);
    steps[1].action = "false";
    Plan plan{steps};
    FakeFleet real;
    FleetHands h{real, [](std::string_view said) { return std::string{said.substr(0, 5)} + "***"; }};
    Journal j{journal};
    auto summary = Runner{plan, j, h, options}.run();
    EXPECT_EQ(states(summary), "df");
    EXPECT_EQ(summary.steps[1].note, "said ***");
}

} // namespace
