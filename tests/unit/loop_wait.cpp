#include "core/loop/wait.hpp"
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

using namespace imops;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct Pipe : testing::Test {
    int ends[2] = {-1, -1};
    Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
    ~Pipe() override {
        ::close(ends[0]);
        if (ends[1] >= 0) ::close(ends[1]);
    }
    void write() { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
};

TEST_F(Pipe, what_is_ready_wins_over_a_deadline_and_a_stop) {
    write();
    volatile int stop = 1;
    EXPECT_EQ(wait_until(ends[0], POLLIN, Clock::now() - 1s, &stop), Woken::ready);
    EXPECT_TRUE(wait_for(ends[0], POLLIN, 0ms));
}

TEST_F(Pipe, nothing_ready_is_late_and_no_sooner_than_said) {
    auto end = Clock::now() + 30ms;
    EXPECT_EQ(wait_until(ends[0], POLLIN, end, nullptr), Woken::late);
    EXPECT_GE(Clock::now(), end);
    EXPECT_FALSE(wait_for(ends[0], POLLIN, -1ms)); // a time that has passed is no endless wait
}

TEST_F(Pipe, a_stop_is_seen_before_a_far_deadline) {
    volatile int stop = 1;
    EXPECT_EQ(wait_until(ends[0], POLLIN, Clock::time_point::max(), &stop), Woken::stopped);
    EXPECT_FALSE(pause_until(Clock::time_point::max(), &stop));
    EXPECT_TRUE(pause_until(Clock::now(), nullptr));
}

TEST_F(Pipe, each_descriptor_tells_for_itself) {
    write();
    pollfd both[] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
    EXPECT_EQ(wait_for(both, 1h), 1);
    EXPECT_EQ(both[0].revents, POLLIN);
    EXPECT_EQ(both[1].revents, 0);
    ::close(std::exchange(ends[1], -1));
    EXPECT_TRUE(wait_for(ends[0], POLLIN, 1h)); // the end of a stream is something to read
}

TEST_F(Pipe, a_signal_ends_a_wait_and_nothing_seems_ready) {
    struct sigaction quiet {
    }, before{};
    quiet.sa_handler = [](int) {};
    ASSERT_EQ(::sigaction(SIGUSR1, &quiet, &before), 0);
    auto waiter = ::pthread_self();
    std::jthread other{[waiter](std::stop_token over) {
        while (!over.stop_requested()) { // until the wait has begun and was ended
            ::pthread_kill(waiter, SIGUSR1);
            std::this_thread::yield();
        }
    }};
    pollfd p{ends[0], POLLIN, POLLIN};
    EXPECT_EQ(wait_for({&p, 1}, 1h), 0);
    EXPECT_EQ(p.revents, 0);
    other.request_stop();
    other.join();
    ::sigaction(SIGUSR1, &before, nullptr);
}

} // namespace
