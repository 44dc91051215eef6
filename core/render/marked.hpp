#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace imops::render {

/// The standard output of a script of ours, in pieces cut anywhere: lines that begin with the mark speak to us, all
/// others are what programs printed. A line of more than 64 KiB is cut.
class MarkedLines {
    std::string mark_, pending_;
    std::function<void(std::string_view)> told_, other_;

  public:
    /// `told` gets the line behind the mark.
    MarkedLines(std::string mark, std::function<void(std::string_view)> told,
                std::function<void(std::string_view)> other = {});
    void add(std::string_view bytes);
};

/// The first word of a line, which is taken away with the blank behind it.
std::string_view next_word(std::string_view& line);

} // namespace imops::render
