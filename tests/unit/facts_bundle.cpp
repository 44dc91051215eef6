#include "core/base/file.hpp"
#include "core/facts/bundle.hpp"
#include "core/loop/process.hpp"
#include "tests/unit/model_problems.hpp"
#include <filesystem>
#include <sys/stat.h>

using namespace imops;
using namespace imops::testing_help;
namespace fs = std::filesystem;

namespace {

class InFolder : public testing::Test {
  protected:
    std::string folder;
    void SetUp() override {
        char name[] = "/tmp/imops-bundle-test-XXXXXX";
        ASSERT_TRUE(::mkdtemp(name));
        folder = name;
    }
    void TearDown() override { fs::remove_all(folder); }
};

Facts some() {
    Facts f;
    f["a.ok"] = {Got::ok, 0, "one\ntwo", "a warning", 1795219200.25};
    f["a.empty"] = {Got::ok, 0, "", "", 5};
    f["b.failed"] = {Got::failed, 3, "", "why\nnot", 5};
    f["c.absent"] = {Got::absent, 77, "", "no such thing", 5};
    f["d.late"] = {Got::timed_out, 0, "half", "", 5};
    f["e.long"] = {Got::too_long, 0, "x", "", 5};
    f["f.root"] = {Got::needs_root, 0, "", "", 5};
    f["g.lost"] = {Got::lost, 0, "", "", 0};
    f["h.unreached"] = {Got::unreached, 0, "", "", 0};
    f["h.no_answer"] = {Got::no_answer, 0, "", "", 0};
    f["i.odd"] = {Got::ok, 0, "@ a.ok ok\n# no comment\n!bang\n leading", "", 5};
    return f;
}

void same(const Facts& a, const Facts& b) {
    ASSERT_EQ(a.size(), b.size());
    for (auto& [id, x] : a) {
        ASSERT_TRUE(b.contains(id)) << id;
        auto& y = b.at(id);
        EXPECT_EQ(x.got, y.got) << id;
        EXPECT_EQ(x.out, y.out) << id;
        EXPECT_EQ(x.err, y.err) << id;
        EXPECT_DOUBLE_EQ(x.at, y.at) << id;
        if (x.got == Got::failed) {
            EXPECT_EQ(x.status, y.status) << id;
        }
    }
}

} // namespace

TEST(FactsFile, written_and_read_again_is_the_same) {
    Problems p{"f"};
    auto text = write_facts(some());
    same(some(), read_facts(text, p));
    EXPECT_TRUE(p.none());
    EXPECT_EQ(write_facts(read_facts(text, p)), text);
}

TEST(FactsFile, empty_lines_of_output_are_kept) {
    Problems p{"f"};
    Facts f;
    f["a"] = {Got::ok, 0, "\none\n\ntwo", "", 5};
    same(f, read_facts(write_facts(f), p));
}

TEST(FactsFile, written_by_hand) {
    Problems p{"f"};
    auto f = read_facts("# a comment\r\n\r\n@ a.b ok\r\n 12\r\n@ c.d 0\n@ e.f 77\n!none\n@ g.h 2 at=7 more\n", p);
    EXPECT_TRUE(p.none());
    EXPECT_EQ(f["a.b"].out, "12");
    EXPECT_EQ(f["c.d"].got, Got::ok);
    EXPECT_EQ(f["e.f"].got, Got::absent);
    EXPECT_EQ(f["g.h"].got, Got::failed);
    EXPECT_EQ(f["g.h"].at, 7);
}

