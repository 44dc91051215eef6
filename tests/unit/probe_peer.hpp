#pragma once
#include "core/probe/endpoint.hpp"
#include <arpa/inet.h>
#include <functional>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace imops::testing_help {

using namespace imops::probe;

/// A server on the loopback address that does what the test says; it ends with this object.
class Peer {
    int fd_;
    int port_ = 0;
    std::jthread thread_;

    explicit Peer(int type) : fd_{::socket(AF_INET, type | SOCK_CLOEXEC, 0)} {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
        EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size), 0);
        port_ = ntohs(at.sin_port);
    }

  public:
    /// Each connection over TCP is the script's, until it returns.
    static Peer tcp(std::function<void(int)> script) {
        Peer p{SOCK_STREAM};
        EXPECT_EQ(::listen(p.fd_, 8), 0);
        p.thread_ = std::jthread{[fd = p.fd_, script = std::move(script)] {
            for (int c; (c = ::accept(fd, nullptr, nullptr)) >= 0; ::close(c)) script(c);
        }};
        return p;
    }
    /// Each datagram is answered with what the script makes of it; an empty one is none.
    static Peer udp(std::function<std::string(std::string_view)> script) {
        Peer p{SOCK_DGRAM};
        p.thread_ = std::jthread{[fd = p.fd_, script = std::move(script)] {
            std::string bytes(65536, '\0');
            sockaddr_in from{};
            socklen_t size = sizeof from;
            for (ssize_t n;
                 (n = ::recvfrom(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size)) > 0;)
                if (auto answer = script({bytes.data(), std::size_t(n)}); !answer.empty())
                    ::sendto(fd, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
        }};
        return p;
    }
    Peer(Peer&& o) noexcept : fd_{std::exchange(o.fd_, -1)}, port_{o.port_}, thread_{std::move(o.thread_)} {}
    ~Peer() {
        if (fd_ < 0) return;
        ::shutdown(fd_, SHUT_RDWR); // wakes accept() and recvfrom()
        if (thread_.joinable()) thread_.join();
        ::close(fd_);
    }
    int port() const { return port_; }
};

inline void tell(int fd, std::string_view s) {
    EXPECT_EQ(::send(fd, s.data(), s.size(), MSG_NOSIGNAL), ssize_t(s.size()));
}
/// What comes until `end` is in it, or the other side closes.
inline std::string hear(int fd, std::string_view end) {
    std::string all;
    for (char c; all.find(end) == all.npos && ::recv(fd, &c, 1, 0) == 1;) all += c;
    return all;
}

/// A target for an endpoint with this url, whose address is the peer.
struct Asked {
    Service service;
    Target target;
    Asked(std::string url, int port, std::chrono::milliseconds limit = std::chrono::seconds{10}) {
        service.name = "e";
        service.url = std::move(url);
        service.at = fmt::format("127.0.0.1:{}", port);
        target.address = "127.0.0.1";
        target.port = port;
        target.wish.name = "im.example.com";
        target.deadline = Clock::now() + limit;
        target.service = &service;
    }
};

inline std::string line_of(const Told& told, std::string_view fact, std::string_view key) {
    auto it = told.find(fact);
    if (it == told.end()) return "(no fact)";
    auto text = "\n" + it->second.text;
    auto at = text.find(fmt::format("\n{} ", key));
    if (at == text.npos) return "(no key)";
    at += key.size() + 2;
    return text.substr(at, text.find('\n', at) - at);
}
inline std::string code_of(const Told& told) { return line_of(told, "endpoint.answer", "code"); }

} // namespace imops::testing_help
