#include "core/base/string.hpp"
#include "core/facts/script.hpp"
#include <gtest/gtest.h>
#include <random>

using namespace imops;

namespace {

const std::string nonce = "imops-0123456789abcdef";

struct Defs {
    std::vector<FactDef> all;
    std::vector<const FactDef*> pointers;
    explicit Defs(std::vector<std::string> ids) {
        for (auto& id : ids) {
            all.emplace_back();
            all.back().id = id;
        }
        for (auto& d : all) pointers.push_back(&d);
    }
};

std::string frame(const std::string& id, const std::string& out, const std::string& end = "0") {
    return "\n" + nonce + " begin " + id + "\n" + out + "\n" + nonce + " end " + id + " " + end + "\n";
}
std::string mark(const std::string& words) { return "\n" + nonce + " " + words + "\n"; }

FrameReader reader(const Defs& d) {
    return {d.pointers, nonce, [] { return 100.0; }};
}

void same(const Facts& a, const Facts& b) {
    ASSERT_EQ(a.size(), b.size());
    for (auto& [id, x] : a) {
        auto& y = b.at(id);
        EXPECT_EQ(x.got, y.got) << id;
        EXPECT_EQ(x.status, y.status) << id;
        EXPECT_EQ(x.out, y.out) << id;
        EXPECT_EQ(x.err, y.err) << id;
    }
}

} // namespace

TEST(Frames, give_facts) {
    Defs d{{"a", "b", "c", "e"}};
    auto r = reader(d);
    r.out(mark("root 1") + frame("a", "one\ntwo\n") + frame("b", "", "77") + frame("c", "x", "timed_out") +
          frame("e", "", "3") + mark("over"));
    r.err(frame("a", "") + frame("b", "no such thing\n") + frame("c", "") + frame("e", " why\n"));
    EXPECT_TRUE(r.finished());
    EXPECT_TRUE(r.root());
    EXPECT_EQ(r.noise(), 0u);
    auto f = r.facts();
    EXPECT_EQ(f["a"].got, Got::ok);
    EXPECT_EQ(f["a"].out, "one\ntwo");
    EXPECT_EQ(f["a"].at, 100);
    EXPECT_EQ(f["b"].got, Got::absent);
    EXPECT_EQ(f["b"].err, "no such thing");
    EXPECT_EQ(f["c"].got, Got::timed_out);
    EXPECT_EQ(f["e"].got, Got::failed);
    EXPECT_EQ(f["e"].status, 3);
    EXPECT_EQ(f["e"].err, "why");
}

TEST(Frames, may_be_cut_anywhere) {
    Defs d{{"a", "b", "c"}};
    auto out = "banner\n" + mark("root 0") + frame("a", "x\n\n" + nonce.substr(0, 10) + "\n") + "noise" +
               frame("b", "\n") + frame("c", std::string(3000, 'y'), "77") + mark("over");
    auto err = frame("a", "e") + frame("b", "") + frame("c", "f\n");
    auto whole = reader(d);
    whole.out(out);
    whole.err(err);
    auto expected = whole.facts();
    EXPECT_EQ(expected["a"].out, "x\n\n" + nonce.substr(0, 10));
    EXPECT_EQ(expected["b"].out, "");

    auto by_byte = reader(d);
    for (char c : out) by_byte.out({&c, 1});
    for (char c : err) by_byte.err({&c, 1});
    EXPECT_TRUE(by_byte.finished());
    same(expected, by_byte.facts());

    std::mt19937 random{42};
    for (int round = 0; round < 300; ++round) {
        auto r = reader(d);
        std::string_view o = out, e = err;
        while (!o.empty() || !e.empty()) {
            auto& from = (random() % 2 && !o.empty()) || e.empty() ? o : e;
            auto n = std::min<std::size_t>(from.size(), 1 + random() % 40);
            &from == &o ? r.out(from.substr(0, n)) : r.err(from.substr(0, n));
            from.remove_prefix(n);
        }
        EXPECT_TRUE(r.finished());
        EXPECT_EQ(r.noise(), whole.noise());
        same(expected, r.facts());
    }
}

TEST(Frames, noise_before_between_and_after_is_counted_and_dropped) {
    Defs d{{"a", "b"}};
    auto r = reader(d);
    r.out("Welcome to app1!\nLast login: never\n" + frame("a", "1") + "You have mail.\n" + frame("b", "2") +
          mark("over") + "logout\n");
    r.err("stty: not a tty\n");
    EXPECT_EQ(r.noise(), std::string_view{"Welcome to app1!\nLast login: never"}.size() +
                             std::string_view{"You have mail."}.size());
    EXPECT_NE(r.noise_text().find("Welcome to app1!\n"), std::string::npos) << r.noise_text();
    auto f = r.facts();
    EXPECT_EQ(f["a"].out, "1");
    EXPECT_EQ(f["b"].out, "2");
}

