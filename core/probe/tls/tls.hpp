#pragma once
#include "core/client/tls/starttls.hpp"
#include "core/probe/told.hpp"

namespace imops::probe {

/// What is said before TLS begins, by the kind of service and its url.
Preamble preamble_of(const Service&);

/// What of the facts of checks/tls.yaml costs connections of its own.
struct TlsScope {
    bool weak = true;     // two more, given up before the key exchange
    bool backends = true; // one for every further address of the name
};
/// The facts of the group `tls` of any kind of service, on connections of their own; the certificate is looked at
/// whatever is wrong with it. Nothing: nobody answers, which the service's first fact tells.
Told inspect_tls(const Target&, TlsScope = {});

/// tls://: endpoint.answer and endpoint.time.
Told ask_tls(const Target&);

} // namespace imops::probe
