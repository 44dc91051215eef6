#include "core/net/ssh_folder.hpp"
#include "core/loop/wait.hpp"
#include "core/net/child.hpp"
#include "core/net/ssh_config.hpp"
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace imops::net {

namespace {

namespace fs = std::filesystem;

// The path of a socket has room for 107 bytes, and ssh adds 17 while it makes one: so /tmp, whatever TMPDIR says.
constexpr const char* pattern = "/tmp/imops-XXXXXX";
constexpr int most_jumps = 8;

/// The shared connections that did not end when asked: ssh names its socket in its title ("ssh: PATH [mux]").
void kill_masters(const std::string& folder) {
    std::error_code ignored;
    for (auto& entry : fs::directory_iterator("/proc", ignored)) {
        auto name = entry.path().filename().string();
        int pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{}) continue;
        std::ifstream in(entry.path() / "cmdline", std::ios::binary);
        std::string title(4096, '\0');
        in.read(title.data(), std::streamsize(title.size())); // a process that has just ended gives an error here
        title.resize(std::size_t(in.gcount()));
        if (title.starts_with("ssh") && title.find(folder + "/") != title.npos) ::kill(pid, SIGKILL);
    }
}

Error cannot_write(const std::string& path) {
    return {Code::io,
            say("cannot write {}: {}", "无法写入 {}：{}", path, std::string(::strerror(errno))),
            Text{"Make room in /tmp and allow writing there.", "请确保 /tmp 有空间且可写。"},
            {}};
}

} // namespace

Result<std::unique_ptr<SshFolder>> SshFolder::make(std::string home, std::chrono::milliseconds connect_limit,
                                                   std::span<const Host> hosts) {
    std::string path = pattern;
    if (!::mkdtemp(path.data())) return cannot_write(path); // mode 0700
    auto folder = std::unique_ptr<SshFolder>(new SshFolder);
    folder->path_ = std::move(path);
    folder->home_ = std::move(home);
    folder->connect_limit_ = connect_limit;
    folder->hosts_ = hosts;
    return folder;
}

SshFolder::~SshFolder() {
    end_masters();
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void SshFolder::end_masters() {
    std::vector<Child> asked;
    std::error_code ignored;
    for (auto& entry : fs::directory_iterator(path_, ignored)) {
        if (!entry.is_socket(ignored)) continue;
        auto child =
            Child::start({"ssh", "-F", "none", "-o", "ControlPath=" + entry.path().string(), "-O", "exit", "--", "x"});
        if (child) asked.push_back(*std::move(child));
    }
    if (asked.empty()) return;
    auto patience = Clock::now() + std::chrono::seconds{2};
    for (auto& child : asked)
        while (!child.status() && Clock::now() < patience)
            wait_for(child.ending(), POLLIN, std::chrono::milliseconds{50});
    kill_masters(path_);
}

Result<std::string> SshFolder::config_of(const Host& host) { return write(host, 0); }

Result<std::string> SshFolder::write(const Host& host, int depth) {
    if (depth > most_jumps)
        return Error{
            Code::config,
            say("{}: too many jump hosts, or they go round in a ring", "{}：跳板机过多，或形成了环路", host.name),
            Text{"Correct `via` in imops.yaml.", "请修正 imops.yaml 中的 via。"},
            {}};
    ConfigNeeds needs{.control_path = {},
                      .jump_config = {},
                      .jump_address = {},
                      .jump_errors = {},
                      .user_config = home_ + "/.ssh/config",
                      .connect_limit = connect_limit_};
    if (!host.via.empty()) {
        auto jump = std::ranges::find(hosts_, host.via, &Host::name);
        if (jump == hosts_.end())
            return Error{Code::config,
                         say("{}: its jump host {} is not in the deployment", "{}：其跳板机 {} 不在部署描述中",
                             host.name, host.via),
                         Text{"Add that host to `hosts` in imops.yaml, or correct `via`.",
                              "请在 imops.yaml 的 hosts 中添加该主机，或修正 via。"},
                         {}};
        auto config = write(*jump, depth + 1);
        if (!config) return config.error();
        needs.jump_config = *config;
        needs.jump_address = jump->address;
    }
    if (::access(needs.user_config.c_str(), F_OK) != 0) needs.user_config.clear();
    // One connection for one set of settings: a host that is asked for again with the same text shares it.
    needs.control_path = "%";
    auto draft = config_text(host, needs);
    if (!draft) return draft.error();
    auto [it, fresh] = written_.try_emplace(*draft + host.address, fmt::format("{}/{}", path_, count_));
    auto file = it->second + ".conf";
    if (!fresh) return file;
    ++count_;
    needs.control_path = it->second;
    needs.jump_errors = file + ".err";
    auto text = config_text(host, needs);
    Fd fd{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!fd || ::write(fd.get(), (*text).data(), (*text).size()) != ssize_t((*text).size())) return cannot_write(file);
    return file;
}

} // namespace imops::net
