#include "core/net/tunnel.hpp"
#include "core/base/string.hpp"
#include "core/loop/wait.hpp"
#include "core/net/ssh_errors.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>

namespace imops::net {

namespace {

constexpr int slice = 200; // ms after which an interrupt is noticed

Error no_socket() {
    return {Code::io,
            say("cannot open a socket on the loopback address: {}", "无法在回环地址上打开套接字：{}",
                std::string(::strerror(errno))),
            Text{"Are there enough file descriptors (ulimit -n), and is the interface lo up?",
                 "文件描述符是否足够（ulimit -n）？lo 网卡是否已启用？"},
            {}};
}

bool same(const sockaddr_in& a, const sockaddr_in& b) {
    return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

/// Whether one of this process' sockets has this address as its own.
bool is_ours(const sockaddr_in& peer) {
    std::error_code ignored;
    for (auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
        sockaddr_in own{};
        socklen_t size = sizeof own;
        auto fd = std::atoi(entry.path().filename().c_str());
        if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) == 0 && own.sin_family == AF_INET &&
            same(own, peer))
            return true;
    }
    return false;
}

/// "[::1]:5432", as `ssh -W` wants it.
std::string target(const std::string& address, int port) {
    bool bare6 = address.find(':') != address.npos && !address.starts_with('[');
    return bare6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

struct Reading {
    std::string_view words;
    Code code;
    Text what, remedy;
};

/// Why the far side did not open the connection, from what sshd told ssh; nothing if it was not that.
std::optional<Error> read_refusal(std::string_view said, const Line& where, const Host& via) {
    auto at = said.find("open failed: ");
    if (at == said.npos) return {};
    auto why = said.substr(at, said.find('\n', at) - at);
    const Reading readings[] = {
        {"Connection refused",
         Code::refused,
         {"connection refused, nothing listens on that port", "连接被拒绝，该端口没有服务监听"},
         {"Does it run, and does it listen on this address? On its host: `ss -ltnp`. Then correct its listen address, "
          "or host and port in imops.yaml.",
          "服务是否在运行、是否监听该地址？在其主机上执行 `ss -ltnp` 查看，再改正监听地址，或 imops.yaml "
          "中的主机和端口。"}},
        {"Name or service not known",
         Code::name_not_found,
         {"the name cannot be resolved there", "在该主机上无法解析此域名"},
         {"Look on that host: `getent hosts NAME`, /etc/resolv.conf, /etc/hosts; or give the IP address in imops.yaml.",
          "在该主机上检查：`getent hosts 域名`、/etc/resolv.conf、/etc/hosts；或在 imops.yaml 中直接填写 IP 地址。"}},
        {"Temporary failure in name resolution",
         Code::name_not_found,
         {"the name cannot be resolved there now", "在该主机上暂时无法解析此域名"},
         {"Does the DNS server answer that host? `getent hosts NAME` there, /etc/resolv.conf.",
          "DNS 服务器能否应答该主机？在其上执行 `getent hosts 域名`，并检查 /etc/resolv.conf。"}},
        {"administratively prohibited",
         Code::no_channel,
         {"that host does not let connections through", "该主机不允许转发连接"},
         {"In its sshd_config allow this user `AllowTcpForwarding local` (and `PermitOpen` for the address), then "
          "reload sshd.",
          "请在其 sshd_config 中为该用户允许 `AllowTcpForwarding local`（以及该地址的 `PermitOpen`），然后重新加载 "
          "sshd。"}},
        {"timed out",
         Code::timed_out,
         {"no answer to the attempt to connect", "连接无响应"},
         {"A firewall between drops packets to that port, or the address is wrong: `nc -vz -w3 ADDRESS PORT` on that "
          "host.",
          "途中有防火墙丢弃了到该端口的数据包，或地址有误：在该主机上执行 `nc -vz -w3 地址 端口`。"}},
    };
    for (auto& r : readings)
        if (why.find(r.words) != why.npos)
            return Error{r.code, say("{}: {}", "{}：{}", where, r.what), say("{}", "{}", r.remedy), {}};
    return Error{Code::unreachable,
                 say("{}: cannot be reached: {}", "{}：无法到达：{}", where, printable(why, 120)),
                 say("On {} look at the route (`ip route get ADDRESS`) and the firewalls between.",
                     "请在 {} 上检查路由（`ip route get 地址`）以及途中的防火墙。", via.name),
                 {}};
}

/// What ssh tells people, without what LogLevel=DEBUG2 adds.
std::string without_debug(const std::string& said) {
    std::string rest;
    for (auto line : split(said, '\n'))
        if (!line.starts_with("debug")) rest.append(line).append("\n");
    return rest;
}

} // namespace

Result<Door> Door::open() {
    Door d;
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    d.listener_ = Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    auto* address = reinterpret_cast<sockaddr*>(&at);
    if (!d.listener_ || ::bind(d.listener_.get(), address, size) != 0 || ::listen(d.listener_.get(), 4) != 0 ||
        ::getsockname(d.listener_.get(), address, &size) != 0)
        return no_socket();
    d.port_ = ntohs(at.sin_port);
    return d;
}

Result<Fd> Door::accept(Clock::time_point deadline) {
    for (;;) {
        if (wait_until(listener_.get(), POLLIN, deadline, nullptr) == Woken::late)
            return Error{Code::timed_out,
                         Text{"nobody came through the door on the loopback address", "回环地址上的入口没有等到连接"},
                         Text{"Run it again.", "请重新运行。"},
                         {}};
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        Fd fd{::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC)};
        if (fd && is_ours(peer)) return fd;
    }
}

