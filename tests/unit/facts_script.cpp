#include "core/facts/script.hpp"
#include "core/loop/process.hpp"
#include <algorithm>
#include <chrono>
#include <csignal>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <poll.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/// The script that goes to hosts, run for real by the shells that hosts have.
using namespace imops;
using Clock = std::chrono::steady_clock;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// Facts for one run; their addresses do not change.
struct Wanted {
    std::deque<FactDef> defs;
    std::vector<const FactDef*> pointers;
    void add(const std::string& id, const std::string& sh, double timeout = 20, bool root = false) {
        auto& d = defs.emplace_back();
        d.id = id;
        d.sh = sh;
        d.timeout.seconds = timeout;
        d.root = root;
        pointers.push_back(&d);
    }
};

/// A shell as sshd starts it: three pipes, standard input stays open until it is shut.
class Shell {
    pid_t pid_ = -1;
    int in_ = -1, out_ = -1, err_ = -1;

  public:
    explicit Shell(std::vector<std::string> argv, const std::string& marker = "none") {
        int in[2], out[2], err[2];
        if (::pipe2(in, O_CLOEXEC) || ::pipe2(out, O_CLOEXEC) || ::pipe2(err, O_CLOEXEC))
            throw std::runtime_error("no pipes");
        std::vector<char*> args;
        for (auto& a : argv) args.push_back(a.data());
        args.push_back(nullptr);
        auto variable = "IMOPS_TEST_MARK=" + marker;
        pid_ = ::fork();
        if (pid_ == 0) {
            ::setsid();
            ::dup2(in[0], 0);
            ::dup2(out[1], 1);
            ::dup2(err[1], 2);
            ::putenv(variable.data());
            ::execvp(args[0], args.data());
            ::_exit(127);
        }
        in_ = in[1], out_ = out[0], err_ = err[0];
        ::close(in[0]), ::close(out[1]), ::close(err[1]);
    }
    ~Shell() {
        shut();
        ::close(out_), ::close(err_);
        ::kill(-pid_, SIGKILL);
        if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    }
    void shut() {
        if (in_ >= 0) ::close(in_);
        in_ = -1;
    }
    void write(const std::string& text) {
        for (std::string_view left = text; !left.empty();) {
            auto n = ::write(in_, left.data(), left.size());
            if (n <= 0) throw std::runtime_error("the shell does not read");
            left.remove_prefix(std::size_t(n));
        }
    }
    /// Bytes that were written and that nobody has read yet.
    int unread() const {
        int n = 0;
        ::ioctl(in_, FIONREAD, &n);
        return n;
    }
    /// Gives what comes to the reader until both streams end or `enough()`.
    void read(
        FrameReader& into, const std::function<bool()>& enough = [] { return false; }) {
        auto deadline = Clock::now() + std::chrono::seconds{60};
        bool open[2]{true, true};
        while ((open[0] || open[1]) && !enough() && Clock::now() < deadline) {
            pollfd fds[2]{{open[0] ? out_ : -1, POLLIN, 0}, {open[1] ? err_ : -1, POLLIN, 0}};
            ::poll(fds, 2, 200);
            char buffer[65536];
            for (int i : {0, 1}) {
                if (!fds[i].revents) continue;
                auto n = ::read(fds[i].fd, buffer, sizeof buffer);
                if (n <= 0)
                    open[i] = false;
                else if (i == 0)
                    into.out({buffer, std::size_t(n)});
                else
                    into.err({buffer, std::size_t(n)});
            }
        }
    }
    int status() {
        int s = 0;
        ::waitpid(pid_, &s, 0);
        pid_ = -1;
        return WIFEXITED(s) ? WEXITSTATUS(s) : 128 + WTERMSIG(s);
    }
};

/// Processes with this marker in their environment, but for those that are already dead.
std::vector<std::string> with_marker(const std::string& marker) {
    std::vector<std::string> found;
    for (auto& e : std::filesystem::directory_iterator{"/proc"}) {
        auto pid = e.path().filename().string();
        if (!std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); })) continue;
        std::ostringstream environment, command;
        environment << std::ifstream{e.path() / "environ"}.rdbuf();
        if (environment.str().find("IMOPS_TEST_MARK=" + marker) == std::string::npos) continue;
        command << std::ifstream{e.path() / "cmdline"}.rdbuf();
        auto words = command.str();
        std::replace(words.begin(), words.end(), '\0', ' ');
        found.push_back(pid + " " + words);
    }
    return found;
}

/// Waits until no process with the marker is there, at most 20 s; what is there then.
std::vector<std::string> left_behind(const std::string& marker) {
    auto deadline = Clock::now() + std::chrono::seconds{20};
    for (;;) {
        auto found = with_marker(marker);
        if (found.empty() || Clock::now() > deadline) return found;
        ::poll(nullptr, 0, 20);
    }
}

struct Which {
    const char* name;
    std::vector<std::string> argv;
};

