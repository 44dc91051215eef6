#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// `stun://`: asks for the address that the server sees. `turn://`, `turns://` and services of type turn: takes a relay
/// for real, tries what it may be used for, and gives it back. The password is the shared secret (coturn's
/// use-auth-secret), or with a user that of his account. Over UDP, but over TCP with ?transport=tcp, TLS or through a
/// host. Facts: turn.relay, turn.peers (checks/turn.yaml). Codes of its own: stun_only, secret_wrong, password_wrong,
/// quota, forbidden, no_relay, not_stun, untrusted.
Told ask_turn(const Target&);

/// Whether an address means something only in its own network: private, loopback, link-local, carrier's NAT.
bool is_private(const std::string& address);

} // namespace imops::probe