TEST(FactsFile, what_is_no_fact_is_a_problem_with_its_line) {
    Problems p{"app1.facts"};
    auto f = read_facts(" before any fact\n@ a.b ok\n 1\ngarbage\n@\n@ \n@ c.d\n@ c.d maybe\n@  ok\n@ c.d 1.5\n@ c.d "
                        "-1\n@ e.f ok\n 2\n",
                        p);
    std::vector<std::string> said;
    for (auto& e : p.take()) said.push_back(e.what.en);
    EXPECT_EQ(
        said,
        (std::vector<std::string>{
            "app1.facts:1:1: not a line of facts: 'before any fact'", "app1.facts:4:1: not a line of facts: 'garbage'",
            "app1.facts:5:1: not a line of facts: '@'", "app1.facts:6:1: not a line of facts: '@'",
            "app1.facts:7:1: not a line of facts: '@ c.d'", "app1.facts:8:1: not a line of facts: '@ c.d maybe'",
            "app1.facts:9:1: not a line of facts: '@  ok'", "app1.facts:10:1: not a line of facts: '@ c.d 1.5'",
            "app1.facts:11:1: not a line of facts: '@ c.d -1'"}));
    EXPECT_EQ(f["a.b"].out, "1");
    EXPECT_EQ(f["e.f"].out, "2") << "reading goes on";
}

TEST_F(InFolder, a_bundle_written_and_read_again_is_the_same) {
    Bundle b{"imops: 1\n", 1795219200.5, {{"app1", some()}, {"db1", {}}}};
    write_bundle(folder + "/new/b", b);
    auto r = read_bundle(folder + "/new/b");
    EXPECT_EQ(r.deployment, b.deployment);
    EXPECT_DOUBLE_EQ(r.time, b.time);
    ASSERT_EQ(r.hosts.size(), 2u);
    same(r.hosts["app1"], some());
    struct stat st {};
    ::stat((folder + "/new/b/hosts/app1.facts").c_str(), &st);
    EXPECT_EQ(st.st_mode & 0777, 0600u) << "facts are the customer's";
}

TEST_F(InFolder, an_archive_of_it_does_as_well) {
    write_bundle(folder + "/b", {"imops: 1\n", 7, {{"app1", some()}}});
    for (std::string kind : {".tar", ".tar.gz"}) {
        for (std::string from : {folder, folder + "/b"}) { // with and without the leading folder
            auto tar = run_process({"tar", "-caf", folder + "/x" + kind, "-C", from, from == folder ? "b" : "."},
                                   std::chrono::seconds{30});
            ASSERT_EQ(tar->status, 0);
            auto r = read_bundle(folder + "/x" + kind);
            EXPECT_EQ(r.time, 7) << kind;
            same(r.hosts["app1"], some());
        }
    }
}

TEST_F(InFolder, what_is_no_bundle_is_refused) {
    auto said = [&](const std::string& path) {
        auto all = thrown([&] { read_bundle(path); });
        return all.empty() ? std::string{} : all.front();
    };
    EXPECT_EQ(said(folder + "/none"), "there is no " + folder + "/none");
    EXPECT_EQ(said(folder), folder + " has no imops.yaml in it");
    write_file(folder + "/x.tar", "no archive");
    EXPECT_TRUE(said(folder + "/x.tar").starts_with("cannot unpack " + folder + "/x.tar: "));
    write_bundle(folder + "/b", {"imops: 1\n", 7, {{"app1", some()}}});
    write_file(folder + "/b/hosts/app1.facts", "garbage\n");
    EXPECT_EQ(said(folder + "/b"), folder + "/b/hosts/app1.facts:1:1: not a line of facts: 'garbage'");
}

TEST_F(InFolder, a_bundle_without_meta_or_with_a_strange_one_is_still_read) {
    write_bundle(folder + "/b", {"imops: 1\n", 7, {{"app1", some()}}});
    for (auto meta : {"", "{", "[]", "{\"time\": \"soon\"}", "null"}) {
        write_file(folder + "/b/meta.json", meta);
        EXPECT_EQ(read_bundle(folder + "/b").time, 0) << meta;
    }
    fs::remove(folder + "/b/meta.json");
    EXPECT_EQ(read_bundle(folder + "/b").hosts.size(), 1u);
}

TEST_F(InFolder, links_in_an_archive_lead_nowhere) {
    write_bundle(folder + "/b", {"imops: 1\n", 7, {}});
    fs::create_symlink("/etc/passwd", folder + "/b/hosts/app1.facts");
    ASSERT_EQ(run_process({"tar", "-cf", folder + "/x.tar", "-C", folder, "b"}, std::chrono::seconds{30})->status, 0);
    EXPECT_EQ(read_bundle(folder + "/x.tar").hosts.size(), 0u);
}
