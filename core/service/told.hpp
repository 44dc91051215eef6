#pragma once
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/model/deployment.hpp"
#include "core/service/stream.hpp"
#include <map>
#include <string>

namespace imops::service {

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

/// One fact of a service: "key value" lines, or why it could not be read.
struct Said {
    std::string text, error;
};
/// By fact id. What is missing was not reached: the connection or the log-in failed, and `TYPE.login` tells how.
using Told = std::map<std::string, Said, std::less<>>;

/// The lines of a `TYPE.login` fact: code (ok, a Code's name or a word of the service's own), what and remedy in both
/// languages.
std::string login_text(std::string_view code, const Error* = nullptr);

/// What answers, by the first bytes that it sent to somebody who spoke another protocol; both empty: nobody knows.
Line who_answers(std::string_view first_bytes);

/// The Error (Code::unsupported) of somebody else on the port: who, as far as its first bytes tell. `port` is the usual
/// one of what was wanted.
Error stranger(const Stream&, Text wanted, int port, std::string_view first_bytes);
/// The Error (Code::lost) of a connection that ended before the first answer.
Error closed_early(const Stream&);

} // namespace imops::service
