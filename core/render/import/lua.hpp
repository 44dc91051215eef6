#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace imops::render {

/// A word of Lua's source; `line` counts from 1, `fresh` says that it is the first of its line.
struct LuaWord {
    enum Kind : std::uint8_t { end, name, text, number, mark, broken } kind = end;
    std::string value; // of a text: what it means
    int line = 1;
    bool fresh = false;
};

/// Splits Lua's source; remarks are left out. Never throws, never reads beyond the text.
class LuaWords {
    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
    bool fresh_ = true;

    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool skip_blanks();
    /// The `=` between two brackets that begin a long text here; -1: none begins.
    int long_level() const;
    bool long_text(int level, std::string& into);
    LuaWord quoted();
    void escape(std::string& into);

  public:
    explicit LuaWords(std::string_view text) : text_{text} {}
    LuaWord next();
};

} // namespace imops::render
