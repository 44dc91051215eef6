#include "cli/matrix.hpp"
#include "core/base/string.hpp"
#include <gtest/gtest.h>
#include <thread>

using namespace imops;
using namespace std::chrono_literals;

namespace {

Product product(const std::string& ports = R"(
      - {name: app, port: 8008, from: [proxy, public]}
      - {name: gossip, port: 8074, from: [app]}
      - {name: gossip-udp, port: 8074, proto: udp, from: [app]}
      - {name: relay, port: 49152-49200, from: [proxy]}
      - {name: console, port: 9001, from: [local]})") {
    return parse_product(
        "product: t\ntitle: {en: T, zh: T}\nabout: {en: t, zh: t}\ntested: unknown\nsources: [own]\ncomponents:\n"
        "  - name: app\n    title: {en: A, zh: A}\n    role: app\n    ports:" +
            ports + R"(
  - name: db
    title: {en: D, zh: D}
    role: db
    ports:
      - {name: postgres, port: 5432, from: [app]}
  - name: proxy
    title: {en: P, zh: P}
    role: proxy
    ports:
      - {name: https, port: 443, from: [public]}
)",
        "t.yaml");
}

Deployment deployment(const std::string& hosts) {
    return parse_deployment("imops: 1\nname: t\nproduct: t\nworkload: {registered: 100}\nhosts:\n" + hosts,
                            "imops.yaml");
}
const std::string four =
    "  - {name: p, address: 10.0.0.1, roles: [proxy]}\n  - {name: a, address: 10.0.0.2, roles: [app]}\n"
    "  - {name: b, address: '[fd00::3]', roles: [app]}\n  - {name: d, address: 10.0.0.4, roles: [db]}\n";

std::vector<const Host*> all(const Deployment& d) {
    std::vector<const Host*> v;
    for (auto& h : d.hosts) v.push_back(&h);
    return v;
}
std::vector<std::string> shown(const std::vector<Flow>& flows) {
    std::vector<std::string> v;
    for (auto& f : flows) v.push_back(fmt::format("{}-{}:{}", f.from->name, f.to->name, f.port));
    return v;
}
using Names = std::vector<std::string>;

TEST(MatrixPlan, roles_that_connect_to_single_tcp_ports_of_other_hosts) {
    auto d = deployment(four);
    EXPECT_EQ(shown(plan_flows(all(d), d, product())),
              (Names{"p-a:8008", "p-b:8008", "a-b:8074", "a-d:5432", "b-d:5432", "b-a:8074"}));
}

TEST(MatrixPlan, only_what_goes_out_from_the_chosen_hosts) {
    auto d = deployment(four);
    EXPECT_EQ(shown(plan_flows({&d.hosts[2]}, d, product())), (Names{"b-d:5432", "b-a:8074"}));
}

TEST(MatrixPlan, a_port_of_two_components_is_one_way) {
    auto d = deployment(
        "  - {name: a, address: 10.0.0.2, roles: [app, db]}\n  - {name: b, address: 10.0.0.3, roles: [app]}\n");
    EXPECT_EQ(shown(plan_flows(all(d), d, product("\n      - {name: x, port: 5432, from: [app]}"))),
              (Names{"a-b:5432", "b-a:5432"}));
}

TEST(MatrixPlan, a_hosts_own_ports_are_dialled) {
    auto d = deployment("  - {name: p, address: 10.0.0.1, roles: [proxy]}\n"
                        "  - {name: a, address: 10.0.0.2, roles: [app], ports: {app: 18008}}\n"
                        "  - {name: b, address: 10.0.0.3, roles: [app]}\n");
    EXPECT_EQ(shown(plan_flows({&d.hosts[0]}, d, product())), (Names{"p-a:18008", "p-b:8008"}));
}

/// What is to be said by one host, and what it was told.
struct Actor {
    std::string name;
    std::string before = "tool python python\nready\n"; // without the mark
    std::function<std::string(const std::map<std::string, std::string>& ways)>
        answers; // "HOST:PORT" is what `ways` turns into a number
    bool never_ready = false, dies = false;
    std::optional<Error> error = {}; // instead of a status
};