class FactScript : public testing::TestWithParam<Which> {
  protected:
    void SetUp() override {
        if (!run_process({GetParam().argv[0], "-c", ":"}, std::chrono::seconds{10}) &&
            !run_process({GetParam().argv[0], "true"}, std::chrono::seconds{10}))
            GTEST_SKIP() << GetParam().argv[0] << " is not installed";
    }
    std::string marker = random_mark();

    /// Runs to the end of the script and gives the facts.
    Facts run(const Wanted& wanted, const std::vector<std::string>& before = {}) {
        auto argv = before;
        argv.insert(argv.end(), GetParam().argv.begin(), GetParam().argv.end());
        auto nonce = random_mark();
        FrameReader reader{wanted.pointers, nonce, now};
        Shell shell{argv, marker};
        shell.write(fact_script(wanted.pointers, {{"IMOPS_DATA", "/srv/it's"}}, nonce).text);
        shell.read(reader);
        EXPECT_TRUE(reader.finished()) << reader.noise_text();
        EXPECT_EQ(reader.noise(), 0u) << reader.noise_text();
        EXPECT_EQ(reader.noise_text().find_first_not_of(" \n"), std::string::npos) << reader.noise_text();
        EXPECT_EQ(shell.status(), 0);
        shell.shut();
        EXPECT_EQ(left_behind(marker), std::vector<std::string>{});
        return reader.facts();
    }
};

} // namespace

TEST_P(FactScript, every_end_of_a_fact_is_told_apart) {
    Wanted w;
    w.add("a.value", "printf '%s\\n' \"$IMOPS_DATA\" two");
    w.add("b.status", "echo before; exit 3");
    w.add("c.absent", "absent no such thing");
    w.add("d.missing", "imops-no-such-program");
    w.add("e.have", "have cat && ! have imops-no-such-program && echo yes");
    w.add("f.error", "echo why >&2; false");
    w.add("g.input", "cat; echo end");
    w.add("h.unset", "set -eu; echo \"$imops_nothing\"");
    w.add("i.signal", "kill -9 $(sh -c 'echo $PPID')");
    w.add("j.locale", "echo $LC_ALL $(umask)");
    w.add("k.last", "echo last");
    auto f = run(w);
    EXPECT_EQ(f["a.value"].out, "/srv/it's\ntwo");
    EXPECT_EQ(f["a.value"].got, Got::ok);
    EXPECT_NEAR(f["a.value"].at, now(), 120);
    EXPECT_EQ(f["b.status"].got, Got::failed);
    EXPECT_EQ(f["b.status"].status, 3);
    EXPECT_EQ(f["c.absent"].got, Got::absent);
    EXPECT_EQ(f["c.absent"].err, "no such thing");
    EXPECT_EQ(f["d.missing"].got, Got::failed);
    EXPECT_EQ(f["d.missing"].status, 127);
    EXPECT_NE(f["d.missing"].err.find("not found"), std::string::npos);
    EXPECT_EQ(f["e.have"].out, "yes");
    EXPECT_EQ(f["f.error"].got, Got::failed);
    EXPECT_EQ(f["f.error"].err, "why");
    EXPECT_EQ(f["g.input"].out, "end") << "standard input is empty";
    EXPECT_EQ(f["h.unset"].got, Got::failed);
    EXPECT_EQ(f["i.signal"].got, Got::failed);
    EXPECT_EQ(f["i.signal"].status, 137);
    EXPECT_TRUE(f["j.locale"].out.starts_with("C ")) << f["j.locale"].out;
    EXPECT_TRUE(f["j.locale"].out.ends_with("077")) << f["j.locale"].out;
    EXPECT_EQ(f["k.last"].out, "last");
}

TEST_P(FactScript, a_fact_that_never_ends_is_ended_with_its_children_and_the_next_ones_come) {
    Wanted w;
    w.add("a.forever", "sleep 3600", 1);
    w.add("b.deep", "echo half; (sleep 3600; :) | cat | cat", 1);
    w.add("c.busy", "while :; do :; done", 1);
    w.add("d.deaf", "trap '' TERM INT HUP ALRM; while :; do sleep 3600; done", 1);
    w.add("e.next", "echo next");
    auto f = run(w);
    for (auto id : {"a.forever", "b.deep", "c.busy", "d.deaf"}) EXPECT_EQ(f[id].got, Got::timed_out) << id;
    EXPECT_EQ(f["b.deep"].out, "half");
    EXPECT_EQ(f["e.next"].out, "next");
}

TEST_P(FactScript, a_tick_in_the_moment_of_the_end_does_not_hide_how_it_ended) {
    Wanted w;
    for (int i = 0; i < 60; ++i) w.add(fmt::format("a.f{}", i), "kill -ALRM $$; exit 3");
    auto f = run(w);
    bool forgets = GetParam().argv[0] == "bash"; // a wait that was interrupted then may have lost the status
    for (auto& [id, raw] : f) EXPECT_TRUE(raw.status == 3 || (forgets && raw.status == 142)) << id << raw.status;
}

