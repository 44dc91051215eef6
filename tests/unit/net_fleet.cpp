#include "net_every.hpp"
#include <csignal>
#include <future>
#include <thread>

using namespace imops;
using namespace imops::test;

namespace {

std::size_t established(const Server& server) {
    auto log = slurp(server.folder / "log");
    std::size_t n = 0;
    for (auto at = log.find("Accepted"); at != log.npos; at = log.find("Accepted", at + 1)) ++n;
    return n;
}

bool runs(const std::string& words) {
    for (auto& e : fs::directory_iterator("/proc"))
        if (auto line = slurp(e.path().string() + "/cmdline"); has(line, words)) return true;
    return false;
}

TEST_P(Every, both_streams_and_the_status_come_back) {
    Task one{host(), "echo out; echo err >&2; exit 7"};
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 7);
    EXPECT_EQ(one.out, "out\n");
    EXPECT_EQ(one.err, "err\n");
    EXPECT_EQ(o.transport, GetParam());
    EXPECT_EQ(o.host, &one.host);
    EXPECT_FALSE(o.why.empty());
}

TEST_P(Every, a_flood_on_both_streams_arrives_whole) {
    std::size_t out = 0, err = 0;
    Task one{host(), "head -c 9000000 /dev/zero >&2; head -c 9000000 /dev/urandom; exit 7"};
    one.job.out = [&](Stream s, std::string_view b) { (s == Stream::out ? out : err) += b.size(); };
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(out, 9000000u);
    EXPECT_EQ(err, 9000000u);
    EXPECT_EQ(o.result->status, 7);
}

TEST_P(Every, bytes_fed_come_back_unchanged) {
    Task one{host(), "echo ready; cat; exit 3"};
    std::string data(3'000'000, '\0');
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = char(i * 7 + i / 256);
    std::size_t at = 0;
    one.job.in = [&]() -> Feed {
        if (one.out.empty()) return {};
        if (at == data.size()) return {Feed::end, {}};
        auto piece = data.substr(at, 65537);
        at += piece.size();
        return {Feed::data, piece};
    };
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 3);
    EXPECT_TRUE(one.out == "ready\n" + data) << one.out.size();
}

TEST_P(Every, a_script_past_its_limit_is_ended_with_all_its_processes) {
    Task one{host(), "sleep 600 & echo $!; wait; exit 0"};
    one.job.script.limit = 5s; // a busy machine needs some of it before the script says its first word
    auto o = run(fleet(), one);
    EXPECT_EQ(code_of(o), Code::timed_out) << describe(o);
    EXPECT_GE(o.took, 5s);
    EXPECT_LT(o.took, 60s);
    ASSERT_FALSE(one.out.empty());
    auto helper = pid_t(std::stoi(one.out));
    if (GetParam() != Transport::local)
        ::kill(helper, SIGKILL); // there the script's own watcher does it, which this one lacks
    auto gone = [&] {
        auto stat = slurp("/proc/" + std::to_string(helper) + "/stat");
        return stat.empty() || has(stat, ") Z");
    };
    EXPECT_TRUE(soon(gone));
}

TEST_P(Every, standard_input_stays_open_until_the_script_ends) {
    Task one{
        host(),
        "exec 3<&0; { read -r x <&3 && echo line || echo eof; } & sleep 0.3; kill $! 2>/dev/null; echo done; exit 0"};
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_FALSE(has(one.out, "eof"));
    EXPECT_TRUE(has(one.out, "done"));
}

TEST_P(Every, the_stop_flag_ends_everything_at_once) {
    volatile int stop = 0;
    opt.stop = &stop;
    opt.fan_out = 1;
    Task one{host(), "echo begun; sleep 5"}, two{host("db2"), "echo never"};
    one.job.out = [&](Stream, std::string_view) { stop = 1; };
    auto begun = Clock::now();
    auto list = std::vector{one.job, two.job};
    auto outcomes = fleet().run(list);
    EXPECT_LT(Clock::now() - begun, 5s);
    for (auto& o : outcomes) EXPECT_EQ(code_of(o), Code::interrupted) << describe(o);
    EXPECT_EQ(two.out, "");
}

TEST_P(Every, jobs_that_wait_for_each_other_do_not_count) {
    opt.fan_out = 1;
    Task a{host("a"), "echo A; read -r x; echo $x; exit 0"}, b{host("b"), "echo B; read -r x; echo $x; exit 0"};
    for (auto [mine, other] : {std::pair{&a, &b}, std::pair{&b, &a}})
        mine->job.in = [mine, other, sent = false]() mutable -> Feed {
            if (mine->out.empty() || other->out.empty() || sent) return {};
            sent = true;
            return {Feed::data, "go\n"};
        };
    auto list = std::vector{a.job, b.job};
    for (auto& j : list) j.script.limit = 10s;
    auto outcomes = fleet().run(list);
    for (auto& o : outcomes) ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(a.out, "A\ngo\n");
    EXPECT_EQ(b.out, "B\ngo\n");
}

