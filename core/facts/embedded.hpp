#pragma once
#include <string_view>

namespace imops {

/// core/facts/prelude.sh: the beginning of every fact script.
std::string_view prelude_sh();

} // namespace imops