/// A fleet without hosts: runs the scripts' side of the talk by a book. A script that is not the one expected ends the
/// test.
class Book final : public Fleet {
    struct Talk {
        const Job* job;
        Actor* actor;
        std::string mark, token, heard;
        bool spoken = false, answered = false, over = false;
    };
    static std::string variable(const std::string& script, const std::string& name) {
        auto at = script.find(name + "=");
        return at == script.npos ? ""
                                 : script.substr(at + name.size() + 1, script.find('\n', at) - at - name.size() - 1);
    }
    static void say(Talk& t, const std::string& lines, bool noise) {
        std::string all;
        for (auto line : split(lines, '\n'))
            if (!line.empty())
                all += fmt::format("{}\n{} {}\n", noise ? "Welcome!\nimops-0 ready\nready" : "", t.mark, line);
        for (std::size_t i = 0; i < all.size(); i += 7)
            t.job->out(Stream::out, std::string_view{all}.substr(i, 7)); // cut anywhere
        t.job->out(Stream::err, t.mark + " 0 other\n");                  // not where answers stand
    }
    bool turn(Talk& t, const std::function<void(const Outcome&)>& done, std::vector<Outcome>& outcomes) {
        if (t.over) return false;
        if (t.actor->error && !t.actor->dies) return end(t, done, outcomes);
        if (!t.spoken) {
            auto early = t.job->in();
            EXPECT_EQ(early.kind, Feed::wait) << "a shell may read ahead";
            t.spoken = true;
            say(t, t.actor->before, true);
            if (t.actor->before.find("none none") != std::string::npos) return end(t, done, outcomes);
        }
        if (t.actor->never_ready) return false;
        auto feed = t.job->in();
        if (feed.kind == Feed::end) return end(t, done, outcomes);
        if (feed.kind == Feed::wait) return false;
        t.heard += feed.bytes;
        if (t.heard.ends_with("go\n") && !t.answered) {
            t.answered = true;
            if (t.actor->dies) return end(t, done, outcomes);
            std::map<std::string, std::string> ways;
            for (auto line : split(t.heard, '\n'))
                if (auto w = split(line, ' '); w.size() == 5) {
                    EXPECT_EQ(w[0], "to");
                    ways[fmt::format("{}:{}", w[2], w[3])] = w[1];
                    said[fmt::format("{} {}:{}", t.job->host->name, w[2], w[3])] = w[4];
                }
            say(t, (t.actor->answers ? t.actor->answers(ways) : fine(ways)) + "done\n", false);
        } else if (feed.bytes == "bye\n")
            return end(t, done, outcomes);
        return true;
    }
    bool end(Talk& t, const std::function<void(const Outcome&)>& done, std::vector<Outcome>& outcomes) {
        t.over = true;
        outcomes.push_back({t.job->host,
                            t.actor->error ? Result<Exit>{*t.actor->error} : Result<Exit>{Exit{0}},
                            1ms,
                            Transport::local,
                            {}});
        done(outcomes.back());
        return true;
    }

  public:
    std::vector<Actor> actors;
    std::map<std::string, std::string> said, tokens; // "HOST ADDRESS:PORT", token or -; by host: its own
    int runs = 0;
    bool turn(std::chrono::steady_clock::time_point) override { return false; }
    Running begin(std::shared_ptr<const Job>, Done) override { throw std::logic_error{"only whole runs"}; }
    void abandon() override {}

    static std::string fine(const std::map<std::string, std::string>& ways) {
        std::string s;
        for (auto& [_, n] : ways) s += n + " ok\n";
        return s;
    }
    std::vector<Outcome> run(std::span<const Job> jobs, const std::function<void(const Outcome&)>& done) override {
        ++runs;
        std::vector<Talk> talks;
        for (auto& job : jobs) {
            auto actor = std::find_if(actors.begin(), actors.end(), [&](auto& a) { return a.name == job.host->name; });
            auto& text = job.script.text;
            Talk t{&job,
                   actor == actors.end() ? nullptr : &*actor,
                   variable(text, "matrix_mark"),
                   variable(text, "matrix_token"),
                   {}};
            if (!t.actor || t.mark.empty() || t.token.empty() ||
                !text.ends_with("matrix_main 3<&0 </dev/null; exit 0\n")) {
                ADD_FAILURE() << "unexpected script for " << job.host->name;
                return {};
            }
            tokens[t.actor->name] = t.token;
            talks.push_back(t);
        }
        std::vector<Outcome> outcomes;
        auto limit = std::chrono::steady_clock::now() + (jobs.empty() ? 0ms : jobs.front().script.limit.total.value());
        while (outcomes.size() < jobs.size() && std::chrono::steady_clock::now() < limit) {
            bool moved = false;
            for (auto& t : talks) moved |= turn(t, done, outcomes);
            if (!moved) std::this_thread::yield();
        }
        for (auto& t : talks) {
            if (t.over) continue;
            t.actor->error = Error{Code::timed_out, Text{"the script did not end", "脚本未结束"}, {}, {}};
            end(t, done, outcomes);
        }
        return outcomes;
    }
};