TEST_P(Every, sh_that_cannot_start_is_no_shell) {
    if (GetParam() == Transport::local) GTEST_SKIP();
    spit(server.folder / "authorized_keys", "command=\"exit 127\" " + slurp(home / "k.pub"));
    Task one{host(), "echo x"};
    EXPECT_EQ(code_of(run(fleet(), one)), Code::no_shell);
    spit(server.folder / "authorized_keys", "command=\"echo hello\" " + slurp(home / "k.pub"));
    Task two{host("db2"), "echo x"};
    EXPECT_EQ(code_of(run(fleet(), two)), Code::no_shell);
}

INSTANTIATE_TEST_SUITE_P(Transports, Every, every_transport, transport_name);

/// What a helper left behind must not do: hold the job.
struct Left : Every {};
TEST_P(Left, a_helper_that_holds_the_streams_does_not_hold_the_job) {
    Task one{host(), "sleep 600 & echo $!; exit 0"};
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 0);
    EXPECT_LT(o.took, 30s);
    ::kill(std::stoi(one.out), SIGKILL);
}
INSTANTIATE_TEST_SUITE_P(Transports, Left, testing::Values(Transport::local, Transport::libssh2), transport_name);

/// Between two runs, and when the link breaks.
struct Link : Every {};

TEST_P(Link, a_second_run_uses_the_same_connection) {
    for (int i = 0; i < 3; ++i) {
        Task one{host(), "echo " + std::to_string(i) + "; exit " + std::to_string(i)};
        auto o = run(fleet(), one);
        ASSERT_TRUE(o.result) << describe(o);
        EXPECT_EQ(o.result->status, i);
    }
    EXPECT_EQ(established(server), 1u);
}

TEST_P(Link, a_connection_that_went_stale_is_made_anew) {
    Task one{host(), "exit 0"}, two{host(), "exit 0"};
    ASSERT_TRUE(run(fleet(), one).result);
    server.kill_sessions();
    auto o = run(fleet(), two);
    EXPECT_TRUE(o.result) << describe(o);
}

TEST_P(Link, a_connection_that_dies_in_the_middle_is_lost) {
    Task one{host(), "echo begun; sleep 60; exit 0"};
    auto begun = Clock::now();
    one.job.out = [&](Stream s, std::string_view b) {
        if (s == Stream::out) one.out += b, server.kill_sessions();
    };
    auto o = run(fleet(), one);
    EXPECT_EQ(code_of(o), Code::lost) << describe(o);
    EXPECT_EQ(one.out, "begun\n");
    EXPECT_LT(Clock::now() - begun, 50s); // it did not wait for the end of the script
}

TEST_P(Link, nothing_stays_behind) {
    std::string folder; // of this fleet: others may run beside it
    {
        auto fleet = make_fleet(opt);
        Task one{host(), "exit 0"}, refused{host("db2"), "exit 0"};
        refused.host.identities = {make_key(home, "stranger")};
        ASSERT_TRUE(run(*fleet, one).result);
        EXPECT_EQ(code_of(run(*fleet, refused)), Code::key_refused);
        for (auto& e : fs::directory_iterator("/tmp"))
            if (has(slurp(e.path().string() + "/0.conf"), home / "k")) folder = e.path().string();
        EXPECT_EQ(!folder.empty(), GetParam() == Transport::openssh);
        EXPECT_EQ(!folder.empty() && runs(folder), GetParam() == Transport::openssh);
    }
    EXPECT_FALSE(!folder.empty() && fs::exists(folder));
    EXPECT_TRUE(folder.empty() || soon([&] { return !runs(folder); }));
}

TEST_P(Link, the_rest_of_the_output_comes_after_a_status_that_hurried_ahead) {
    // a helper holds the stream and is silent for a while: what it says within the silence allowed still belongs to the
    // job
    Task one{host(), "{ sleep 0.7; echo late; } & exit 0"};
    auto o = run(fleet(), one);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(one.out, "late\n");
}