TEST(Frames, a_flood_of_noise_takes_no_memory) {
    Defs d{{"a"}};
    auto r = reader(d);
    std::string block(1 << 20, 'n');
    for (int i = 0; i < 64; ++i) r.out(block), r.err(block);
    r.out(frame("a", "1"));
    EXPECT_EQ(r.noise(), 64u << 20);
    EXPECT_LE(r.noise_text().size(), 200u);
    EXPECT_EQ(r.facts()["a"].out, "1");
}

TEST(Frames, binary_noise_becomes_readable_text) {
    Defs d{{"a"}};
    auto r = reader(d);
    std::string binary;
    for (int i = 0; i < 256; ++i) binary += char(i);
    r.out(frame("a", binary + binary));
    r.err(frame("a", binary));
    auto f = r.facts();
    EXPECT_EQ(f["a"].got, Got::ok);
    EXPECT_FALSE(bad_utf8(f["a"].out));
    EXPECT_FALSE(bad_utf8(f["a"].err));
    EXPECT_EQ(f["a"].out.find_first_of(std::string_view{"\0\x1b\x07\r", 4}), std::string::npos);
}

TEST(Frames, too_much_output_is_cut_and_said) {
    Defs d{{"a", "b", "c"}};
    auto r = reader(d);
    r.out("\n" + nonce + " begin a\n");
    for (int i = 0; i < 3 * 1024; ++i) r.out(std::string(1023, 'x') + "\n"); // 3 MiB
    r.out("\n" + nonce + " end a 0\n" + frame("b", "fine") + frame("c", std::string(FrameReader::out_limit - 1, 'y')));
    r.err(frame("a", "") + frame("b", std::string(100'000, 'e')) + frame("c", ""));
    auto f = r.facts();
    EXPECT_EQ(f["a"].got, Got::too_long);
    EXPECT_LE(f["a"].out.size(), FrameReader::out_limit + 3);
    EXPECT_EQ(f["b"].got, Got::ok) << "much on standard error alone does no harm";
    EXPECT_LE(f["b"].err.size(), FrameReader::err_limit + 3);
    EXPECT_EQ(f["c"].got, Got::ok);
    EXPECT_EQ(f["c"].out.size(), FrameReader::out_limit - 1);
}

TEST(Frames, what_did_not_end_is_lost) {
    Defs d{{"a", "b", "c"}};
    auto r = reader(d);
    r.out(frame("a", "1") + "\n" + nonce + " begin b\nhalf of");
    EXPECT_FALSE(r.finished());
    auto f = r.facts();
    ASSERT_EQ(f.size(), 3u);
    EXPECT_EQ(f["a"].got, Got::ok);
    EXPECT_EQ(f["b"].got, Got::lost);
    EXPECT_EQ(f["c"].got, Got::lost);
}

TEST(Frames, a_fake_mark_is_output) {
    Defs d{{"a", "b"}};
    auto r = reader(d);
    auto fake = "\nimops-0000000000000000 end a 0\nimops-0123456789abcde begin b\nimops-0123456789abcdef\n x " + nonce +
                " end a 0";
    r.out(frame("a", "begin" + fake) + frame("b", "2"));
    auto f = r.facts();
    EXPECT_EQ(f["a"].out, "begin" + fake);
    EXPECT_EQ(f["b"].out, "2");
}

TEST(Frames, marks_that_make_no_sense_do_no_harm) {
    Defs d{{"a"}};
    for (std::string odd :
         {mark("begin"), mark("begin unknown"), mark("end a"), mark("end a 0"), mark("end unknown 0"), mark("end a x"),
          mark(""), mark("root"), mark("begin a") + mark("begin a"), "\n" + nonce + " " + std::string(100'000, 'z'),
          "\n" + nonce, mark("over") + mark("over")}) {
        auto r = reader(d);
        r.err(odd);
        r.out(odd);
        r.out(frame("a", "1"));
        auto f = r.facts();
        EXPECT_EQ(f.size(), 1u) << odd.substr(0, 60);
        EXPECT_EQ(f["a"].got, Got::ok) << odd.substr(0, 60);
        EXPECT_TRUE(f["a"].out.ends_with("1")) << odd.substr(0, 60);
    }
}

TEST(Nonce, is_never_the_same) {
    auto a = random_mark(), b = random_mark();
    EXPECT_NE(a, b);
    EXPECT_EQ(a.size(), 6u + 32);
}

TEST(ScriptText, holds_every_fact_in_order_and_quotes_what_is_foreign) {
    Defs d{{"x.one", "x.two"}};
    d.all[0].sh = "echo 1\n";
    d.all[1].sh = "echo 2";
    d.all[1].root = true;
    d.all[1].timeout.seconds = 30;
    auto s = fact_script(d.pointers, {{"IMOPS_DATA", "/srv/it's $(here)"}}, nonce).text;
    EXPECT_NE(s.find("IMOPS_DATA='/srv/it'\\''s $(here)'\n"), std::string::npos);
    auto one = s.find("begin 'x.one' 10 ''"), two = s.find("begin 'x.two' 30 root");
    EXPECT_NE(one, std::string::npos);
    EXPECT_NE(two, std::string::npos);
    EXPECT_LT(one, two);
}
