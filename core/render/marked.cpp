#include "core/render/marked.hpp"
#include "core/base/string.hpp"

namespace imops::render {

MarkedLines::MarkedLines(std::string mark, std::function<void(std::string_view)> told,
                         std::function<void(std::string_view)> other)
    : mark_{std::move(mark) + " "}, told_{std::move(told)}, other_{std::move(other)} {}

void MarkedLines::add(std::string_view bytes) {
    constexpr std::size_t most = 65536;
    while (!bytes.empty()) {
        auto end = bytes.find('\n');
        pending_ += bytes.substr(0, std::min(end, most - std::min(most, pending_.size())));
        if (end == bytes.npos) return;
        bytes.remove_prefix(end + 1);
        std::string line = std::move(pending_);
        pending_.clear();
        if (line.starts_with(mark_))
            told_(std::string_view{line}.substr(mark_.size()));
        else if (other_)
            other_(line);
    }
}

std::string_view next_word(std::string_view& line) {
    auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    return word;
}

} // namespace imops::render
