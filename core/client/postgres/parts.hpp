#pragma once
#include "core/client/target.hpp"
#include <optional>
#include <string>
#include <vector>

namespace imops::client::postgres {

/// A log-in that failed: the code of postgres.login, and the words for it.
struct Refusal {
    std::string code;
    Error error;
};

/// What libpq or the server said: SQLSTATE (empty: libpq itself, before the server said a thing) and message.
struct Complaint {
    std::string state, message;
};
/// Of the text that libpq leaves after a connection that failed, asked for verbosely: "connection to server ... failed:
/// FATAL:  28P01: ...".
Complaint read_complaint(std::string_view libpq);

/// Who asked, for what, and how: the remedies name it.
struct Asked {
    Line where;
    std::string user, database;
    bool encrypted = false;   // with TLS
    bool without_tls = false; // because imops.yaml says so
};
Refusal read_refusal(const Complaint&, const Asked&);

/// How TLS is to be spoken: as `tls:` of the service says, or, when it says nothing, wherever the server offers it.
enum class Tls { unsaid, yes, no };
Tls tls_of(const Target&);

/// What a server says before a log-in.
struct Greeting {
    Line where;
    std::string peer;                        // its numeric address; empty through a tunnel
    bool local = false;                      // on the loopback address of who asks
    bool encrypted = false, trusted = false; // TLS is spoken, with a certificate that is trusted
    std::optional<Refusal> wrong;            // no PostgreSQL, or none to log in to
};
/// Says who answers, whether TLS is offered and whether its certificate is trusted, and never logs in. It does not go
/// on to a log-in that would send the password itself to whoever is on the way.
Greeting greet(const Target&, Tls);

using Row = std::vector<std::optional<std::string>>;

} // namespace imops::client::postgres
