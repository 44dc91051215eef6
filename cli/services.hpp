#pragma once
#include "core/check/catalogue.hpp"
#include "core/facts/fact.hpp"
#include <chrono>

namespace imops {

/// Asks all services at once, each within `limit`; facts by the service's name. Types that no pack knows are left out. A service
/// that fails is facts too (`redis.login`); nothing is thrown for it.
std::map<std::string, Facts> ask_services(const Deployment&, const std::vector<const Service*>&, const Catalogue&, std::chrono::milliseconds limit);

} // namespace imops
