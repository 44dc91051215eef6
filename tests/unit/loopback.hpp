#pragma once
#include <arpa/inet.h>
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace imops::test {

/// A server on the loopback address that does with each connection what it is told. Whatever still talks when it goes
/// is cut off.
class Loopback {
    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port_ = 0;
    std::mutex mutex_; // for both
    std::vector<int> open_;
    std::vector<std::jthread> talks_;
    std::jthread accepts_;

  public:
    std::atomic<int> now{0}, most{0}; // connections at a time

    explicit Loopback(std::function<void(int fd)> talk) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
        EXPECT_EQ(::listen(listener_, 256), 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        accepts_ = std::jthread{[this, talk] {
            for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
                std::lock_guard lock{mutex_};
                open_.push_back(fd);
                talks_.emplace_back([this, talk, fd] {
                    for (int n = ++now, seen = most; n > seen && !most.compare_exchange_weak(seen, n);) {}
                    talk(fd);
                    --now;
                    ::shutdown(fd, SHUT_RDWR);
                });
            }
        }};
    }
    ~Loopback() {
        ::shutdown(listener_, SHUT_RDWR);
        accepts_.join();
        for (auto fd : open_) ::shutdown(fd, SHUT_RDWR);
        talks_.clear();
        for (auto fd : open_) ::close(fd);
        ::close(listener_);
    }
    int port() const { return port_; }
    std::string url(std::string_view path = "/", std::string_view scheme = "http") const {
        return std::string{scheme} + "://127.0.0.1:" + std::to_string(port_) + std::string{path};
    }
};

/// All until the empty line of a request, or the end.
inline std::string hear(int fd) {
    std::string all, part(4096, '\0');
    while (all.find("\r\n\r\n") == all.npos) {
        auto n = ::recv(fd, part.data(), part.size(), 0);
        if (n <= 0) break;
        all.append(part, 0, std::size_t(n));
    }
    return all;
}
inline bool tell(int fd, std::string_view text) {
    while (!text.empty()) {
        auto n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        text.remove_prefix(std::size_t(n));
    }
    return true;
}
/// Until the other side goes.
inline void stay(int fd) {
    char c;
    while (::recv(fd, &c, 1, 0) > 0) {}
}

} // namespace imops::test
