#include "core/render/import/lua.hpp"
#include <cctype>

namespace imops::render {

int LuaWords::long_level() const {
    if (peek() != '[') return -1;
    int level = 0;
    while (peek(std::size_t(level) + 1) == '=') ++level;
    return peek(std::size_t(level) + 1) == '[' ? level : -1;
}

bool LuaWords::long_text(int level, std::string& into) {
    at_ += std::size_t(level) + 2;
    if (peek() == '\n') ++at_, ++line_; // the first line feed does not count
    auto close = "]" + std::string(std::size_t(level), '=') + "]";
    auto end = text_.find(close, at_);
    bool closed = end != text_.npos;
    into = text_.substr(at_, (closed ? end : text_.size()) - at_);
    for (char c : into) line_ += c == '\n';
    at_ = closed ? end + close.size() : text_.size();
    return closed;
}

/// Blanks and remarks. False: a remark that does not end.
bool LuaWords::skip_blanks() {
    for (; at_ < text_.size(); ++at_) {
        char c = peek();
        if (c == '\n')
            ++line_, fresh_ = true;
        else if (c == '-' && peek(1) == '-') {
            at_ += 2;
            if (auto level = long_level(); level >= 0) {
                std::string ignored;
                if (!long_text(level, ignored)) return false;
            } else
                while (at_ < text_.size() && peek() != '\n') ++at_;
            --at_;
        } else if (c != ' ' && c != '\t' && c != '\r' && c != '\f' && c != '\v')
            break;
    }
    return true;
}

void LuaWords::escape(std::string& into) {
    char c = peek();
    ++at_;
    if (std::isdigit(static_cast<unsigned char>(c))) {
        int code = c - '0';
        for (int i = 0; i < 2 && std::isdigit(static_cast<unsigned char>(peek())); ++i)
            code = code * 10 + (text_[at_++] - '0');
        into += char(code);
        return;
    }
    switch (c) {
    case 'n': into += '\n'; break;
    case 't': into += '\t'; break;
    case 'r': into += '\r'; break;
    case '\n': into += '\n', ++line_; break;
    default: into += c;
    }
}

LuaWord LuaWords::quoted() {
    LuaWord w{LuaWord::text, {}, line_, fresh_};
    char quote = text_[at_++];
    while (at_ < text_.size() && peek() != quote) {
        if (peek() == '\n') break;
        if (peek() == '\\' && at_ + 1 < text_.size()) {
            ++at_;
            escape(w.value);
        } else
            w.value += text_[at_++];
    }
    if (peek() != quote || at_ >= text_.size())
        w.kind = LuaWord::broken;
    else
        ++at_;
    return w;
}

LuaWord LuaWords::next() {
    bool fine = skip_blanks();
    LuaWord w{fine ? LuaWord::end : LuaWord::broken, {}, line_, fresh_};
    if (!fine || at_ >= text_.size()) return w;
    auto c = static_cast<unsigned char>(peek());
    if (c == '"' || c == '\'')
        w = quoted();
    else if (auto level = long_level(); level >= 0) {
        w.kind = LuaWord::text;
        if (!long_text(level, w.value)) w.kind = LuaWord::broken;
    } else {
        bool number = std::isdigit(c) != 0;
        w.kind = number ? LuaWord::number : std::isalpha(c) || c == '_' ? LuaWord::name : LuaWord::mark;
        w.value += char(c);
        ++at_;
        if (w.kind != LuaWord::mark)
            while (std::isalnum(static_cast<unsigned char>(peek())) || peek() == '_' || (number && peek() == '.'))
                w.value += text_[at_++];
    }
    fresh_ = false;
    return w;
}

} // namespace imops::render