TEST_P(Link, many_hosts_at_once_with_a_small_fan_out) {
    opt.fan_out = 4;
    std::vector<std::unique_ptr<Task>> tasks;
    std::vector<Job> jobs;
    for (int i = 0; i < 12; ++i) {
        tasks.push_back(std::make_unique<Task>(host("h" + std::to_string(i)),
                                               "echo " + std::to_string(i) + "; exit " + std::to_string(i)));
        if (i == 5) tasks.back()->host.port = Listener{false}.port;
        jobs.push_back(tasks.back()->job);
    }
    std::size_t told = 0;
    auto outcomes = fleet().run(jobs, [&](const Outcome&) { ++told; });
    ASSERT_EQ(outcomes.size(), 12u);
    EXPECT_EQ(told, 12u);
    for (int i = 0; i < 12; ++i) {
        auto& o = outcomes[std::size_t(i)];
        EXPECT_EQ(o.host, &tasks[std::size_t(i)]->host);
        if (i == 5)
            EXPECT_EQ(code_of(o), Code::refused) << describe(o);
        else {
            ASSERT_TRUE(o.result) << describe(o);
            EXPECT_EQ(o.result->status, i);
            EXPECT_EQ(tasks[std::size_t(i)]->out, std::to_string(i) + "\n");
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Transports, Link, testing::Values(Transport::libssh2, Transport::openssh), transport_name);

// The whole fleet

TEST_F(Net, hosts_without_ssh_load_no_libcurl) {
    if (has(slurp("/proc/self/maps"), "libcurl.so")) GTEST_SKIP() << "another test of this process loaded it";
    Task one{local(), "exit 0"};
    ASSERT_TRUE(run(*make_fleet(options()), one).result);
    EXPECT_FALSE(has(slurp("/proc/self/maps"), "libcurl.so"));
}

TEST_F(Net, a_fleet_that_ends_first_leaves_the_other_safe_from_broken_pipes) {
    // One begins before the other and ends before it; then the other writes to a shell that closed its input.
    Folder f;
    std::promise<void> early_begun, late_begun, early_ended;
    auto is = [](auto& future) { return future.wait_for(0s) == std::future_status::ready; };
    Task early{local("early"), "read -r x; exit 0"};
    early.job.in = [&, known = late_begun.get_future().share(), told = false]() mutable -> Feed {
        if (!std::exchange(told, true)) early_begun.set_value();
        return is(known) ? Feed{Feed::data, "go\n"} : Feed{};
    };
    Task late{local("late"), "exec 0<&-; echo deaf; until [ -e " + (f / "written") + " ]; do sleep 0.02; done; exit 5"};
    late.job.in = [&, known = early_ended.get_future().share(), told = false]() mutable -> Feed {
        if (!std::exchange(told, true)) late_begun.set_value();
        if (late.out.empty() || !is(known)) return {};
        spit(f / "written", "");
        return {Feed::data, "into the void\n"};
    };
    std::jthread first{[&] {
        EXPECT_TRUE(run(*make_fleet(options()), early).result);
        early_ended.set_value();
    }};
    early_begun.get_future().wait();
    auto o = run(*make_fleet(options()), late);
    ASSERT_TRUE(o.result) << describe(o);
    EXPECT_EQ(o.result->status, 5);
}

TEST_F(Net, hostile_names_are_refused) {
    for (auto& [address, user] : std::vector<std::pair<std::string, std::string>>{
             {"-oProxyCommand=x", "root"}, {"db1", "-l"}, {"a b", "root"}, {"a\nb", "root"}}) {
        Host h;
        h.name = "db1";
        h.address = address;
        h.user = user;
        h.transport = Transport::openssh;
        Task one{h, "exit 0"};
        EXPECT_EQ(code_of(run(*make_fleet(options()), one)), Code::config);
    }
}

TEST_F(Net, a_recording_fleet_reads_and_only_notes_what_would_write) {
    auto inner = make_fleet(options());
    std::vector<Recorded> record;
    auto fleet = make_recording_fleet(*inner, record);
    Folder f;
    Task write{local("w"), "touch " + (f / "touched")}, read{local("r"), "echo read; exit 4"};
    write.job.script.effect = Effect::write;
    read.job.script.effect = Effect::read;
    auto list = std::vector{write.job, read.job};
    std::size_t told = 0;
    auto outcomes = fleet->run(list, [&](auto&) { ++told; });
    EXPECT_EQ(outcomes[0].result->status, 0);
    EXPECT_EQ(outcomes[1].result->status, 4);
    EXPECT_EQ(told, 2u);
    EXPECT_EQ(read.out, "read\n");
    ASSERT_EQ(record.size(), 1u);
    EXPECT_TRUE(has(record[0].script, "touch"));
    EXPECT_FALSE(fs::exists(f / "touched"));
}

} // namespace
