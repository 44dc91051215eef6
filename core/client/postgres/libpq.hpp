#pragma once
#include "core/client/postgres/parts.hpp"
#include "core/client/stream.hpp"
#include <span>

namespace imops::client::postgres {

struct LibpqApi;

/// One connection of libpq, which is opened (dlopen) at the first one: it brings Kerberos and LDAP with it, and most
/// commands need none of them. Nothing waits longer than the deadline.
class Session {
    struct Close {
        const LibpqApi* api;
        void operator()(void* connection) const;
    };
    std::unique_ptr<void, Close> connection_;
    Clock::time_point deadline_;
    const volatile int* stop_;

    explicit Session(const LibpqApi& api, Clock::time_point deadline, const volatile int* stop)
        : connection_{nullptr, Close{&api}}, deadline_{deadline}, stop_{stop} {}
    std::optional<Error> wait(short events) const;

  public:
    /// Begins to connect; nothing is waited for. `settings` are libpq's parameters. Errors: Code::unsupported (no
    /// libpq.so.5 on this machine).
    static Result<std::unique_ptr<Session>> begin(std::span<const std::pair<const char*, std::string>> settings,
                                                  const Secret* password, Clock::time_point deadline,
                                                  const volatile int* stop);
    /// Waits until it is logged in; else what libpq says. Errors: Code::timed_out, interrupted.
    Result<std::optional<Complaint>> finish();
    bool encrypted() const;
    /// The rows of the last statement. Errors: Code::remote (what the server says), timed_out, lost, interrupted.
    Result<std::vector<Row>> ask(const std::string& sql);
};

} // namespace imops::client::postgres