Result<std::pair<Fd, Fd>> tcp_pair() {
    auto door = Door::open();
    if (!door) return door.error();
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(std::uint16_t(door->port()));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // Without waiting, so that connect() may be called once more: libcurl 7.88 does so with a socket of which it was
    // told that it is connected, and Linux says yes to the first who asks how such an attempt went.
    Fd near{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!near || (::connect(near.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 && errno != EINPROGRESS))
        return no_socket();
    auto far = (*door).accept(Clock::now() + std::chrono::seconds{5});
    if (!far) return far.error();
    ::fcntl(near.get(), F_SETFL, ::fcntl(near.get(), F_GETFL) & ~O_NONBLOCK);
    return std::pair{std::move(near), *std::move(far)};
}

Tunnels::Tunnels(std::span<const Host> hosts, std::chrono::milliseconds connect_limit, const volatile int* stop)
    : home_{home_folder()}, hosts_{hosts}, connect_limit_{connect_limit}, stop_{stop} {}

Result<std::string> Tunnels::config_of(const Host& via) {
    std::lock_guard lock{mutex_};
    if (!folder_) {
        auto made = SshFolder::make(home_, connect_limit_, hosts_);
        if (!made) return made.error();
        folder_ = *std::move(made);
    }
    return folder_->config_of(via);
}

Result<std::shared_ptr<void>> Tunnels::place_at(const Host& via, Clock::time_point deadline) {
    Gate* gate;
    {
        std::lock_guard lock{mutex_};
        auto& g = gates_[via.name];
        if (!g) g = std::make_unique<Gate>();
        gate = g.get();
    }
    while (!gate->free.try_acquire_for(std::chrono::milliseconds{slice}))
        if ((stop_ && *stop_) || Clock::now() > deadline)
            return Error{Code::timed_out,
                         say("{}: too many connections go through it at once", "{}：同时经它转发的连接过多", via.name),
                         Text{"Raise --timeout.", "请调大 --timeout。"},
                         {}};
    return std::shared_ptr<void>{gate, [](void* g) { static_cast<Gate*>(g)->free.release(); }};
}

Result<Tunnel> Tunnels::open(const Host& via, const std::string& address, int port, Clock::time_point deadline,
                             Fd end) {
    auto where = say("{} from {}", "{}（从 {}）", target(address, port), via.name);
    auto config = config_of(via);
    if (!config) return config.error();
    auto place = place_at(via, deadline);
    if (!place) return place.error();
    Tunnel t;
    t.place_ = *std::move(place);
    if (!end) {
        auto pair = tcp_pair();
        if (!pair) return pair.error();
        std::tie(t.fd, end) = *std::move(pair);
    }
    auto child = Child::start({"ssh", "-F", *config, "-o", "LogLevel=DEBUG2", "-o", "ControlMaster=no", "-o",
                               "ControlPath=none", "-W", target(address, port), "--", via.address},
                              std::move(end));
    if (!child) return child.error();
    t.ssh_ = std::make_unique<Child>(*std::move(child));
    std::string said;
    for (bool over = false;;) {
        char buffer[4096];
        auto n = ::read(t.ssh_->err.get(), buffer, sizeof buffer);
        if (n > 0) said.append(buffer, std::size_t(n));
        if (said.find(": open confirm ") != said.npos) break;
        if (n > 0) continue;
        if (over || n == 0) {
            if (auto e = read_refusal(said, where, via)) return *e;
            auto who = Line{via.name, via.name};
            return read_ssh_error(without_debug(said), via, who);
        }
        over = t.ssh_->status().has_value();
        if (stop_ && *stop_)
            return Error{Code::interrupted, Text{"interrupted", "已中断"}, Text{"Run it again.", "请重新运行。"}, {}};
        if (Clock::now() > deadline)
            return Error{Code::timed_out,
                         say("{}: no answer to the attempt to connect", "{}：连接无响应", where),
                         say("Look on {}: `nc -vz -w3 ADDRESS PORT`; does a firewall between drop the packets?",
                             "请在 {} 上执行 `nc -vz -w3 地址 端口`；途中是否有防火墙丢弃数据包？", via.name),
                         {}};
        wait_for(t.ssh_->err.get(), POLLIN, std::chrono::milliseconds{slice});
    }
    t.ssh_->err.close(); // nobody reads it from here on, and a full pipe would stop ssh
    return t;
}

} // namespace imops::net
