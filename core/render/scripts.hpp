#pragma once
#include <string_view>

namespace imops::render {

/// A part of a script that is built in: "push.sh", "live.sh".
std::string_view part_of_script(std::string_view name);

} // namespace imops::render
