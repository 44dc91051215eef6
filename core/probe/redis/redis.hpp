#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// Asks a Redis with nothing but PING, AUTH, INFO and CONFIG GET, a Sentinel also with SENTINEL MASTERS and CKQUORUM, a
/// node of a cluster with CLUSTER INFO and NODES; over a stream that is connected. Facts: redis.login, redis.info,
/// redis.rights, redis.replicas (checks/redis.yaml), redis.masters, redis.cluster (checks/redis_ha.yaml). Source of the
/// replies: redis.io, RESP2 and INFO.
Told ask_redis(Stream&, const Target&);
/// Dials it first.
Told ask_redis(const Target&);

} // namespace imops::probe
