#pragma once
#include "core/client/target.hpp"
#include <map>

namespace imops::probe {

using namespace client;

/// One fact of a service: "key value" lines, or why it could not be read.
struct Said {
    std::string text, error;
};
/// By fact id. What is missing was not reached: the connection or the log-in failed, and `TYPE.login` tells how.
using Told = std::map<std::string, Said, std::less<>>;

/// The lines of a `TYPE.login` fact: code (ok, a Code's name or a word of the service's own), what and remedy in both
/// languages.
std::string login_text(std::string_view code, const Error* = nullptr);

} // namespace imops::probe
