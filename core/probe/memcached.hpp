#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// Asks a Memcached with nothing but `version` and `stats`; a password is sent only to one that demands it, in its own
/// way of an item that is never stored. Facts: memcached.login, memcached.stats (checks/memcached.yaml). Source:
/// protocol.txt of Memcached.
Told ask_memcached(Stream&, const Target&);
/// Dials it first.
Told ask_memcached(const Target&);

} // namespace imops::probe
