#pragma once
#include "core/base/result.hpp"
#include "core/net/curl.hpp"
#include "core/net/tunnel.hpp"
#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <string_view>

namespace imops::client {

using net::Clock;

/// From where services are asked: this machine, or a host of the deployment through SSH.
struct Origin {
    const Host* via = nullptr;       // none: this machine
    net::Tunnels* tunnels = nullptr; // there when `via` is
    const volatile int* stop = nullptr;
};

/// How TLS is spoken.
struct TlsWish {
    std::string name; // whose certificate it must be, and the name that is asked for (SNI); an address is no SNI
    std::string ca;   // file of the authorities that are trusted; empty: the system's
    int oldest = TLS1_2_VERSION, newest = 0; // what imops offers; 0: the newest that OpenSSL knows
};

/// Bytes to and from one service. Every wait ends at the one deadline of the whole conversation, so a peer that is
/// silent or sends a byte a second holds nobody up. Errors: Code::timed_out, lost, interrupted.
class Stream {
    struct Free {
        void operator()(SSL* s) const { ::SSL_free(s); }
    };
    std::unique_ptr<net::Dialler> dialler_;
    std::unique_ptr<net::Dial> dial_; // owns the socket of a stream that was dialled
    net::Tunnel tunnel_;              // owns that of one through a host
    net::Fd own_;
    int fd_ = -1;
    std::unique_ptr<SSL, Free> tls_;
    Line where_;
    Clock::time_point deadline_;
    const volatile int* stop_ = nullptr;
    int tls_reason_ = 0;
    bool asked_for_certificate_ = false;

    std::optional<Error> wait(short events);
    struct Taken {
        std::optional<std::string> bytes; // none: nothing is there
        short wants = 0;                  // what to wait for then
        bool broke = false;
    };
    Taken take();
    Error too_late() const;
    std::optional<Error> wait_for_tls(int result);
    Error broke() const;
    Stream(Line where, Clock::time_point deadline, const volatile int* stop)
        : where_{std::move(where)}, deadline_{deadline}, stop_{stop} {}

  public:
    /// Errors: Code::name_not_found, refused, timed_out, unreachable, each with the remedy for a service; with `via`
    /// also those of Tunnels::open.
    static Result<std::unique_ptr<Stream>> dial(const Origin&, const std::string& address, int port,
                                                Clock::time_point deadline);
    /// Over a connected socket, which it closes.
    static std::unique_ptr<Stream> over(int fd, Line where, Clock::time_point deadline);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    const Line& where() const { return where_; } // "10.0.0.5:6379", "10.0.0.5:6379 from app1"
    std::string peer_address() const;            // numeric; empty through a tunnel
    Clock::time_point deadline() const { return deadline_; }
    int fd() const { return fd_; } // for who carries its bytes elsewhere; it stays ours
    std::optional<Error> write(std::string_view);
    /// What has come, at most 64 KiB; waits for the first byte. Empty: the peer has closed.
    Result<std::string> read();
    /// The same of whichever of two has something first, until the deadline of `a`; and which of them it was.
    static Result<std::pair<Stream*, std::string>> read_either(Stream& a, Stream& b);
    /// From here on another deadline holds: a conversation that has to clean up after itself keeps time for that.
    void end_at(Clock::time_point deadline) { deadline_ = deadline; }

    /// From here on TLS. It does not fail for a certificate that is not trusted: that is to be judged
    /// (core/probe/tls/tls.hpp), so before a secret is sent the caller looks at `trusted()`. Errors also:
    /// Code::handshake (no TLS there, or nothing in common).
    std::optional<Error> start_tls(const TlsWish&);
    /// Why the certificate is not trusted; nothing: it is.
    std::optional<Error> distrust() const;
    /// For who judges the certificate; null before start_tls.
    SSL* tls() const { return tls_.get(); }
    /// Why start_tls failed, as OpenSSL numbers it (SSL_R_...); 0: the connection was closed.
    int tls_reason() const { return tls_reason_; }
    /// The peer asked who imops is, and was told that it has no certificate.
    bool asked_for_certificate() const { return asked_for_certificate_; }
};

} // namespace imops::client
