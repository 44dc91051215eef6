#include "core/loop/process.hpp"
#include "core/base/environment.hpp"
#include "core/base/log.hpp"
#include "core/loop/wait.hpp"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace imops {

namespace {

constexpr std::size_t max_output = 16u << 20;
using Clock = std::chrono::steady_clock;

int status_of(int waited) { return WIFSIGNALED(waited) ? 128 + WTERMSIG(waited) : WEXITSTATUS(waited); }

struct Pipe {
    int read = -1, write = -1;
    bool open() {
        int p[2];
        if (::pipe2(p, O_CLOEXEC) != 0) return false;
        read = p[0];
        write = p[1];
        return true;
    }
    static void shut(int& fd) {
        if (fd >= 0) ::close(fd);
        fd = -1;
    }
    ~Pipe() {
        shut(read);
        shut(write);
    }
};

int start(const std::vector<std::string>& argv, const Pipe& in, const Pipe& out, const Pipe& err, pid_t& pid) {
    std::vector<char*> args;
    for (auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attr);
    ::posix_spawn_file_actions_adddup2(&files, in.read, 0);
    ::posix_spawn_file_actions_adddup2(&files, out.write, 1);
    ::posix_spawn_file_actions_adddup2(&files, err.write, 2);
    ::posix_spawnattr_setpgroup(&attr, 0);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    ::posix_spawnattr_setsigdefault(&attr, &defaults);
    ::posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    int rc = ::posix_spawnp(&pid, args[0], &files, &attr, args.data(), environment_of_children().data());
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attr);
    return rc;
}

} // namespace

Result<Ended> run_process(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                          std::string_view input) {
    auto cannot = [&](int e) {
        return Error{
            Code::io,
            say("cannot run {}: {}", "无法运行 {}：{}", argv.empty() ? std::string{} : argv.front(), std::strerror(e)),
            Text{"Is the program installed and in PATH?", "程序是否已安装并在 PATH 中？"},
            {}};
    };
    LogTimer timer; // arguments are not logged: they may say much of a site
    Pipe in, out, err;
    if (argv.empty() || !in.open() || !out.open() || !err.open()) return cannot(argv.empty() ? EINVAL : errno);
    pid_t pid = -1;
    if (int rc = start(argv, in, out, err, pid)) return cannot(rc);
    Pipe::shut(in.read);
    Pipe::shut(out.write);
    Pipe::shut(err.write);
    ::fcntl(in.write, F_SETFL, O_NONBLOCK);

    Ended ended;
    auto deadline = Clock::now() + limit;
    bool late = false;
    while (out.read >= 0 || err.read >= 0) {
        if (input.empty()) Pipe::shut(in.write);
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            late = true;
            break;
        }
        pollfd fds[3] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}, {in.write, POLLOUT, 0}};
        wait_for(fds, std::chrono::milliseconds{left});
        if (fds[2].revents & (POLLERR | POLLHUP)) input = {};
        if (fds[2].revents & POLLOUT)
            if (auto n = ::write(in.write, input.data(), input.size()); n > 0) input.remove_prefix(std::size_t(n));
        auto drain = [&](int& fd, short ready, std::string& into) {
            if (!ready) return;
            char buffer[65536];
            auto n = ::read(fd, buffer, sizeof buffer);
            if (n <= 0)
                Pipe::shut(fd);
            else if (into.size() < max_output)
                into.append(buffer, std::size_t(n));
        };
        drain(out.read, fds[0].revents, ended.out);
        drain(err.read, fds[1].revents, ended.err);
    }
    if (late) ::kill(-pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    log(LogLevel::info, "program",
        {{"name", argv.front()}, {"status", late ? "timed out" : std::to_string(status_of(status))}, timer.ms()});
    if (late)
        return Error{Code::timed_out,
                     say("{} did not end in {} s", "{} 在 {} 秒内未结束", argv.front(), limit.count() / 1000.0),
                     Text{"Run it by hand to see what it waits for.", "请手工运行它，看它在等待什么。"},
                     {}};
    ended.status = status_of(status);
    return ended;
}

} // namespace imops
