#pragma once
#include "core/net/curl.hpp"
#include "core/net/host_keys.hpp"
#include "core/net/session.hpp"
#include "core/net/ssh2.hpp"
#include "core/net/ssh2_login.hpp"

namespace imops::net {

/// A host reached with libssh2 over a connection that libcurl dials. A second job gets a new channel of the same
/// connection.
class Ssh2Session final : public Session {
  public:
    Ssh2Session(const Host& host, Route route, Dialler& dialler, HostKeys& host_keys,
                std::chrono::milliseconds connect_limit)
        : Session{host, std::move(route)}, dialler_{dialler}, host_keys_{host_keys}, connect_limit_{connect_limit} {}
    ~Ssh2Session() override;
    void begin(const Job& job, std::string prefix, Rise rise, Clock::time_point now) override;
    bool step(Clock::time_point now) override;
    Wants wants() const override;
    void abort() override;
    bool usable() const override { return at_ == At::close || at_ == At::idle; }

  private:
    enum class At { dial, handshake, host_key, login, open, exec, run, drain, close, idle, dead };
    enum class Go { on, wait }; // on: to the next state at once
    Go dial();
    Go handshake();
    Go host_key();
    Go login(Clock::time_point now);
    Go open();
    Go exec(Clock::time_point now);
    Go run(Clock::time_point now);
    Go drain(Clock::time_point now);
    Go close();
    int exit_status();
    void redial();
    bool feed();
    bool read(Stream stream);
    bool read_both();
    bool late(Clock::time_point now);
    Clock::time_point deadline() const {
        return (at_ == At::run || at_ == At::drain) && exchange_ ? exchange_->deadline() : deadline_;
    }
    Go finish(Result<Exit> result);
    Go fail(Error error);
    Go lost();
    Error handshake_error();
    Error unknown_key(const std::string& blob, bool other_type);
    Error changed_key(const std::string& blob, const Verdict& verdict);
    Go check_fingerprint(const std::string& blob);
    Go learn(const std::string& name, const std::string& blob);
    std::string name() const;

    Dialler& dialler_;
    HostKeys& host_keys_;
    std::chrono::milliseconds connect_limit_;
    At at_ = At::idle;
    Clock::time_point deadline_ = Clock::time_point::max(); // of dial to exec, then of the script
    Clock::time_point drained_ = Clock::time_point::max();  // when to stop waiting for the end of the streams
    Rise rise_ = Rise::none;
    std::string command_;
    bool reused_ = false, moved_ = false, end_sent_ = false;
    bool starved_ = false;                // the far side gave no room to write yet
    std::vector<std::string> seen_types_; // of host keys that did not have the fingerprint
    std::string seen_fingerprints_;
    std::vector<KnownKey> known_;
    Ssh2Events events_;
    std::unique_ptr<Dial> dial_;
    Ssh2 ssh_;
    LIBSSH2_CHANNEL* channel_ = nullptr; // freed by close(), or with the session
    std::optional<Ssh2Login> login_;
};

} // namespace imops::net
