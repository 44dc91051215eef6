#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imops {

/// Takes all variables whose names begin with `prefix` out of the environment, for the rest of the program: libraries
/// no longer find them. Changing the environment is safe for nobody who reads it: call it in `main`, before there is a
/// thread.
void hide_variables(std::string_view prefix);

/// The value of a variable, of a hidden one too; nothing: there is none of that name.
std::optional<std::string> environment_variable(const std::string& name);

/// The environment as a child process gets it, with what is hidden from libraries of this one; ends with a null
/// pointer. Valid until the environment is changed.
std::vector<char*> environment_of_children();

} // namespace imops
