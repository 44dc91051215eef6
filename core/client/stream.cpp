#include "core/client/stream.hpp"
#include "core/base/string.hpp"
#include "core/client/datagram.hpp"
#include "core/loop/wait.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace imops::client {

namespace {

constexpr int slice = 200; // ms after which an interrupt is noticed

Error interrupted() {
    return {Code::interrupted, Text{"interrupted", "已中断"}, Text{"Run it again.", "请重新运行。"}, {}};
}

/// The dialler's own remedies speak of SSH.
Error for_service(Error e) {
    if (e.code == Code::refused)
        e.remedy = Text{"Does it run, and does it listen on this address? On its host: `ss -ltnp`. Then correct its "
                        "`bind` or listen address, or host and port in imops.yaml.",
                        "服务是否在运行、是否监听该地址？在其主机上执行 `ss -ltnp` 查看，再改正它的 "
                        "`bind`（监听地址），或 imops.yaml 中的主机和端口。"};
    return e;
}

} // namespace

Result<std::unique_ptr<Stream>> Stream::dial(const Origin& from, const std::string& address, int port,
                                             Clock::time_point deadline) {
    auto at =
        address.find(':') == address.npos ? fmt::format("{}:{}", address, port) : fmt::format("[{}]:{}", address, port);
    auto where = from.via ? say("{} from {}", "{}（从 {}）", at, from.via->name) : Line{at, at};
    auto s = std::unique_ptr<Stream>{new Stream{std::move(where), deadline, from.stop}};
    if (from.via) {
        auto tunnel = from.tunnels->open(*from.via, address, port, deadline);
        if (!tunnel) return tunnel.error();
        s->tunnel_ = *std::move(tunnel);
        s->fd_ = s->tunnel_.fd.get();
        ::fcntl(s->fd_, F_SETFL, ::fcntl(s->fd_, F_GETFL) | O_NONBLOCK);
        return s;
    }
    auto dialler = net::Dialler::open();
    if (!dialler) return dialler.error();
    s->dialler_ = std::move(*dialler);
    auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    s->dial_ = s->dialler_->dial(address, port, std::max(limit, std::chrono::milliseconds{1}));
    for (s->dialler_->perform(); s->dial_->state() == net::Dial::State::dialling; s->dialler_->perform()) {
        if (from.stop && *from.stop) return interrupted();
        s->dialler_->wait({}, slice);
    }
    if (s->dial_->state() == net::Dial::State::failed) return for_service(s->dial_->error(s->where_));
    s->fd_ = s->dial_->fd();
    return s;
}

std::unique_ptr<Stream> Stream::over(int fd, Line where, Clock::time_point deadline) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    auto s = std::unique_ptr<Stream>{new Stream{std::move(where), deadline, nullptr}};
    s->own_ = net::Fd{fd};
    s->fd_ = fd;
    return s;
}

Stream::~Stream() = default;

std::string Stream::peer_address() const { return tunnel_.fd ? std::string{} : peer_of(fd_); }

Error Stream::too_late() const {
    return {Code::timed_out,
            say("{}: takes the connection, but gives no complete answer in time",
                "{}：连接已建立，但未在时限内给出完整应答", where_),
            Text{"Is the process stopped, swapping or busy? On its host: `top`, `vmstat 1 5`. Is there a proxy between "
                 "that takes connections for a dead server?",
                 "进程是否被挂起、正在换页或过于繁忙？在其主机上执行 `top`、`vmstat 1 "
                 "5`。中间是否有代理，替已停止的服务接受连接？"},
            {}};
}

std::optional<Error> Stream::wait(short events) {
    switch (wait_until(fd_, events, deadline_, stop_)) {
    case Woken::ready: break;
    case Woken::stopped: return interrupted();
    case Woken::late: return too_late();
    }
    return {};
}

Error Stream::broke() const {
    return {Code::lost,
            say("{}: the connection broke: {}", "{}：连接中断：{}", where_, std::strerror(errno)),
            Text{"Look into the service's log.", "请查看该服务的日志。"},
            {}};
}

std::optional<Error> Stream::wait_for_tls(int result) {
    switch (::SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ: return wait(POLLIN);
    case SSL_ERROR_WANT_WRITE: return wait(POLLOUT);
    default: return broke();
    }
}

std::optional<Error> Stream::write(std::string_view bytes) {
    while (!bytes.empty()) {
        auto n = tls_ ? ::SSL_write(tls_.get(), bytes.data(), int(std::min<std::size_t>(bytes.size(), 1 << 20)))
                      : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n > 0)
            bytes.remove_prefix(std::size_t(n));
        else if (tls_) {
            if (auto e = wait_for_tls(int(n))) return e;
        } else if (errno == EAGAIN || errno == EINTR) {
            if (auto e = wait(POLLOUT)) return e;
        } else
            return broke();
    }
    return {};
}

Stream::Taken Stream::take() {
    std::string got(65536, '\0');
    auto n = tls_ ? ::SSL_read(tls_.get(), got.data(), int(got.size())) : ::recv(fd_, got.data(), got.size(), 0);
    if (n > 0) {
        got.resize(std::size_t(n));
        return {std::move(got)};
    }
    if (tls_) switch (::SSL_get_error(tls_.get(), int(n))) {
        case SSL_ERROR_WANT_READ: return {{}, POLLIN};
        case SSL_ERROR_WANT_WRITE: return {{}, POLLOUT};
        case SSL_ERROR_ZERO_RETURN:
        case SSL_ERROR_SSL:
        case SSL_ERROR_SYSCALL: return {std::string{}};
        default: return {{}, 0, true};
        }
    if (n == 0 || errno == ECONNRESET) return {std::string{}};
    if (errno == EAGAIN || errno == EINTR) return {{}, POLLIN};
    return {{}, 0, true};
}

Result<std::string> Stream::read() {
    for (;;) {
        auto taken = take();
        if (taken.broke) return broke();
        if (taken.bytes) return std::move(*taken.bytes);
        if (auto e = wait(taken.wants)) return *e;
    }
}

Result<std::pair<Stream*, std::string>> Stream::read_either(Stream& a, Stream& b) {
    for (;;) {
        pollfd p[2];
        for (int i = 0; auto* s : {&a, &b}) {
            auto taken = s->take();
            if (taken.broke) return s->broke();
            if (taken.bytes) return std::pair{s, std::move(*taken.bytes)};
            p[i++] = {s->fd_, taken.wants, 0};
        }
        switch (wait_until(p, a.deadline_, a.stop_)) {
        case Woken::ready: break;
        case Woken::stopped: return interrupted();
        case Woken::late: return a.too_late();
        }
    }
}

} // namespace imops::client
