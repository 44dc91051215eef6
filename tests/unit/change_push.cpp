#include "change_sample.hpp"
#include "core/base/string.hpp"
#include "core/change/push.hpp"
#include "core/change/push_words.hpp"
#include "fake_fleet.hpp"
#include <algorithm>

using namespace imops;
using namespace imops::change;
using imops::test::FleetAtOnce;

namespace {

/// A host that tells these lines, waits for the answer, and then tells the rest.
struct TalkingFleet final : FleetAtOnce {
    std::string before, kept, refused; // lines without their mark
    std::string answer;
    static std::string mark_of(const std::string& script) {
        auto at = script.find("imops_mark='") + 12;
        return script.substr(at, script.find('\'', at) - at);
    }
    static void tell(const Job& job, const std::string& lines, const std::string& mark) {
        for (auto line : split(lines, '\n'))
            if (!line.empty()) job.out(Stream::out, fmt::format("\n{} {}\n", mark, line));
    }
    std::vector<Outcome> run(std::span<const Job> jobs, const std::function<void(const Outcome&)>&) override {
        std::vector<Outcome> all;
        for (auto& job : jobs) {
            auto mark = mark_of(job.script.text);
            tell(job, before, mark);
            if (before.find("waiting") != std::string::npos) {
                Feed f;
                while (f.kind == Feed::wait) f = job.in();
                answer = f.bytes;
                tell(job, answer == "commit\n" ? kept : refused, mark);
            }
            all.push_back({job.host, Exit{0}, {}, {}, {}});
        }
        return all;
    }
};

struct FakeGate final : Gate {
    std::vector<Finding> against, against_return;
    int returns = 0;
    static Finding finding(Text text) {
        Finding f;
        f.subject = "deep";
        f.level = Level::fail;
        f.text = text;
        return f;
    }
    void before() override {}
    Verdict after(const Host&) override { return {against}; }
    Verdict after_return(const Host&) override {
        ++returns;
        return {against_return};
    }
};

class APush : public testing::Test {
  protected:
    Host app = sample_host("app1");
    render::HostFiles files;
    std::vector<PushTarget> targets{{&app, &files, {}}};
    render::Mask mask{{"secret"}};
    TalkingFleet* talk = nullptr;
    std::string before = "replaced nginx /etc/a\napplied nginx\nwaiting", refused = "rollback\nback nginx\nend";
    FakeGate gate;
    Report report;
    Summary summary;

    void run() {
        auto plan = push_plan(targets, {}, mask);
        PushTools tools;
        tools.fleet = [&] {
            auto fleet = std::make_unique<TalkingFleet>();
            fleet->before = before;
            fleet->kept = "committed\nend";
            fleet->refused = refused;
            return fleet;
        };
        tools.progress = [](const Line&) {};
        PushHands hands{targets, {}, gate, report, mask, tools};
        Journal none{""};
        summary = Runner{plan, none, hands, {}}.run();
    }
    bool told(std::string_view title, std::string_view text) {
        return std::ranges::any_of(report.findings, [&](auto& f) {
            return f.title.en == title && f.text.en.find(text) != std::string::npos && !f.title.zh.empty();
        });
    }
};

TEST_F(APush, IsKeptWhenTheGateSaysSo) {
    run();
    EXPECT_TRUE(summary.good());
    EXPECT_TRUE(told("Put in place", "nginx"));
    EXPECT_TRUE(told("In use", ""));
    EXPECT_EQ(gate.returns, 0);
}

TEST_F(APush, IsTakenBackOnlyIfWhatWasWellIsWellAgain) {
    gate.against = {FakeGate::finding({"no database", "没有数据库"})};
    run();
    EXPECT_EQ(summary.steps[0].state, Summary::State::undone);
    EXPECT_TRUE(told("Taken back", "1 file(s)"));
    EXPECT_EQ(gate.returns, 1);
    report = {};
    gate.against_return = {FakeGate::finding({"still no database", "仍然没有数据库"})};
    run();
    EXPECT_EQ(summary.steps[0].state, Summary::State::not_undone);
    EXPECT_FALSE(told("Taken back", ""));
    EXPECT_TRUE(told("Does not run as before", "after the former files came back: still no database"));
}

TEST_F(APush, SaysWhereAFormerFileLiesThatDidNotComeBack) {
    before = "replaced nginx /etc/a\nfailed nginx apply 1\nrollback\nleft - had /etc/a\nsaid read-only secret\nend";
    run();
    EXPECT_EQ(summary.steps[0].state, Summary::State::not_undone);
    EXPECT_FALSE(told("Taken back", ""));
    EXPECT_TRUE(told("Not taken back", "the former file lies in /etc/a.imops-old~:\nread-only ‹secret›"));
}

TEST_F(APush, ClaimsNothingOfAWayBackWhoseEndItDidNotHear) {
    gate.against = {FakeGate::finding({"no database", "没有数据库"})};
    refused = "rollback";
    run();
    EXPECT_EQ(summary.steps[0].state, Summary::State::failed);
    EXPECT_FALSE(told("Taken back", ""));
    EXPECT_TRUE(told("Cut off", "are taken back there"));
    report = {};
    before = "replaced nginx /etc/a\nfailed nginx apply 1\nrollback";
    run();
    EXPECT_FALSE(told("Taken back", ""));
    EXPECT_TRUE(told("Cut off", ""));
}

TEST(PushWords, EachStepHasItsOwn) {
    auto said = [](std::string step, std::string detail) { return where({"nginx", step, detail, {}}).en; };
    EXPECT_EQ(said("missing", "nginx nginx-light"), "nginx: nginx is not installed there");
    EXPECT_EQ(said("busy", "77"), "another push is going on there (process 77)");
    EXPECT_EQ(said("swap", "/etc/{a}"), "nginx: /etc/{a} cannot be replaced");
    EXPECT_EQ(said("check", "1"), "nginx: its own checker refuses the new files");
    EXPECT_EQ(said("check", "124"), "nginx: check took too long and was ended");
    EXPECT_EQ(said("apply", "3"), "nginx: the step apply failed (status 3)");
    EXPECT_EQ(where({"nginx", "ready", "1", {}}).zh, "nginx：使用新文件后服务无应答");
    EXPECT_EQ(remedy({"nginx", "missing", "nginx nginx-light", {}}).en,
              "Debian, Ubuntu: `apt-get install -y nginx-light`, then push again.");
    EXPECT_EQ(remedy({"nginx", "missing", "nginx -", {}}).en, "Install it, then push again.");
    EXPECT_NE(remedy({"nginx", "recover", "", {}}).en.find("/var/lib/imops/push/journal"), std::string::npos);
}

} // namespace
