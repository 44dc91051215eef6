#include "core/loop/program.hpp"
#include <gtest/gtest.h>

/// The tests of each layer, begun as imops itself is.
int main(int argc, char** argv) {
    imops::begin_program();
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
