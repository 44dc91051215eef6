#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// Looks a name up, and compares with `expect.values`: exactly these, in any order. Codes of its own: nxdomain,
/// no_record, servfail, refused_by_server, wrong_values, not_dns, needs_server.
Told ask_dns(const Target&);

} // namespace imops::probe
