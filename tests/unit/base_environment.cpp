#include "core/base/environment.hpp"
#include "core/loop/process.hpp"
#include <cstdlib>
#include <gtest/gtest.h>

namespace {

using namespace imops;

TEST(Environment, what_is_hidden_is_gone_for_libraries_and_there_for_who_asks_and_for_children) {
    ::setenv("IMOPS_HIDE_ME", "s3cret", 1);
    ::setenv("IMOPS_HIDE_ME_TOO", "", 1);
    ::setenv("IMOPS_SEEN", "yes", 1);
    hide_variables("IMOPS_HIDE");
    EXPECT_EQ(std::getenv("IMOPS_HIDE_ME"), nullptr);
    EXPECT_EQ(std::getenv("IMOPS_HIDE_ME_TOO"), nullptr);
    EXPECT_EQ(environment_variable("IMOPS_HIDE_ME"), "s3cret");
    EXPECT_EQ(environment_variable("IMOPS_HIDE_ME_TOO"), "");
    EXPECT_EQ(environment_variable("IMOPS_SEEN"), "yes");
    EXPECT_EQ(environment_variable("IMOPS_HIDE"), std::nullopt);
    auto child = run_process({"sh", "-c", "echo $IMOPS_HIDE_ME $IMOPS_SEEN"}, std::chrono::seconds{10});
    ASSERT_TRUE(child);
    EXPECT_EQ(child->out, "s3cret yes\n");
    ::unsetenv("IMOPS_SEEN");
}

} // namespace
