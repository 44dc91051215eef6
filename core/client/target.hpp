#pragma once
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/client/stream.hpp"
#include "core/model/deployment.hpp"
#include <string>

namespace imops::client {

/// What is asked, from where, as whom, and until when.
struct Target {
    std::string address;
    int port = 0;
    std::string user;
    const Secret* password = nullptr; // none: without
    std::string database;
    bool tls = false; // TLS from the first byte, or demanded by the protocol's own way
    TlsWish wish;
    Origin origin;
    Clock::time_point deadline;
    const Service* service = nullptr; // for what only some kinds of service have: url, expect, ...
};

/// What answers, by the first bytes that it sent to somebody who spoke another protocol; both empty: nobody knows.
Line who_answers(std::string_view first_bytes);

/// The Error (Code::unsupported) of somebody else on the port: who, as far as its first bytes tell. `port` is the usual
/// one of what was wanted.
Error stranger(const Stream&, Text wanted, int port, std::string_view first_bytes);
/// Somebody else answers than `wanted` ("an XMPP server"), by its first bytes.
Error stranger(const Line& where, std::string_view first_bytes, Text wanted);
/// The Error (Code::lost) of a connection that ended before the first answer.
Error closed_early(const Stream&);

} // namespace imops::client
