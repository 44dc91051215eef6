#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// Greets a mail server, begins TLS where it is offered, and logs in where a user is given; sends no mail. With TLS
/// from the first byte for `smtps://` and port 465. Facts: smtp.session (checks/smtp.yaml). Codes of its own:
/// no_starttls, untrusted, auth_wrong, auth_down, no_auth (none is offered), busy, turned_away, not_smtp.
Told ask_smtp(const Target&);

} // namespace imops::probe
