#pragma once
#include "core/check/catalogue.hpp"
#include "core/facts/fact.hpp"
#include <chrono>

namespace imops {

/// Asks all services and endpoints at once, each within `limit`; facts by their names. One that fails is facts too
/// (`redis.login`, `endpoint.answer`); nothing is thrown for it. `checks`: those that will judge; of TLS only what they
/// read is asked.
std::map<std::string, Facts> ask_services(const Deployment&, const std::vector<const Service*>&, const Catalogue&,
                                          const std::vector<const Check*>& checks, std::chrono::milliseconds limit);

} // namespace imops
