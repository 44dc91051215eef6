#include "change_sample.hpp"
#include <nlohmann/json.hpp>

using namespace imops;
using namespace imops::change;

namespace {

class ThePlan : public testing::Test {
  protected:
    Host db = sample_host("db1"), app = sample_host("app1");
    std::vector<Step> steps{sample_step("app1/start", &app, 50), sample_step("db1/start", &db, 10),
                            sample_step("app1/files", &app, 20), sample_step("db1/files", &db, 10)};
};

TEST_F(ThePlan, IsInWavesByOrder) {
    Plan plan{steps};
    std::string seen;
    for (auto wave : plan.waves()) {
        for (auto& s : wave) seen += s.id + " ";
        seen += "| ";
    }
    EXPECT_EQ(seen, "db1/start db1/files | app1/files | app1/start | ");
    EXPECT_TRUE(Plan{}.waves().empty());
}

TEST_F(ThePlan, RefusesAStepThatStandsTwiceOrHasNoWayBack) {
    auto twice = steps;
    twice.push_back(twice.front());
    EXPECT_THROW(Plan{twice}, Failure);
    steps[0].undo.clear();
    EXPECT_THROW(Plan{steps}, Failure);
    steps[0].no_return = Text{"rows are gone", "数据已删除"};
    EXPECT_EQ(Plan{steps}.lines(Lang::en).back(), "! app1 (192.0.2.1): do app1/start (rows are gone)");
    EXPECT_EQ(Plan{steps}.lines(Lang::zh).back(), "! app1 (192.0.2.1): 执行 app1/start (数据已删除)");
    steps[0].no_return = {};
    steps[0].effect = Effect::read; // what changes nothing needs no way back
    EXPECT_EQ(Plan{steps}.steps().size(), 4u);
}

TEST_F(ThePlan, DigestIsOfAllItWasMadeFrom) {
    auto digest = Plan{steps}.digest();
    EXPECT_EQ(digest.size(), 64u);
    EXPECT_EQ(Plan{steps}.digest(), digest);
    auto with = [&](auto change) {
        auto other = steps;
        change(other[1]);
        return Plan{other}.digest();
    };
    EXPECT_NE(with([](Step& s) { s.action += "\n:"; }), digest);
    EXPECT_NE(with([](Step& s) { s.undo += "\n:"; }), digest);
    EXPECT_NE(with([](Step& s) { s.check = "true"; }), digest);
    EXPECT_NE(with([](Step& s) { s.order = 11; }), digest);
    EXPECT_NE(with([&](Step& s) { s.host = &app; }), digest);
    // moved from one field to the next: not the same
    EXPECT_NE(with([](Step& s) { s.undo = s.action + s.undo, s.action.clear(); }), digest);
    auto made = with([](Step& s) { s.made_from = "files of today"; });
    EXPECT_NE(made, digest);
    EXPECT_EQ(with([](Step& s) { s.made_from = "files of today", s.action = "another nonce"; }), made);
}

TEST_F(ThePlan, IsTextAndJsonWithoutScripts) {
    steps[1].action = "echo very-secret";
    Plan plan{steps};
    auto json = plan.json();
    EXPECT_EQ(json["digest"], plan.digest());
    EXPECT_EQ(json["steps"].size(), 4u);
    EXPECT_EQ(json["steps"][0]["host"], "db1");
    EXPECT_EQ(json["steps"][0]["title"]["zh"], "执行 db1/start");
    EXPECT_EQ(json["steps"][0]["undo"], true);
    EXPECT_TRUE(json["steps"][0]["no_return"].is_null());
    EXPECT_EQ(json.dump().find("secret"), std::string::npos);
    for (auto& l : plan.lines(Lang::en)) EXPECT_EQ(l.find("secret"), std::string::npos);
}

TEST_F(ThePlan, ShowsHowItDiffersFromAnother) {
    auto later = steps;
    later[0].action = "touch /other";
    later.erase(later.begin() + 1);
    later.push_back(sample_step("db1/check", &db, 90));
    EXPECT_EQ(differences(Plan{steps}, Plan{later}, Lang::en),
              (std::vector<std::string>{"- db1 (192.0.2.1): do db1/start", "~ app1 (192.0.2.1): do app1/start",
                                        "+ db1 (192.0.2.1): do db1/check"}));
    EXPECT_TRUE(differences(Plan{steps}, Plan{steps}, Lang::en).empty());
}

} // namespace
