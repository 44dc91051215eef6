#pragma once
#include "core/net/child.hpp"
#include "core/net/fleet.hpp"
#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/// What the tests of `net` share: temporary folders, keys, an sshd of their own on loopback, jobs that keep what they
/// got.
namespace imops::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Folder {
    std::string path;
    Folder() : path{"/tmp/imops-test-XXXXXX"} {
        if (!::mkdtemp(path.data())) throw std::runtime_error("no temporary folder");
    }
    Folder(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    std::string operator/(const std::string& name) const { return path + "/" + name; }
};

inline std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
inline void spit(const std::string& path, std::string_view text, mode_t mode = 0600) {
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
}
template <class F> bool soon(F&& holds, std::chrono::milliseconds limit = 60s) {
    for (auto end = Clock::now() + limit; Clock::now() < end; ::usleep(5000))
        if (holds()) return true;
    return holds();
}
inline int sh(const std::string& command) { return WEXITSTATUS(std::system(command.c_str())); }

/// Makes a key pair; returns the path of the private half.
inline std::string make_key(const Folder& folder, const std::string& name, const std::string& type = "ed25519",
                            const std::string& passphrase = "") {
    std::string path = folder / name;
    sh("ssh-keygen -q -t " + type + " -N '" + passphrase + "' -C " + name + " -f " + path + " </dev/null >/dev/null");
    return path;
}

struct Listener {
    int fd = -1, port = 0;
    explicit Listener(bool listening = true) {
        fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in a{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t size = sizeof a;
        ::bind(fd, reinterpret_cast<sockaddr*>(&a), size);
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
        port = ntohs(a.sin_port);
        if (listening) ::listen(fd, 16);
    }
    Listener(const Listener&) = delete;
    ~Listener() { ::close(fd); }
};

inline bool connects(int port) {
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{.sin_family = AF_INET, .sin_port = htons(std::uint16_t(port)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    bool ok = ::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0;
    ::close(fd);
    return ok;
}

/// An sshd on 127.0.0.1 with host keys of its own, ended by its pid.
class Server {
  public:
    Folder folder;
    int port = 0;
    std::string known_hosts; // knows this server
    explicit Server(std::vector<std::string> host_key_types = {"ed25519"}, const std::string& more = "") {
        ::mkdir("/run/sshd", 0755);
        ::chmod(folder.path.c_str(), 0755); // other users read authorized_keys
        port = Listener{false}.port;
        std::string config = "ListenAddress 127.0.0.1\nPort " + std::to_string(port) +
                             "\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nMaxStartups 100\n"
                             // so bash does not read the start files of whoever runs the tests, which may take seconds
                             "SetEnv SHLVL=2\n" +
                             "AuthorizedKeysFile " + (folder / "authorized_keys") +
                             "\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\n" + more +
                             "\n";
        std::string known;
        for (auto& type : host_key_types) {
            config += "HostKey " + make_key(folder, "host_" + type, type) + "\n";
            known += "[127.0.0.1]:" + std::to_string(port) + " " + slurp(folder / ("host_" + type + ".pub"));
        }
        spit(folder / "sshd_config", config);
        spit(known_hosts = folder / "known_hosts", known);
        start();
    }
    ~Server() { stop(); }
    void start() {
        std::string wrap = with_user
                               ? "mount --bind " + (folder / "passwd") + " /etc/passwd && mount --bind " +
                                     (folder / "shadow") + " /etc/shadow && { [ -e /etc/sudoers ] && mount --bind " +
                                     (folder / "sudoers") + " /etc/sudoers; true; } && "
                               : "";
        auto sshd = wrap + "exec /usr/sbin/sshd -D -f " + (folder / "sshd_config") + " -E " + (folder / "log");
        auto child =
            with_user ? net::Child::start({"unshare", "-m", "sh", "-c", sshd}) : net::Child::start({"sh", "-c", sshd});
        if (!child) throw std::runtime_error("sshd does not start");
        child_.emplace(*std::move(child));
        if (!soon([&] { return connects(port); }))
            throw std::runtime_error("sshd does not listen: " + slurp(folder / "log"));
    }
    void stop() { child_.reset(); }
    /// A user that only this server sees (bind mounts in its own mount namespace), with a password and the right to
    /// sudo. False: not possible here.
    bool add_user(const std::string& user, const std::string& password) {
        stop();
        spit(folder / "password", password + "\n");
        spit(folder / "passwd", slurp("/etc/passwd") + user + ":x:54321:54321::/tmp:/bin/sh\n", 0644);
        sh("{ cat /etc/shadow; printf '" + user + ":%s:19000:0:99999:7:::\\n' \"$(openssl passwd -6 -in " +
           (folder / "password") + ")\"; } >" + (folder / "shadow"));
        spit(folder / "sudoers", slurp("/etc/sudoers") + user + " ALL=(ALL:ALL) ALL\n", 0440);
        with_user = sh("unshare -m true 2>/dev/null") == 0 && has_text(folder / "shadow", user + ":$6$");
        start();
        return with_user;
    }
    bool with_user = false;
    /// Ends the processes of all log-ins, as a dying host would.
    void kill_sessions() const {
        auto scan = [](auto&& f) {
            for (auto& e : fs::directory_iterator("/proc"))
                if (std::isdigit(e.path().filename().string()[0])) f(std::stoi(e.path().filename()), e.path().string());
        };
        int listener = 0;
        scan([&](int pid, const std::string& proc) {
            auto line = slurp(proc + "/cmdline");
            if (line.starts_with("sshd: ") && line.find(folder.path) != line.npos) listener = pid;
        });
        scan([&](int pid, const std::string& proc) {
            auto stat = slurp(proc + "/stat");
            auto after = stat.rfind(") ");
            if (listener && after != stat.npos && std::atoi(stat.c_str() + after + 4) == listener) ::kill(pid, SIGKILL);
        });
    }
    void allow(const std::string& key) {
        std::ofstream(folder / "authorized_keys", std::ios::app) << slurp(key + ".pub");
    }
    Host host(const std::string& name = "db1") const {
        Host h;
        h.name = name;
        h.address = "127.0.0.1";
        h.port = port;
        h.transport = Transport::libssh2;
        h.known_hosts = known_hosts;
        return h;
    }

  private:
    static bool has_text(const std::string& path, const std::string& text) {
        return slurp(path).find(text) != std::string::npos;
    }
    std::optional<net::Child> child_;
};

/// A job that keeps what came.
struct Task {
    Host host;
    Job job;
    std::string out, err;
    explicit Task(Host h, std::string script) : host{std::move(h)} {
        job.host = &host;
        job.script.text = std::move(script);
        job.script.limit = 120s;
        job.out = [this](Stream s, std::string_view b) { (s == Stream::out ? out : err) += b; };
    }
    Task(const Task&) = delete;
};

inline Outcome run(Fleet& fleet, Task& one) { return fleet.run({&one.job, 1}).at(0); }

inline std::string describe(const Outcome& o) {
    if (o.result) return "status " + std::to_string(o.result->status);
    std::string s =
        std::string(name(o.result.error().code)) + ": " + o.result.error().what.en + " | " + o.result.error().remedy.en;
    for (auto& t : o.result.error().trace) s += " | " + t.en;
    return s + " [" + o.why.en + "]";
}
inline Code code_of(const Outcome& o) { return o.result ? Code::internal : o.result.error().code; }
inline bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// No agent of the machine, and a home without keys, unless a test says otherwise.
class Net : public testing::Test {
  protected:
    Folder home;
    Net() {
        ::unsetenv("SSH_AUTH_SOCK");
        ::mkdir((home / ".ssh").c_str(), 0700);
    }
    FleetOptions options() const {
        FleetOptions o;
        o.home = home.path;
        o.connect_limit = 60s; // a limit is no assertion: where it is, the test sets its own
        return o;
    }
};

} // namespace imops::test
