#pragma once
#include "cli/compare.hpp"

namespace imops {

/// Shows the plan, asks, and puts the files in place, host by host; or only lays them beside their targets and runs the
/// checkers (`try_only`).
void push(Program&, Rendering&, const RenderOptions&, Report&);

} // namespace imops
