#include "core/base/secret.hpp"
#include "core/base/text.hpp"
#include <gtest/gtest.h>

using namespace imops;

TEST(Text, an_argument_that_is_a_line_speaks_the_language_of_the_sentence) {
    Line inner = say("{} ports", "{} 个端口", 3);
    Line l = say("found {} on {}", "在 {1} 上发现 {0}", inner, "app1");
    EXPECT_EQ(l.en, "found 3 ports on app1");
    EXPECT_EQ(l.zh, "在 app1 上发现 3 个端口");
}

TEST(Secret, cannot_be_copied_and_a_move_leaves_nothing_behind) {
    static_assert(!std::is_copy_constructible_v<Secret>);
    static_assert(!fmt::is_formattable<Secret>::value);
    Secret a{"hunter2", "env X"};
    Secret b{std::move(a)};
    EXPECT_EQ(b.reveal(), "hunter2");
    EXPECT_TRUE(a.reveal().empty());
}
