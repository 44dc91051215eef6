#include "core/base/file.hpp"
#include "core/loop/process.hpp"
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace imops;
namespace fs = std::filesystem;

namespace {

class Files : public testing::Test {
  protected:
    std::string folder;
    void SetUp() override {
        char name[] = "/tmp/imops-file-XXXXXX";
        ASSERT_TRUE(::mkdtemp(name));
        folder = name;
    }
    void TearDown() override { fs::remove_all(folder); }

    std::string path(const char* name) const { return folder + "/" + name; }
    static std::string content(const std::string& path) {
        std::ostringstream s;
        s << std::ifstream{path}.rdbuf();
        return s.str();
    }
    static unsigned mode(const std::string& path) {
        struct stat st {};
        ::stat(path.c_str(), &st);
        return st.st_mode & 07777;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (auto& e : fs::directory_iterator{folder}) all.push_back(e.path().filename());
        std::sort(all.begin(), all.end());
        return all;
    }
};

Error thrown(const std::function<void()>& f) {
    try {
        f();
    } catch (const Failure& e) {
        return e.errors.front();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

constexpr std::chrono::seconds enough{30};

} // namespace

TEST_F(Files, written_and_read_again) {
    std::string text = "a\n\0b\xFF", all(200'000, 'x');
    write_file(path("f"), text);
    EXPECT_EQ(*read_file(path("f")), text);
    write_file(path("f"), all);
    EXPECT_EQ(*read_file(path("f")), all);
    EXPECT_EQ(names(), std::vector<std::string>{"f"});
}

TEST_F(Files, what_is_not_there_is_named_with_a_remedy) {
    auto r = read_file(path("none"));
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, Code::io);
    EXPECT_EQ(r.error().what.en, "cannot read " + path("none") + ": No such file or directory");
    EXPECT_FALSE(r.error().remedy.zh.empty());
    EXPECT_FALSE(read_file(folder));
}

TEST_F(Files, what_is_too_large_is_refused_also_when_its_size_is_not_known_before) {
    write_file(path("f"), std::string(11, 'x'));
    EXPECT_TRUE(read_file(path("f"), 11));
    EXPECT_FALSE(read_file(path("f"), 10));
    EXPECT_FALSE(read_file("/dev/zero", 1 << 20));
}

TEST_F(Files, the_mode_holds_although_an_earlier_attempt_left_something) {
    std::ofstream{path("f.imops-new")} << "half of an earlier run";
    ::chmod(path("f.imops-new").c_str(), 0644);
    write_file(path("f"), "secret", 0600);
    EXPECT_EQ(mode(path("f")), 0600u);
    EXPECT_EQ(names(), std::vector<std::string>{"f"});
}

TEST_F(Files, a_full_disk_leaves_the_old_file) {
    write_file(path("f"), "old");
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small{1000, before.rlim_max}; // what a full disk does: the write is cut, then refused
    ::setrlimit(RLIMIT_FSIZE, &small);
    auto e = thrown([&] { write_file(path("f"), std::string(100'000, 'x')); });
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(e.code, Code::io);
    EXPECT_TRUE(e.what.en.starts_with("cannot write " + path("f"))) << e.what.en;
    EXPECT_EQ(content(path("f")), "old");
    EXPECT_EQ(names(), std::vector<std::string>{"f"}) << "nothing half-written stays";
}

TEST_F(Files, a_folder_that_is_read_only_leaves_the_old_file) {
    write_file(path("f"), "old");
    ::chmod(folder.c_str(), 0555);
    auto child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3); // root may write everywhere
        try {
            write_file(path("f"), "new");
        } catch (const Failure& e) {
            ::_exit(e.errors.front().code == Code::io ? 0 : 2);
        }
        ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::chmod(folder.c_str(), 0755);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(content(path("f")), "old");
}

TEST_F(Files, a_device_or_pipe_is_written_into_and_stays_what_it_is) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    int reader = ::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
    write_file(path("pipe"), "report\n");
    char buffer[64]{};
    EXPECT_EQ(::read(reader, buffer, sizeof buffer), 7);
    ::close(reader);
    EXPECT_STREQ(buffer, "report\n");
    EXPECT_TRUE(fs::is_fifo(path("pipe"))) << "-o json=/dev/null must not replace /dev/null";
    EXPECT_EQ(names(), std::vector<std::string>{"pipe"});
}

TEST_F(Files, folders_are_made_with_their_parents) {
    make_folder(path("a/b/c"));
    make_folder(path("a/b/c"));
    EXPECT_TRUE(fs::is_directory(path("a/b/c")));
    EXPECT_EQ(mode(path("a/b")), 0700u);
    write_file(path("f"), "");
    EXPECT_EQ(thrown([&] { make_folder(path("f")); }).code, Code::io);
    EXPECT_EQ(thrown([&] { make_folder(path("f/x")); }).code, Code::io);
}

TEST(Process, gives_status_output_and_errors) {
    auto r = run_process({"sh", "-c", "cat; echo e >&2; exit 3"}, enough, "in");
    ASSERT_TRUE(r);
    EXPECT_EQ(r->status, 3);
    EXPECT_EQ(r->out, "in");
    EXPECT_EQ(r->err, "e\n");
    EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}, enough)->status, 137);
}

TEST(Process, a_program_that_is_not_there_is_an_error) {
    auto r = run_process({"imops-no-such-program"}, enough);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, Code::io);
    EXPECT_FALSE(r.error().remedy.empty());
}

TEST(Process, one_that_does_not_end_is_ended_with_its_children) {
    auto r = run_process({"sh", "-c", "sleep 3600 & echo $!; wait"}, std::chrono::milliseconds{200});
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, Code::timed_out);
}

TEST(Process, neither_a_flood_nor_input_that_nobody_reads_stops_it) {
    auto r = run_process({"sh", "-c", "head -c 20000000 /dev/zero; head -c 1000000 /dev/zero >&2"}, enough,
                         std::string(1'000'000, 'x'));
    ASSERT_TRUE(r);
    EXPECT_LE(r->out.size(), 17'000'000u);
    EXPECT_EQ(r->err.size(), 1'000'000u);
    EXPECT_EQ(run_process({"true"}, enough, std::string(1'000'000, 'x'))->status, 0);
}
