#pragma once
#include "core/client/target.hpp"

namespace imops::client {

/// Why TLS does not come about: a code of its own for each cause, or the name of `error.code`.
struct Obstacle {
    std::string code;
    Error error;
};

/// What is said in the clear before TLS begins.
enum class Preamble { none, xmpp_client, xmpp_server, smtp, postgres, mysql };

/// Says it, so that the next byte may be TLS. Codes: no_starttls, not_tls (somebody else answers), closed, and those of
/// Stream.
std::optional<Obstacle> lead_to_tls(Stream&, Preamble, const std::string& name);

} // namespace imops::client
