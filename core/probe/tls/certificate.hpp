#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// The lines of tls.peer: the certificate and what was agreed on, whether or not it is trusted. `name`: the one it
/// should hold.
std::string peer_text(SSL*, const std::string& name);
/// The rows of tls.chain: what the server sent, in its order.
std::string chain_text(SSL*);
/// The lines of tls.trust: whether an authority that is trusted stands behind it. Neither the name nor the dates of the
/// certificate itself count here. `ca`: the file of a private authority, if one was given.
std::string trust_text(SSL*, const std::string& ca, const Line& where);

struct Fingerprint {
    std::string sha256; // empty: no certificate
    long long not_after = 0;
};
Fingerprint fingerprint(SSL*);

} // namespace imops::probe
