#pragma once
#include "core/render/format.hpp"
#include <optional>

namespace imops::render {

/// The first two lines of a file that imops wrote: which template made it, and a sum of what stands below, so that a
/// change by hand can be told from a change of the template. Remarks and empty lines do not count: a remark may be in
/// either language.
std::string stamped(Format, Lang, std::string_view template_name, std::string_view version, std::string_view body);

struct Stamp {
    std::string template_name, version;
    bool intact = false; // nobody has changed the file since
};
/// Nothing: imops did not write this file.
std::optional<Stamp> read_stamp(Format, std::string_view text);

/// The lines that count, each with its line feed.
std::string essence(Format, std::string_view text);

} // namespace imops::render
