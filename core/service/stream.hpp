#pragma once
#include "core/base/result.hpp"
#include "core/net/curl.hpp"
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace imops::service {

using Clock = std::chrono::steady_clock;

/// Bytes to and from one service. Every wait ends at the one deadline of the whole conversation, so a peer that is silent or
/// sends a byte a second holds nobody up. Errors: Code::timed_out, lost, interrupted.
class Stream {
    std::unique_ptr<net::Dialler> dialler_;
    std::unique_ptr<net::Dial> dial_; // owns the socket of a stream that was dialled
    int fd_ = -1;
    Line where_;
    Clock::time_point deadline_;
    const volatile int* stop_ = nullptr;

    std::optional<Error> wait(short events);
    Stream(Line where, Clock::time_point deadline, const volatile int* stop) : where_{std::move(where)}, deadline_{deadline}, stop_{stop} {}

  public:
    /// Errors: Code::name_not_found, refused, timed_out, unreachable, each with the remedy for a service.
    static Result<std::unique_ptr<Stream>> dial(const std::string& address, int port, Clock::time_point deadline, const volatile int* stop = nullptr);
    /// Over a connected socket, which it closes.
    static std::unique_ptr<Stream> over(int fd, Line where, Clock::time_point deadline);
    ~Stream();

    const Line& where() const { return where_; } // "10.0.0.5:6379"
    std::optional<Error> write(std::string_view);
    /// What has come, at most 64 KiB; waits for the first byte. Empty: the peer has closed.
    Result<std::string> read();
};

} // namespace imops::service
