#include "core/net/child.hpp"
#include "core/base/environment.hpp"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace imops::net {

namespace {

struct Pipe {
    Fd read, write;
    bool open() {
        int p[2];
        if (::pipe2(p, O_CLOEXEC) != 0) return false;
        read = Fd{p[0]};
        write = Fd{p[1]};
        return true;
    }
};

int spawn(const std::vector<std::string>& argv, int in, int out, int err, pid_t& pid) {
    std::vector<char*> args;
    for (auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&how);
    ::posix_spawn_file_actions_adddup2(&files, in, 0);
    ::posix_spawn_file_actions_adddup2(&files, out, 1);
    ::posix_spawn_file_actions_adddup2(&files, err, 2);
    ::posix_spawnattr_setpgroup(&how, 0);
    sigset_t defaults, none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (int s : {SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGHUP}) sigaddset(&defaults, s);
    ::posix_spawnattr_setsigdefault(&how, &defaults);
    ::posix_spawnattr_setsigmask(&how, &none);
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int rc = ::posix_spawnp(&pid, args[0], &files, &how, args.data(), environment_of_children().data());
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&how);
    return rc;
}

} // namespace

void Fd::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Result<Child> Child::start(const std::vector<std::string>& argv, Fd both) {
    auto cannot = [&](int e) {
        return Error{Code::io,
                     say("cannot run {}: {}", "无法运行 {}：{}", argv.front(), std::string(::strerror(e))),
                     Text{"Is the program installed and in PATH? Are there enough file descriptors (ulimit -n)?",
                          "程序是否已安装并在 PATH 中？文件描述符是否足够（ulimit -n）？"},
                     {}};
    };
    Pipe in, out, err;
    if ((!both && (!in.open() || !out.open())) || !err.open()) return cannot(errno);
    Child child;
    if (int rc = spawn(argv, both ? both.get() : in.read.get(), both ? both.get() : out.write.get(), err.write.get(),
                       child.pid_))
        return cannot(rc);
    child.ending_ =
        Fd{int(::syscall(SYS_pidfd_open, child.pid_, 0))}; // without it (old kernels) the loop's own beat finds the end
    child.in = std::move(in.write);
    child.out = std::move(out.read);
    child.err = std::move(err.read);
    for (int fd : {child.in.get(), child.out.get(), child.err.get()})
        if (fd >= 0) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return child;
}

Child::Child(Child&& o) noexcept
    : in{std::move(o.in)},
      out{std::move(o.out)},
      err{std::move(o.err)},
      pid_{std::exchange(o.pid_, -1)},
      ending_{std::move(o.ending_)},
      status_{o.status_} {}

Child& Child::operator=(Child&& o) noexcept {
    std::swap(in, o.in);
    std::swap(out, o.out);
    std::swap(err, o.err);
    std::swap(pid_, o.pid_);
    std::swap(ending_, o.ending_);
    std::swap(status_, o.status_);
    return *this;
}

std::optional<int> Child::status() {
    if (status_ || pid_ < 0) return status_;
    int s = 0;
    if (::waitpid(pid_, &s, WNOHANG) == pid_) status_ = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
    return status_;
}

void Child::end() {
    in.close();
    if (pid_ < 0 || status()) return;
    auto over = [&] { // asks without reaping: the number of the group must stay taken until the last kill
        siginfo_t info{};
        return ::waitid(P_PID, id_t(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
    };
    ::kill(-pid_, SIGTERM);
    auto patience = Clock::now() + std::chrono::milliseconds{300};
    while (!over() && Clock::now() < patience)
        wait_for(ending_.get(), POLLIN, std::chrono::milliseconds{ending_ ? 50 : 5});
    ::kill(-pid_, SIGKILL);
    int s = 0;
    while (::waitpid(pid_, &s, 0) < 0 && errno == EINTR) {}
    status_ = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
}

bool in_path(const std::string& program) {
    const char* path = std::getenv("PATH");
    std::string_view rest = path ? path : "/usr/bin:/bin";
    while (!rest.empty()) {
        auto folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
        if (::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0) return true;
    }
    return false;
}

} // namespace imops::net
