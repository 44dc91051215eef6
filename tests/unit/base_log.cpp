#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace imops;
namespace fs = std::filesystem;

namespace {

struct Log : testing::Test {
    fs::path folder = fs::path{testing::TempDir()} / ("imops-log-" + std::to_string(::getpid()));
    std::string file = (folder / "deep/imops.log").string();

    void SetUp() override { fs::create_directories(folder); }
    void TearDown() override {
        end_log();
        fs::remove_all(folder);
    }
    LogOptions options() const {
        LogOptions o;
        o.file = file;
        return o;
    }
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        std::istringstream text{*read_file(file)};
        for (std::string line; std::getline(text, line);) all.push_back(line);
        return all;
    }
};

TEST_F(Log, WritesNothingUntilItIsBegun) {
    EXPECT_FALSE(logs(LogLevel::error));
    log(LogLevel::error, "file", {{"path", "x"}});
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(Log, OneLineForEachEventWithItsFields) {
    begin_log(options());
    log(LogLevel::info, "script", {{"host", "db 1"}, {"status", 0}, {"ms", 12}});
    log(LogLevel::debug, "noise", {});
    auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_NE(all[0].find(R"(script host="db 1" status=0 ms=12)"), std::string::npos) << all[0];
    EXPECT_NE(all[0].find("Z info ["), std::string::npos) << all[0];
    struct stat st {};
    ASSERT_EQ(::stat(file.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777u, 0600u);
}

TEST_F(Log, JsonLinesAreJsonWhateverAHostSays) {
    auto o = options();
    o.format = LogFormat::json;
    begin_log(o);
    std::string hostile = "\"},\n{\"level\":\"fatal\"\x1b[31m\xff\t\\";
    log(LogLevel::warning, "http", {{"error", hostile}, {"ms", 3}});
    auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    auto j = nlohmann::json::parse(all[0]);
    EXPECT_EQ(j["event"], "http");
    EXPECT_EQ(j["level"], "warning");
    EXPECT_EQ(j["ms"], 3);
    EXPECT_EQ(j["error"].get<std::string>().find('\x1b'), std::string::npos);
}

TEST_F(Log, TextLinesCannotBeForged) {
    begin_log(options());
    log(LogLevel::info, "http", {{"error", "x\n2026-01-01T00:00:00Z info [1] end status=0\x1b[2J"}});
    auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].find('\x1b'), std::string::npos);
}

TEST_F(Log, ASecretThatExistsIsNeverShown) {
    begin_log(options());
    Secret secret{"tulip \"Harbour\" 41", "test"};
    log(LogLevel::info, "http", {{"error", "said: tulip \"Harbour\" 41"}});
    log(LogLevel::info, "http", {{"error", R"(said: "tulip \"Harbour\" 41")"}});
    log(LogLevel::info, "start", {{"command", "postgres://im:s3cret@db"}});
    ASSERT_EQ(lines().size(), 3u);
    for (auto& l : lines()) {
        EXPECT_EQ(l.find("Harbour"), l.npos) << l;
        EXPECT_EQ(l.find("s3cret"), l.npos) << l;
        EXPECT_NE(l.find("[secret]"), l.npos) << l;
    }
}

TEST_F(Log, RotatesAndKeepsSoMany) {
    auto o = options();
    o.size = 2000;
    o.keep = 2;
    begin_log(o);
    for (int i = 0; i < 200; ++i) log(LogLevel::info, "script", {{"host", "app1"}, {"number", i}});
    std::size_t files = 0;
    for (auto& e : fs::directory_iterator{fs::path{file}.parent_path()}) {
        ++files;
        EXPECT_LE(fs::file_size(e.path()), 2000u);
        struct stat st {};
        ASSERT_EQ(::stat(e.path().c_str(), &st), 0);
        EXPECT_EQ(st.st_mode & 0777u, 0600u) << e.path();
    }
    EXPECT_EQ(files, 3u);
}

TEST_F(Log, APlaceThatCannotBeWrittenIsRefusedAtOnce) {
    auto o = options();
    o.file = folder.string();
    EXPECT_THROW(begin_log(o), Failure);
    o.file = "/proc/none/imops.log";
    EXPECT_THROW(begin_log(o), Failure);
}

TEST_F(Log, ThreadsWriteWholeLines) {
    begin_log(options());
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([t] {
                for (int i = 0; i < 50; ++i) {
                    Secret s{"pass-" + std::to_string(t) + "-" + std::to_string(i), "test"};
                    log(LogLevel::info, "script", {{"host", "h" + std::to_string(t)}, {"said", s.reveal()}});
                }
            });
    }
    auto all = lines();
    EXPECT_EQ(all.size(), 200u);
    for (auto& l : all) EXPECT_TRUE(l.ends_with("said=[secret]")) << l;
}

} // namespace
