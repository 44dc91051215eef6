#include "core/base/string.hpp"
#include "core/loop/process.hpp"
#include "core/remote/conversation.hpp"
#include "core/remote/script.hpp"
#include <gtest/gtest.h>
#include <random>

using namespace imops;
using remote::Conversation;

namespace {

/// What was heard, one after the other: "<words>" and bytes as they are.
struct Heard {
    std::string all;
    Conversation talk;
    bool keep;
    explicit Heard(bool keep_bytes = true)
        : talk{"M",
               {[this](Stream, std::string_view words) { all += fmt::format("<{}>", words); },
                [this](Stream, std::string_view bytes) {
                    if (keep) all += bytes;
                    return keep;
                }}},
          keep{keep_bytes} {}
};

} // namespace

TEST(Conversation, what_stands_between_two_marks_is_handed_on_to_the_byte) {
    std::string bytes("\0\n\nM\nM\n \r\n\nMx\n\xff", 18);
    for (auto& body : {std::string{}, std::string{"\n"}, std::string{"\n\n"}, std::string{"text"}, bytes}) {
        auto stream = "M file 1\n" + body + "\nM done 0\nM said a\nM said b\n\nM over\n";
        auto expected = "<file 1>" + body + "<done 0><said a><said b><over>";
        for (std::size_t step = 1; step <= stream.size(); ++step) {
            Heard h;
            for (std::size_t at = 0; at < stream.size(); at += step)
                h.talk.add(Stream::out, std::string_view{stream}.substr(at, step));
            EXPECT_EQ(h.all, expected) << "in pieces of " << step;
            EXPECT_TRUE(h.talk.over());
        }
    }
}

TEST(Conversation, random_bytes_come_whole_however_they_are_cut) {
    auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        std::string body;
        for (auto n = random() % 3000; n > 0; --n) body += "\nM \0a"[random() % 5];
        for (auto at = body.find("\nM "); at != body.npos; at = body.find("\nM ")) body[at + 1] = 'N';
        if (body.ends_with("\nM")) body += "a"; // else the mark behind it would stand there twice
        if (body.starts_with("M ")) body[0] = 'N';
        auto stream = "noise\nM begin\n" + body + "\nM end\n";
        Heard h;
        for (std::size_t at = 0; at < stream.size();) {
            auto n = 1 + random() % 100;
            h.talk.add(Stream::out, std::string_view{stream}.substr(at, n));
            at += n;
        }
        ASSERT_EQ(h.all, "noise<begin>" + body + "<end>");
    }
}

TEST(Conversation, noise_is_counted_and_its_beginning_kept) {
    Heard h{false};
    h.talk.add(Stream::out, "welcome\n" + std::string(100'000, 'x'));
    h.talk.add(Stream::out, "\nM over\nafter the end");
    EXPECT_EQ(h.talk.noise(), 100'008u);
    EXPECT_EQ(h.talk.noise_text().size(), 200u);
    EXPECT_TRUE(h.talk.noise_text().starts_with("welcome\nx"));
    EXPECT_EQ(h.all, "<over>");
}

TEST(Conversation, a_line_of_ours_without_an_end_takes_no_memory) {
    Heard h;
    h.talk.add(Stream::out, "M begin");
    for (int i = 0; i < 100; ++i) h.talk.add(Stream::out, std::string(10'000, 'y'));
    h.talk.add(Stream::out, "\nM over\n");
    EXPECT_TRUE(h.talk.over());
    EXPECT_LT(h.all.size(), 1'000'100u);
}

TEST(Conversation, the_answer_of_sudo_is_read_before_the_first_line_of_ours) {
    Heard fine, no, late;
    fine.talk.add(Stream::err, "imops-sudo: ok\n");
    EXPECT_FALSE(fine.talk.refused());
    for (char c : std::string{"start file\nimops-sudo: refused: a password is required\nM begin\n"})
        no.talk.add(Stream::err, {&c, 1});
    EXPECT_EQ(no.talk.refused(), "a password is required");
    late.talk.add(Stream::err, "M begin x\nimops-sudo: refused: a fact may print that\n");
    EXPECT_FALSE(late.talk.refused());
}

namespace {

class Runtime : public testing::TestWithParam<const char*> {
  protected:
    std::string run(std::string_view body, std::string_view behind = {}) const {
        std::vector<std::string> argv;
        for (auto word : split(GetParam(), ' ')) argv.emplace_back(word);
        argv.emplace_back("-s");
        auto ended = run_process(argv, std::chrono::seconds{30}, remote::program("M", {}, body) + std::string{behind});
        return ended ? fmt::format("{}status {}", ended->out, ended->status) : "did not end";
    }
};

} // namespace

TEST_P(Runtime, says_and_has) {
    EXPECT_EQ(run("tell one 'two  three'\nhave cat && ! have imops-none && tell yes\ntell over"),
              "\nM one two  three\n\nM yes\n\nM over\nstatus 0");
}

TEST_P(Runtime, what_stands_behind_the_script_is_not_run) {
    EXPECT_EQ(run("echo one", "\nexit\necho no\n"), "one\nstatus 0");
}

TEST_P(Runtime, what_is_over_its_time_is_killed_with_all_below_it_and_other_things_are_not) {
    auto own = 2'000'000 + ::getpid();
    auto said = run(fmt::format("imops_clock_on\n(sleep {0} & sleep {0}) & imops_wait $! 1\necho \"$imops_late\"\n"
                                "(exit 3) & imops_wait $! 20\necho \"$imops_status$imops_late\"\nimops_clock_off",
                                own));
    EXPECT_EQ(said, "timed_out\n3\nstatus 0");
    auto left = run_process({"pgrep", "-f", fmt::format("^sleep {}$", own)}, std::chrono::seconds{5});
    ASSERT_TRUE(left);
    EXPECT_EQ(left->out, "");
}

TEST_P(Runtime, the_end_of_the_link_ends_all) {
    auto own = 3'000'000 + ::getpid();
    EXPECT_EQ(run(fmt::format("echo begun\nimops_watch\nsleep {} &\nwait $!\necho not reached", own)),
              "begun\nstatus 143");
    auto left = run_process({"pgrep", "-f", fmt::format("^sleep {}$", own)}, std::chrono::seconds{5});
    ASSERT_TRUE(left);
    EXPECT_EQ(left->out, "");
}

INSTANTIATE_TEST_SUITE_P(Shells, Runtime, testing::Values("sh", "dash", "bash --posix", "busybox sh"));
