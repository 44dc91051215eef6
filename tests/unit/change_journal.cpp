#include "change_sample.hpp"
#include "core/base/file.hpp"
#include <fstream>
#include <sys/stat.h>

using namespace imops;
using namespace imops::change;

namespace {

Entry entry(Event event, std::string step = {}, std::string note = {}) {
    Entry e;
    e.event = event;
    e.run = "r1";
    e.step = std::move(step);
    e.note = std::move(note);
    if (event == Event::run) e.digest = "d";
    return e;
}

class TheJournal : public testing::Test {
  protected:
    Folder folder;
    std::string path = folder.path + "/state/imops/im.jsonl";

    std::vector<Entry> entries() { return *read_journal(path); }
};

TEST_F(TheJournal, IsReadAsItWasWritten) {
    {
        Journal j{path};
        auto e = entry(Event::run);
        e.who = "ops";
        e.where = "laptop";
        e.command = "render --push";
        e.time = 1.5;
        j.add(e);
        j.add(entry(Event::begin, "db1/files"));
    }
    Journal{path}.add(entry(Event::failed, "db1/files", "two\nlines \x1b[31m"));
    auto all = entries();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].who + " " + all[0].where + " " + all[0].command + " " + all[0].digest,
              "ops laptop render --push d");
    EXPECT_EQ(all[0].time, 1.5);
    EXPECT_GT(all[1].time, 1.7e9);
    EXPECT_EQ(all[2].step, "db1/files");
    EXPECT_EQ(all[2].note.find('\n'), std::string::npos);
    EXPECT_EQ(all[2].note.find('\x1b'), std::string::npos);
    struct stat st {};
    ASSERT_EQ(::stat(path.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0600u);
}

TEST_F(TheJournal, CutAnywhereItIsReadUpToThere) {
    {
        Journal j{path};
        j.add(entry(Event::run));
        j.add(entry(Event::begin, "a"));
        j.add(entry(Event::done, "a"));
    }
    auto whole = *read_file(path);
    std::size_t checked = 0;
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        std::ofstream{path, std::ios::trunc | std::ios::binary} << whole.substr(0, cut);
        std::size_t lines = 0;
        for (std::size_t i = 0; i < cut; ++i) lines += whole[i] == '\n';
        auto found = entries().size(); // a line that lacks only its end is whole
        EXPECT_TRUE(found == lines || (found == lines + 1 && whole[cut] == '\n')) << cut;
        Journal{path}.add(entry(Event::over));
        EXPECT_EQ(entries().size(), found + 1) << cut; // what comes later does not grow onto the half line
        EXPECT_EQ(entries().back().event, Event::over) << cut;
        ++checked;
    }
    EXPECT_GT(checked, 100u);
}

TEST_F(TheJournal, TellsHowFarARunHadCome) {
    using S = Progress::Step;
    std::vector<Entry> all;
    EXPECT_FALSE(progress(all));
    for (auto e : {entry(Event::run), entry(Event::begin, "a"), entry(Event::done, "a"), entry(Event::begin, "b"),
                   entry(Event::failed, "b"), entry(Event::begin, "c")})
        all.push_back(e);
    auto p = progress(all);
    ASSERT_TRUE(p);
    EXPECT_EQ(p->digest, "d");
    EXPECT_EQ(p->steps, (std::map<std::string, S>{{"a", S::done}, {"b", S::failed}, {"c", S::begun}}));
    EXPECT_FALSE(p->back || p->over);
    for (auto e : {entry(Event::back), entry(Event::undo, "c"), entry(Event::undone, "c"), entry(Event::undo, "b"),
                   entry(Event::not_undone, "b"), entry(Event::over)})
        all.push_back(e);
    auto other = entry(Event::run);
    other.run = "r2";
    all.push_back(other);
    EXPECT_EQ(progress(all)->run, "r2");
    p = progress(all, "r1");
    EXPECT_EQ(p->steps, (std::map<std::string, S>{{"a", S::done}, {"b", S::not_undone}, {"c", S::undone}}));
    EXPECT_TRUE(p->back && p->over);
    all.push_back(entry(Event::run)); // resumed: what was known stays
    EXPECT_EQ(progress(all, "r1")->steps.size(), 3u);
    EXPECT_FALSE(progress(all, "r1")->over);
}

TEST_F(TheJournal, RefusesWhatItCannotWriteAndFollowsNoLink) {
    std::ofstream{folder.path + "/file"};
    EXPECT_THROW(Journal{folder.path + "/file/im.jsonl"}, Failure);
    std::ofstream{folder.path + "/other"} << "precious\n";
    std::filesystem::create_symlink(folder.path + "/other", folder.path + "/link.jsonl");
    EXPECT_THROW(Journal{folder.path + "/link.jsonl"}, Failure);
    EXPECT_EQ(*read_file(folder.path + "/other"), "precious\n");
    EXPECT_TRUE(entries().empty()); // no file
}

TEST(JournalPath, IsOfTheDeployment) {
    EXPECT_TRUE(journal_path("a/../b").ends_with("/a%2F..%2Fb.jsonl")) << journal_path("a/../b");
    EXPECT_NE(journal_path("im"), journal_path("im2"));
}

} // namespace
