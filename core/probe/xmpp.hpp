#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// Opens a stream to the XMPP domain as a client (xmpp, xmpps) or a server (xmpp-server, xmpps-server) does, demands
/// TLS with a certificate for the domain, and reads what the server offers; it does not log in. Where the server is:
/// `at`, or the port of the url, or the domain's SRV records, or the domain itself. Facts: xmpp.stream
/// (checks/xmpp.yaml). Codes of its own: host_unknown, no_starttls, starttls_failed, untrusted, no_service,
/// no_mechanism, not_xmpp, and a stream error's name (policy_violation, ...).
Told ask_xmpp(const Target&);

} // namespace imops::probe