struct MatrixTalk : testing::Test {
    Deployment d = deployment(four);
    Product p = product();
    Book book;
    MatrixTalk() {
        for (auto* name : {"p", "a", "b", "d"}) book.actors.push_back({name});
    }
    Actor& actor(const std::string& name) {
        return *std::find_if(book.actors.begin(), book.actors.end(), [&](auto& a) { return a.name == name; });
    }
    std::map<std::string, Raw> ask(std::chrono::milliseconds limit = 3s) {
        return ask_matrix(book, all(d), d, p, limit);
    }
    /// "RESULT DETAIL" of one way.
    std::string result(const std::map<std::string, Raw>& facts, const std::string& from, const std::string& to) {
        for (auto line : split(facts.at(from).out, '\n'))
            if (auto f = split(line, '\t'); f.size() == 5 && f[0] == to)
                return fmt::format("{}{}{}", f[3], f[4].empty() ? "" : " ", f[4]);
        return "no row";
    }
};

TEST_F(MatrixTalk, rows_have_the_columns_of_the_pack) {
    auto facts = ask();
    ASSERT_EQ(facts.size(), 4u);
    EXPECT_EQ(facts.at("a").out, "b tcp/8074\t[fd00::3]\ttcp/8074\tok\t\nd tcp/5432\t10.0.0.4\ttcp/5432\tok\t");
    EXPECT_EQ(facts.at("a").got, Got::ok);
    EXPECT_GT(facts.at("a").at, 1e9);
    EXPECT_EQ(facts.at("d").out, "");
    EXPECT_EQ(facts.at("d").got, Got::ok);
}

TEST_F(MatrixTalk, each_dialler_is_told_the_token_of_its_target_and_no_brackets) {
    ask();
    EXPECT_EQ(book.said.at("a 10.0.0.4:5432"), book.tokens.at("d"));
    EXPECT_EQ(book.said.at("p fd00::3:8008"), book.tokens.at("b"));
    EXPECT_NE(book.tokens.at("b"), book.tokens.at("d"));
}

TEST_F(MatrixTalk, what_the_dialler_saw) {
    actor("p").answers = [](auto& w) {
        return w.at("10.0.0.2:8008") + " refused\n" + w.at("fd00::3:8008") + " timed_out\n";
    };
    actor("a").answers = [](auto& w) {
        return w.at("fd00::3:8074") + " other SSH-2.0\tx\n" + w.at("10.0.0.4:5432") + " unreachable No route to host\n";
    };
    actor("b").answers = [](auto& w) {
        return w.at("10.0.0.4:5432") + " error the name d is not known there\n9 ok\n777 ok\nx ok\n";
    };
    auto facts = ask();
    EXPECT_EQ(result(facts, "p", "a tcp/8008"), "refused");
    EXPECT_EQ(result(facts, "p", "b tcp/8008"), "timed_out");
    EXPECT_EQ(result(facts, "a", "b tcp/8074"), "other SSH-2.0 x");
    EXPECT_EQ(result(facts, "a", "d tcp/5432"), "refused No route to host");
    EXPECT_EQ(result(facts, "b", "d tcp/5432"), "error the name d is not known there");
    EXPECT_EQ(result(facts, "b", "a tcp/8074"), "error b did not answer in time");
}

TEST_F(MatrixTalk, a_port_that_is_held_there) {
    actor("d").before = "tool perl perl\nheld 5432\nready\n";
    actor("a").answers = [](auto& w) { return w.at("10.0.0.4:5432") + " open\n" + w.at("fd00::3:8074") + " ok\n"; };
    actor("b").answers = [](auto& w) { return w.at("10.0.0.4:5432") + " refused\n"; };
    auto facts = ask();
    EXPECT_EQ(book.said.at("a 10.0.0.4:5432"), "-");
    EXPECT_EQ(result(facts, "a", "d tcp/5432"), "held");
    EXPECT_EQ(result(facts, "b", "d tcp/5432"), "refused");
}

