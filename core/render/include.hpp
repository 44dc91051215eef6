#pragma once
#include "core/render/component.hpp"

namespace imops::render {

/// A template with the files that it includes in the place of the lines that say so.
struct Expanded {
    std::string text;
    std::vector<std::pair<std::string, int>>
        lines; // for each line of `text`: the file that it stands in, and its line there
    /// The place of a byte of `text`.
    std::pair<std::string, Place> place(std::size_t offset) const;
};

/// A line `{% include "shared/tls.conf" %}` names a file of the folders of templates. Errors (Code::config): no such
/// template, a file that includes itself, a name that leads out of the folder.
Result<Expanded> expand_includes(const std::vector<TemplateSource>&, const std::string& name);

} // namespace imops::render
