#pragma once
#include "core/client/redis/conversation.hpp"
#include "core/probe/told.hpp"

namespace imops::probe {

/// What INFO of a primary says of its replicas, as rows of the fact redis.replicas: address, state, bytes behind,
/// seconds since it answered.
std::string redis_replicas_text(std::string_view info);
/// CLUSTER INFO and CLUSTER NODES as lines of the fact redis.cluster.
std::string redis_cluster_text(std::string_view info, std::string_view nodes);

/// Asks what INFO shows to be a Sentinel for redis.masters, or a node of a cluster for redis.cluster; what the account
/// may not ask is not told.
void ask_redis_ha(RedisConversation&, std::string_view info, Told&);

} // namespace imops::probe
