#include "core/client/datagram.hpp"
#include "core/base/string.hpp"
#include "core/loop/threads.hpp"
#include "core/loop/wait.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>

namespace imops::client {

namespace {

constexpr std::chrono::milliseconds slice{200}; // after which an interrupt is noticed

struct Free {
    void operator()(addrinfo* a) const { ::freeaddrinfo(a); }
};
using Found = std::unique_ptr<addrinfo, Free>;

Error interrupted() {
    return {Code::interrupted, Text{"interrupted", "已中断"}, Text{"Run it again.", "请重新运行。"}, {}};
}

Error unreachable(const Line& where, int why) {
    if (why == ECONNREFUSED)
        return {Code::refused,
                say("{}: nobody listens on that UDP port", "{}：该 UDP 端口没有服务监听", where),
                Text{"Does it run, and does it listen on this address with UDP? On its host: `ss -lunp`. Then correct "
                     "its listen address, or host and port in imops.yaml.",
                     "服务是否在运行、是否在该地址监听 UDP？在其主机上执行 `ss -lunp` 查看，再改正监听地址，或 "
                     "imops.yaml 中的主机和端口。"},
                {}};
    return {Code::unreachable,
            say("{}: cannot be reached: {}", "{}：无法到达：{}", where, std::strerror(why)),
            Text{"Check the route to that network (`ip route get ADDRESS`) and the firewalls between.",
                 "请检查到该网络的路由（`ip route get 地址`）以及途中的防火墙。"},
            {}};
}

/// getaddrinfo() knows no deadline: it runs in a thread of its own, which nobody waits for longer than that.
Result<Found> resolve(const std::string& address, int port, const Line& where, Clock::time_point deadline,
                      const volatile int* stop) {
    auto look = [address, port](int flags) {
        addrinfo hints{}, *found = nullptr;
        hints.ai_socktype = SOCK_DGRAM;
        hints.ai_flags = AI_NUMERICSERV | flags;
        return ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) == 0 ? Found{found}
                                                                                                 : Found{};
    };
    if (auto numeric = look(AI_NUMERICHOST)) return numeric;
    auto answer = left_behind([look] { return look(AI_ADDRCONFIG); });
    while (answer.wait_for(slice) != std::future_status::ready && Clock::now() < deadline)
        if (stop && *stop) return interrupted();
    if (answer.wait_for(std::chrono::seconds{0}) == std::future_status::ready)
        if (auto found = answer.get()) return found;
    return Error{Code::name_not_found,
                 say("{}: the name cannot be resolved", "{}：域名无法解析", where),
                 Text{"Check the spelling, /etc/hosts and the DNS server, or give the IP address in imops.yaml.",
                      "请检查拼写、/etc/hosts 和 DNS 服务器，或在 imops.yaml 中直接填写 IP 地址。"},
                 {}};
}

} // namespace

std::string peer_of(int fd) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    char text[NI_MAXHOST]{};
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
    if (::getnameinfo(reinterpret_cast<sockaddr*>(&peer), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
        return {};
    return text;
}

Result<Datagram> Datagram::open(const std::string& address, int port, Clock::time_point deadline,
                                const volatile int* stop) {
    auto at = address.find(':') == address.npos ? fmt::format("{}:{}/udp", address, port)
                                                : fmt::format("[{}]:{}/udp", address, port);
    Line where{at, at};
    auto found = resolve(address, port, where, deadline, stop);
    if (!found) return found.error();
    int why = 0;
    for (auto* a = found->get(); a; a = a->ai_next) {
        net::Fd fd{::socket(a->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        if (fd && ::connect(fd.get(), a->ai_addr, a->ai_addrlen) == 0)
            return Datagram{std::move(fd), std::move(where), stop};
        why = errno;
    }
    return unreachable(where, why);
}

Result<std::string> Datagram::ask(std::string_view request, const std::function<bool(std::string_view)>& is_answer,
                                  Clock::time_point until) {
    std::string got(65536, '\0');
    Clock::time_point again{};
    for (std::chrono::milliseconds pause{500};;) {
        auto now = Clock::now();
        if (stop_ && *stop_) return interrupted();
        if (now >= until)
            return Error{
                Code::timed_out,
                say("{}: no answer", "{}：没有应答", where_),
                Text{"Does it run, and do all firewalls between let UDP to that port through, and the answers back? On "
                     "its host: `ss -lunp`, and `tcpdump -ni any udp port PORT` shows whether the question arrives.",
                     "服务是否在运行？途中的防火墙是否放行到该端口的 UDP 及其应答？在其主机上执行 `ss -lunp`；用 "
                     "`tcpdump -ni any udp port 端口` 可看到请求是否到达。"},
                {}};
        if (now >= again) {
            if (::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN &&
                errno != EINTR)
                return unreachable(where_, errno);
            again = now + pause;
            pause *= 2;
        }
        auto wait = std::min({std::chrono::ceil<std::chrono::milliseconds>(std::min(again, until) - now), slice});
        if (!wait_for(fd_.get(), POLLIN, wait)) continue;
        auto n = ::recv(fd_.get(), got.data(), got.size(), 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return unreachable(where_, errno);
        if (n >= 0 && is_answer({got.data(), std::size_t(n)})) return got.substr(0, std::size_t(n));
    }
}

} // namespace imops::client
