#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace imops::render {

struct DiffLine {
    char mark = ' '; // ' ' in both, '-' only in the old, '+' only in the new, '@' the head of a hunk
    std::string text;
};

/// A unified diff with three lines around each change; empty when both are equal. Texts that differ in more than 2000
/// lines come as one hunk that takes all away and adds all.
std::vector<DiffLine> unified_diff(std::string_view before, std::string_view after);

} // namespace imops::render
