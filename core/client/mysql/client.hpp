#pragma once
#include "core/client/stream.hpp"
#include "core/client/target.hpp"
#include "core/loop/threads.hpp"
#include "core/net/tunnel.hpp"
#include <atomic>

struct st_mysql;

namespace imops::client {

struct MysqlApi;
using MysqlRow = std::vector<std::string>;
using MysqlRows = std::vector<MysqlRow>;

/// Carries bytes between a library that insists on connecting by itself and a connection that we have made. It ends at
/// the deadline, when a side ends, and when the far side sends more than anybody should read.
class Relay {
  public:
    enum class End { one_side, late, flooded, interrupted };

  private:
    net::Door door_;
    int far_;
    std::string first_;
    Clock::time_point deadline_;
    const volatile int* stop_;
    std::atomic<End> end_{End::one_side};
    Thread thread_;
    End carry();

  public:
    /// `first`: what was already read from `far`, which must outlive this.
    Relay(net::Door door, int far, std::string first, Clock::time_point deadline, const volatile int* stop);
    int port() const { return door_.port(); }
    End end() const { return end_; }
};

/// One session, spoken by MariaDB Connector/C.
class MysqlClient {
    struct Close {
        const MysqlApi* api;
        void operator()(st_mysql*) const;
    };
    const MysqlApi& api_;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<Relay> relay_; // ends after the session, before the stream
    std::unique_ptr<st_mysql, Close> my_;
    MysqlClient(const MysqlApi& api, std::unique_ptr<Stream> s) : api_{api}, stream_{std::move(s)} {}
    void set_options(const Target&, const std::string& fingerprint, bool trusted);

  public:
    struct Trouble {
        int number = 0; // the server's or the library's; 0: what `end` says
        std::string text;
        Relay::End end = Relay::End::one_side;
    };
    /// Errors: Code::unsupported (no library), io. `trouble` tells why the log-in failed. `greeting`: what was already
    /// read from the stream. `fingerprint`, by `fingerprint_of`, is that of the certificate that TLS must meet; empty:
    /// no TLS.
    static Result<std::unique_ptr<MysqlClient>> open(std::unique_ptr<Stream>, std::string greeting, const Target&,
                                                     const std::string& fingerprint, bool trusted,
                                                     std::optional<Trouble>& trouble);
    /// Of the certificate that `s` has met, as the library compares it. Errors: Code::unsupported (no library).
    static Result<std::string> fingerprint_of(const Stream& s);
    /// The rows of one statement; a NULL is "".
    std::optional<Trouble> ask(const std::string& sql, MysqlRow& names, MysqlRows& rows);
};

} // namespace imops::client