TEST_P(FactScript, a_fact_that_floods_is_cut_and_the_next_ones_come) {
    Wanted w;
    w.add("a.long", "head -c 3000000 /dev/zero | tr '\\0' x");
    w.add("b.endless", "yes", 1);
    w.add("c.errors", "head -c 300000 /dev/zero | tr '\\0' e >&2; echo fine");
    w.add("d.binary", "head -c 5000 /dev/urandom");
    w.add("e.next", "echo next");
    auto f = run(w);
    EXPECT_EQ(f["a.long"].got, Got::too_long);
    EXPECT_EQ(f["b.endless"].got, Got::timed_out);
    EXPECT_LE(f["b.endless"].out.size(), FrameReader::out_limit + 3);
    EXPECT_EQ(f["c.errors"].got, Got::ok);
    EXPECT_EQ(f["c.errors"].out, "fine");
    EXPECT_EQ(f["d.binary"].got, Got::ok);
    EXPECT_EQ(f["e.next"].out, "next");
}

TEST_P(FactScript, a_fact_that_kills_the_other_children_of_the_shell_does_not_stop_the_rest) {
    Wanted w;
    w.add("a.killer", "for s in /proc/[0-9]*/stat; do { read -r l <$s; } 2>/dev/null || continue\n"
                      "p=${l%% *}; set -- ${l##*) }; read -r me rest </proc/self/stat\n"
                      "[ \"$2\" != $$ ] || [ \"$p\" = \"$me\" ] || kill -9 \"$p\"; done; echo done");
    w.add("b.next", "echo next");
    auto f = run(w);
    EXPECT_EQ(f["a.killer"].out, "done");
    EXPECT_EQ(f["b.next"].out, "next");
}

TEST_P(FactScript, what_needs_root_is_not_tried_without) {
    Wanted w;
    w.add("a.root", "id -u", 10, true);
    w.add("b.free", "id -u");
    auto f = run(w);
    if (::geteuid() != 0) {
        EXPECT_EQ(f["a.root"].got, Got::needs_root);
        return;
    }
    EXPECT_EQ(f["a.root"].out, "0");
    auto nobody = run(w, {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
    EXPECT_EQ(nobody["a.root"].got, Got::needs_root);
    EXPECT_EQ(nobody["b.free"].out, "65534");
}

TEST_P(FactScript, nothing_stays_behind_when_the_link_dies) {
    Wanted w;
    w.add("a.first", "echo 1");
    w.add("b.forever", "echo begun >&2; (sleep 3600) | sleep 3601", 3600);
    w.add("c.never", "echo 2");
    auto nonce = random_mark();
    FrameReader reader{w.pointers, nonce, now};
    Shell shell{GetParam().argv, marker};
    shell.write(fact_script(w.pointers, {}, nonce).text);
    bool begun = false;
    shell.read(reader, [&] { // both sleeps are there
        auto all = with_marker(marker);
        begun = std::count_if(all.begin(), all.end(), [](auto& p) { return p.find(" sleep 360") != p.npos; }) >= 2;
        return begun;
    });
    ASSERT_TRUE(begun);
    shell.shut();
    shell.read(reader);
    EXPECT_EQ(left_behind(marker), std::vector<std::string>{});
    EXPECT_FALSE(reader.finished());
    auto f = reader.facts();
    EXPECT_EQ(f["a.first"].out, "1");
    EXPECT_EQ(f["b.forever"].got, Got::lost);
    EXPECT_EQ(f["c.never"].got, Got::lost);
}

TEST_P(FactScript, words_behind_it_are_not_the_end_of_the_link) {
    auto folder = std::filesystem::temp_directory_path() / marker;
    std::filesystem::create_directory(folder);
    Wanted w;
    w.add("a.first", "until [ -e " + (folder / "go").string() + " ]; do sleep 0.02; done; echo fine", 60);
    auto nonce = random_mark();
    FrameReader reader{w.pointers, nonce, now};
    Shell shell{GetParam().argv, marker};
    shell.write(fact_script(w.pointers, {}, nonce).text);
    shell.read(reader, [&] { return !reader.current().empty(); });
    shell.write("\nexit\n");
    auto deadline = Clock::now() + std::chrono::seconds{20};
    while (shell.unread() > 0 && Clock::now() < deadline) ::poll(nullptr, 0, 5);
    EXPECT_EQ(shell.unread(), 0) << "the watcher has read it";
    std::ofstream{folder / "go"} << "go";
    shell.read(reader);
    EXPECT_TRUE(reader.finished());
    EXPECT_EQ(shell.status(), 0);
    EXPECT_EQ(reader.facts()["a.first"].out, "fine");
    std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(, FactScript,
                         testing::Values(Which{"sh", {"sh", "-s"}}, Which{"dash", {"dash", "-s"}},
                                         Which{"bash_posix", {"bash", "--posix", "-s"}},
                                         Which{"busybox", {"busybox", "sh", "-s"}}),
                         [](auto& p) { return std::string{p.param.name}; });
