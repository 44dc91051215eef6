#include "net_every.hpp"
#include <fcntl.h>

using namespace imops;
using namespace imops::test;

namespace {

/// Limits, back-pressure, and jobs that come and go while others run: the same for every transport.
struct Limits : Every {};

TEST_P(Limits, a_silent_script_is_ended_and_one_that_speaks_is_not) {
    Task hung{host("hung"), "echo begun; sleep 600; exit 0"};
    hung.job.script.limit = Limit{std::nullopt, 6s};
    Task busy{host("busy"), "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.8; done; exit 0"};
    busy.job.script.limit = Limit{std::nullopt, 6s};
    auto list = std::vector{hung.job, busy.job};
    auto outcomes = fleet().run(list);
    EXPECT_EQ(code_of(outcomes[0]), Code::timed_out) << describe(outcomes[0]);
    EXPECT_TRUE(has(describe(outcomes[0]), "silent for 6 s")) << describe(outcomes[0]);
    EXPECT_TRUE(outcomes[1].result) << describe(outcomes[1]) << busy.out;
}

TEST_P(Limits, a_full_sink_stops_the_writer_until_it_has_room) {
    Task one{host(), "head -c 30000000 /dev/zero; exit 7"};
    std::size_t got = 0, after_full = 0;
    bool full = false;
    auto asked = 0;
    one.job.out = Sink{[&](Stream, std::string_view bytes) {
                           got += bytes.size();
                           if (full) after_full += bytes.size();
                           full = got >= 1'000'000 && asked < 5;
                           return full ? Room::full : Room::yes;
                       },
                       [&] {
                           full = ++asked < 5;
                           return !full;
                       }};
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(got, 30'000'000u);
    EXPECT_EQ(after_full, 0u);
    EXPECT_EQ(asked, 5);
    EXPECT_EQ(o.result->status, 7);
}

TEST_P(Limits, a_job_is_started_from_a_callback_and_cancelled) {
    Task endless{host("endless"), "echo begun; sleep 600; exit 0"}, second{host("second"), "echo second; exit 3"};
    std::optional<Running> started;
    auto first = fleet().start(endless.job, {});
    endless.job.out = {};
    Task starter{host("starter"), "echo go; exit 0"};
    fleet().start(starter.job, [&](const Outcome&) { started = fleet().start(second.job); });
    while (!started || !started->over() || endless.out.empty()) ASSERT_TRUE(fleet().turn());
    EXPECT_EQ(started->outcome().result->status, 3);
    EXPECT_FALSE(first.over());
    first.cancel();
    while (fleet().turn()) {}
    EXPECT_EQ(code_of(first.outcome()), Code::interrupted);
}

TEST_P(Limits, a_source_with_a_descriptor_wakes_the_loop) {
    int p[2];
    ASSERT_EQ(::pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
    Task one{host(), "echo ready; cat; exit 0"};
    one.job.in = Source{[&]() -> Feed {
                            char buffer[64];
                            auto n = ::read(p[0], buffer, sizeof buffer);
                            if (n > 0) return {Feed::data, {buffer, std::size_t(n)}};
                            return {n == 0 ? Feed::end : Feed::wait, {}};
                        },
                        [&] { return p[0]; }};
    one.job.out = [&](Stream s, std::string_view b) {
        if (s == Stream::err) return;
        one.out += b;
        if (one.out == "ready\n") {
            EXPECT_EQ(::write(p[1], "hello\n", 6), 6);
        }
        if (has(one.out, "hello")) ::close(p[1]);
    };
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(one.out, "ready\nhello\n");
    ::close(p[0]);
}

/// What came while the loop was busy elsewhere is no silence.
TEST_P(Limits, a_loop_that_was_busy_elsewhere_calls_nobody_silent) {
    Folder f;
    Task speaks{host("speaks"), "echo a; until [ -e " + (f / "go") + " ]; do sleep 0.02; done; echo b; touch " +
                                    (f / "said") + "; exec sleep 600"};
    speaks.job.script.limit = Limit{std::nullopt, 6s};
    auto running = fleet().start(speaks.job);
    Task starter{local(), "echo go; exit 0"};
    while (speaks.out.empty()) ASSERT_TRUE(fleet().turn());
    auto heard = Clock::now();
    fleet().start(starter.job, [&](const Outcome&) {
        spit(f / "go", "");
        EXPECT_TRUE(soon([&] { return fs::exists(f / "said"); }));
        soon([&] { return Clock::now() > heard + 6s; });
    });
    while (speaks.out != "a\nb\n" && !running.over()) ASSERT_TRUE(fleet().turn());
    EXPECT_FALSE(running.over()) << describe(running.outcome());
    running.cancel();
    while (fleet().turn()) {}
    EXPECT_EQ(speaks.out, "a\nb\n");
}

std::size_t resident() {
    std::istringstream words{slurp("/proc/self/statm")};
    std::size_t whole = 0, pages = 0;
    words >> whole >> pages;
    return pages * std::size_t(::sysconf(_SC_PAGESIZE));
}

/// Nothing is piled up for a sink that is full: neither here, nor without end on the way.
TEST_P(Limits, a_full_sink_keeps_memory_small) {
    constexpr std::size_t mb = 1'000'000, way = 24 * mb; // pipes, sockets, and the windows of ssh
    Folder f;
    Task one{host(), "i=0; while [ $i -lt 200 ]; do head -c 1000000 /dev/zero; i=$((i+1)); echo $i >" + (f / "sent") +
                         "; done; exit 7"};
    one.job.script.limit = 300s;
    std::size_t got = 0, before = 0, grown = 0, sent = 0;
    int asked = 0;
    one.job.out = Sink{[&](Stream, std::string_view bytes) {
                           if (got == 0) before = resident();
                           got += bytes.size();
                           return got >= mb && asked < 10 ? Room::full : Room::yes;
                       },
                       [&] {
                           if (++asked < 10) return false;
                           grown = resident() - std::min(resident(), before);
                           sent = std::size_t(std::atoll(slurp(f / "sent").c_str())) * mb;
                           return true;
                       }};
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(asked, 10);
    EXPECT_EQ(got, 200 * mb);
    EXPECT_LT(sent, mb + way);
    EXPECT_LT(grown, way);
    std::printf("while full: %zu MB had been written there, %zu KiB more memory here\n", sent / mb, grown / 1024);
}

INSTANTIATE_TEST_SUITE_P(Transports, Limits, every_transport, transport_name);

} // namespace
