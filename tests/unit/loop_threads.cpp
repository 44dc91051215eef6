#include "core/loop/threads.hpp"
#include <atomic>
#include <gtest/gtest.h>
#include <latch>
#include <set>
#include <stdexcept>
#include <vector>

using namespace imops;

namespace {

TEST(Threads, each_number_is_done_once_and_no_more_at_one_time_than_said) {
    std::vector<std::atomic<int>> done(500);
    std::atomic<int> now{0}, most{0};
    for_each_at_once(done.size(), 7, [&](std::size_t i) {
        int n = ++now;
        for (int seen = most; n > seen && !most.compare_exchange_weak(seen, n);) {}
        ++done[i];
        --now;
    });
    for (auto& d : done) EXPECT_EQ(d, 1);
    EXPECT_LE(most, 7);
}

TEST(Threads, they_run_at_one_time) {
    std::latch all{5}; // none returns before all have begun
    for_each_at_once(5, 5, [&](std::size_t) { all.arrive_and_wait(); });
    EXPECT_TRUE(all.try_wait());
}

TEST(Threads, none_is_no_work) {
    for_each_at_once(0, 4, [](std::size_t) { FAIL(); });
}

TEST(Threads, what_one_throws_comes_back_and_the_others_are_done) {
    std::atomic<int> done{0};
    auto work = [&](std::size_t i) {
        if (i == 3) throw std::runtime_error{"three"};
        ++done;
    };
    EXPECT_THROW(for_each_at_once(10, 2, work), std::runtime_error);
    EXPECT_EQ(done, 9);
}

TEST(Threads, one_beside_is_waited_for_and_one_left_behind_is_not) {
    EXPECT_EQ(beside([] { return 7; }).get(), 7);
    std::promise<void> go, gone;
    auto may = go.get_future().share();
    auto over = gone.get_future();
    {
        auto answer = left_behind([may, gone = std::move(gone)]() mutable {
            may.wait();
            gone.set_value();
            return 8;
        });
        EXPECT_EQ(answer.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
    } // nobody waited
    go.set_value();
    over.wait();
    bool ran = false;
    {
        Thread t{[&] { ran = true; }};
    }
    EXPECT_TRUE(ran);
}

} // namespace
