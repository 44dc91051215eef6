#pragma once
#include "core/base/result.hpp"
#include "core/net/route.hpp"
#include <string_view>

namespace imops::net {

/// What the system's ssh said on standard error before it ended with status 255, as an error with its own code.
Error read_ssh_error(std::string_view said, const Host& host, const Line& where);

} // namespace imops::net