TEST_F(MatrixTalk, a_host_that_cannot_listen_proves_nothing_when_it_refuses) {
    actor("d").before = "tool none none\n";
    actor("a").before = "tool python python\nno_root 8008\nfailed 8074 Too many open files\nready\n";
    for (auto* name : {"p", "a", "b"})
        actor(name).answers = [](auto& w) {
            std::string s;
            for (auto& [_, n] : w) s += n + " refused\n";
            return s;
        };
    auto facts = ask();
    EXPECT_EQ(result(facts, "b", "d tcp/5432"), "no_tool d");
    EXPECT_EQ(result(facts, "p", "a tcp/8008"), "no_tool needs root to listen on 8008 on a");
    EXPECT_EQ(result(facts, "b", "a tcp/8074"), "error a cannot listen on 8074: Too many open files");
}

TEST_F(MatrixTalk, a_dialler_without_a_tool) {
    actor("a").before = "tool none none\n";
    auto facts = ask();
    EXPECT_EQ(facts.at("a").got, Got::ok);
    EXPECT_EQ(result(facts, "a", "d tcp/5432"), "no_tool a");
}

TEST_F(MatrixTalk, a_host_that_is_not_reached) {
    actor("d").error = Error{Code::timed_out, Text{"d: no answer", "d：无应答"}, {}, {}};
    actor("p").error = Error{Code::refused, Text{"p: refused", "p：被拒绝"}, {}, {}};
    actor("a").answers = [](auto& w) {
        return w.at("10.0.0.4:5432") + " timed_out\n" + w.at("fd00::3:8074") + " ok\n";
    };
    auto facts = ask();
    EXPECT_EQ(result(facts, "a", "d tcp/5432"), "error d: d: no answer");
    EXPECT_EQ(result(facts, "a", "b tcp/8074"), "ok");
    EXPECT_EQ(facts.at("p").got, Got::unreached);
    EXPECT_EQ(facts.at("p").err, "p: refused");
}

TEST_F(MatrixTalk, a_host_that_dies_in_the_middle_is_not_a_firewall) {
    actor("b").dies = true;
    actor("b").error = Error{Code::lost, Text{"the connection ended", "连接中断"}, {}, {}};
    actor("a").answers = [](auto& w) { return w.at("10.0.0.4:5432") + " ok\n" + w.at("fd00::3:8074") + " refused\n"; };
    auto facts = ask();
    EXPECT_EQ(result(facts, "a", "b tcp/8074"), "error b: the connection ended");
    EXPECT_EQ(result(facts, "b", "d tcp/5432"), "error b: the connection ended");
}

TEST_F(MatrixTalk, one_that_is_never_ready_is_not_waited_for_without_end) {
    actor("d").never_ready = true;
    actor("d").before = "tool python python\n";
    actor("a").answers = [](auto& w) { return w.at("10.0.0.4:5432") + " refused\n" + w.at("fd00::3:8074") + " ok\n"; };
    auto begun = std::chrono::steady_clock::now();
    auto facts = ask(300ms);
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 100ms); // a third: the barrier
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
    EXPECT_EQ(result(facts, "a", "b tcp/8074"), "ok");
    EXPECT_TRUE(result(facts, "a", "d tcp/5432").starts_with("error d")) << result(facts, "a", "d tcp/5432");
}

TEST_F(MatrixTalk, hosts_that_take_no_part_are_said) {
    actor("a").answers = [](auto& w) {
        return w.at("10.0.0.4:5432") + " open\n" + w.at("fd00::3:8074") + " refused\n";
    };
    auto facts = ask_matrix(book, {&d.hosts[1]}, d, p, 3s);
    ASSERT_EQ(facts.size(), 1u);
    EXPECT_EQ(result(facts, "a", "d tcp/5432"), "held");
    EXPECT_EQ(result(facts, "a", "b tcp/8074"), "error b takes no part in this run");
}

TEST_F(MatrixTalk, nothing_to_try_asks_nobody) {
    auto facts = ask_matrix(book, {&d.hosts[3]}, d, p, 3s);
    EXPECT_EQ(facts.at("d").out, "");
    EXPECT_EQ(facts.at("d").got, Got::ok);
    EXPECT_EQ(book.runs, 0);
}

} // namespace
