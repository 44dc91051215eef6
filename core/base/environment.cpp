#include "core/base/environment.hpp"
#include <cstdlib>
#include <unistd.h>

namespace imops {

namespace {

/// "NAME=value" of those that were hidden: written once, before there is a thread.
std::vector<std::string>& hidden() {
    static std::vector<std::string> entries;
    return entries;
}

bool names(std::string_view entry, std::string_view name) {
    return entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
}

} // namespace

void hide_variables(std::string_view prefix) {
    std::vector<std::string> found;
    for (auto** e = environ; e && *e; ++e)
        if (std::string_view entry{*e}; entry.starts_with(prefix) && entry.find('=') != entry.npos)
            found.emplace_back(entry);
    for (auto& entry : found) {
        ::unsetenv(entry.substr(0, entry.find('=')).c_str());
        hidden().push_back(std::move(entry));
    }
}

std::optional<std::string> environment_variable(const std::string& name) {
    if (auto* value = std::getenv(name.c_str())) return value;
    for (auto& entry : hidden())
        if (names(entry, name)) return entry.substr(name.size() + 1);
    return {};
}

std::vector<char*> environment_of_children() {
    std::vector<char*> all;
    for (auto** e = environ; e && *e; ++e) all.push_back(*e);
    for (auto& entry : hidden()) all.push_back(entry.data());
    all.push_back(nullptr);
    return all;
}

} // namespace imops
