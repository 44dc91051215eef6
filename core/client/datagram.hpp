#pragma once
#include "core/client/stream.hpp"
#include <functional>

namespace imops::client {

/// Numeric address of the other end of a connected socket; empty: it has none.
std::string peer_of(int fd);

/// UDP to one address and port, from this machine: a tunnel carries none.
class Datagram {
    net::Fd fd_;
    Line where_;
    const volatile int* stop_;
    Datagram(net::Fd fd, Line where, const volatile int* stop)
        : fd_{std::move(fd)}, where_{std::move(where)}, stop_{stop} {}

  public:
    /// Resolves the name, within the deadline. Errors: Code::name_not_found, unreachable, interrupted.
    static Result<Datagram> open(const std::string& address, int port, Clock::time_point deadline,
                                 const volatile int* stop);
    const Line& where() const { return where_; } // "10.0.0.5:3478/udp"
    std::string peer_address() const { return peer_of(fd_.get()); }
    /// Sends `request`, again after 0.5, 1.5, 3.5 seconds and so on (RFC 8489, 6.2.1), until something comes that
    /// `is_answer`; what is not is let pass. Errors: Code::timed_out, refused (nobody has the port), unreachable,
    /// interrupted.
    Result<std::string> ask(std::string_view request, const std::function<bool(std::string_view)>& is_answer,
                            Clock::time_point until);
};

} // namespace imops::client
