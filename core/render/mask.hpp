#pragma once
#include "core/render/render.hpp"

namespace imops::render {

/// Takes secrets out of text that is shown: known values, in the forms in which formats and shells write them; and in
/// configuration lines also what stands behind a name of a secret, since a live file may hold an older one.
class Mask {
    std::vector<std::string> values_; // the longest first

  public:
    explicit Mask(const std::vector<std::string>& secrets);
    /// Output of programs.
    std::string text(std::string_view) const;
    /// A line of a configuration file.
    std::string line(std::string_view) const;
};

} // namespace imops::render
