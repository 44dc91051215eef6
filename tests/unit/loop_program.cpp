#include "core/loop/process.hpp"
#include "core/loop/program.hpp"
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

using namespace imops;

TEST(Program, a_pipe_without_reader_is_an_error_here_and_the_end_of_a_child) {
    begin_program();
    int p[2];
    ASSERT_EQ(::pipe(p), 0);
    ::close(p[0]);
    EXPECT_EQ(::write(p[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
    ::close(p[1]);
    auto child = run_process({"sh", "-c", "kill -PIPE $$; exit 0"}, std::chrono::seconds{10});
    ASSERT_TRUE(child);
    EXPECT_EQ(child->status, 128 + SIGPIPE);
}

TEST(Program, nothing_of_the_operators_environment_reaches_libpq) {
    ::setenv("PGPASSWORD", "s3cret", 1);
    ::setenv("PGSERVICE", "other", 1);
    begin_program();
    EXPECT_EQ(std::getenv("PGPASSWORD"), nullptr);
    EXPECT_EQ(std::getenv("PGSERVICE"), nullptr);
}

TEST(ProgramDeathTest, a_closed_standard_output_ends_it_as_it_ends_any_program) {
    EXPECT_EXIT(end_of_broken_pipe(), testing::KilledBySignal(SIGPIPE), "");
}

} // namespace
