#include "core/service/xml.hpp"
#include <algorithm>
#include <array>
#include <charconv>

namespace imops::service {

namespace {

constexpr std::size_t limit = 64 << 10;
constexpr int deepest = 16;
constexpr std::string_view spaces = " \t\r\n";

std::string_view local(std::string_view name) { return name.substr(name.find(':') == name.npos ? 0 : name.find(':') + 1); }

std::string utf8(unsigned c) {
    if (c < 0x80) return {char(c)};
    if (c < 0x800) return {char(0xc0 | c >> 6), char(0x80 | (c & 63))};
    if (c < 0x10000) return {char(0xe0 | c >> 12), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
    return {char(0xf0 | c >> 18), char(0x80 | (c >> 12 & 63)), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
}

enum class State { good, more, broken };

/// Reads from the beginning of some text; after anything but `good` nothing that it gave counts.
class Scanner {
    std::string_view text_;
    std::size_t at_ = 0;

    State decode(std::string_view raw, std::string& into) const {
        static constexpr std::array<std::pair<std::string_view, char>, 5> known{{{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
        while (!raw.empty()) {
            auto mark = raw.find('&');
            into += raw.substr(0, mark);
            if (mark == raw.npos) break;
            auto end = raw.find(';', mark);
            if (end == raw.npos) return State::broken;
            auto name = raw.substr(mark + 1, end - mark - 1);
            auto it = std::ranges::find(known, name, [](auto& k) { return k.first; });
            if (it != known.end()) into += it->second;
            else if (name.starts_with('#')) {
                bool hex = name.starts_with("#x");
                unsigned c = 0;
                auto digits = name.substr(hex ? 2 : 1);
                auto [last, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), c, hex ? 16 : 10);
                if (wrong != std::errc{} || last != digits.data() + digits.size() || c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return State::broken;
                into += utf8(c);
            } else
                return State::broken;
            raw.remove_prefix(end + 1);
        }
        return State::good;
    }
    /// The text of a tag between its brackets. A ">" in an attribute does not end it.
    State tag(std::string_view& inside) {
        char quote = 0;
        for (auto i = at_ + 1; i < text_.size(); ++i) {
            auto c = text_[i];
            if (quote) quote = c == quote ? 0 : quote;
            else if (c == '"' || c == '\'') quote = c;
            else if (c == '<') return State::broken;
            else if (c == '>') {
                inside = text_.substr(at_ + 1, i - at_ - 1);
                at_ = i + 1;
                return State::good;
            }
        }
        return State::more;
    }
    State attributes(std::string_view in, Element& e) const {
        for (;;) {
            in.remove_prefix(std::min(in.size(), in.find_first_not_of(spaces)));
            if (in.empty()) return State::good;
            auto equals = in.find('=');
            if (equals == in.npos || equals + 1 >= in.size()) return State::broken;
            auto name = in.substr(0, equals);
            name = name.substr(0, name.find_last_not_of(spaces) + 1);
            in.remove_prefix(equals + 1);
            in.remove_prefix(std::min(in.size(), in.find_first_not_of(spaces)));
            if (in.empty() || name.empty() || name.find_first_of(spaces) != name.npos) return State::broken;
            auto end = in[0] == '"' || in[0] == '\'' ? in.find(in[0], 1) : in.npos;
            if (end == in.npos) return State::broken;
            std::string value;
            if (decode(in.substr(1, end - 1), value) != State::good) return State::broken;
            if (name == "xmlns") e.space = value;
            e.attributes[std::string{name}] = std::move(value);
            in.remove_prefix(end + 1);
        }
    }

  public:
    explicit Scanner(std::string_view text) : text_{text} {}
    std::size_t at() const { return at_; }
    bool at_end() const { return at_ == text_.size(); }
    bool sees(std::string_view s) const { return text_.substr(at_).starts_with(s); }
    void skip_space() { at_ = std::min(text_.size(), text_.find_first_not_of(spaces, at_)); }
    /// `<?xml ...?>`, which may stand before the root.
    State declaration() {
        auto end = text_.find("?>", at_);
        if (end == text_.npos) return State::more;
        at_ = end + 2;
        return State::good;
    }
    /// `closed`: it is one without content.
    State start(Element& e, bool& closed) {
        std::string_view inside;
        if (auto s = tag(inside); s != State::good) return s;
        closed = inside.ends_with('/');
        if (closed) inside.remove_suffix(1);
        auto name = inside.substr(0, inside.find_first_of(spaces));
        if (name.empty() || name.find_first_of("!?/=\"'&") != name.npos) return State::broken;
        e.name = local(name);
        return attributes(inside.substr(name.size()), e);
    }
    State element(Element& e, int depth) {
        bool closed = false;
        if (depth > deepest) return State::broken;
        if (auto s = start(e, closed); s != State::good || closed) return s;
        for (;;) {
            auto mark = std::min(text_.size(), text_.find('<', at_));
            auto raw = text_.substr(at_, mark - at_);
            at_ = mark;
            if (mark + 1 >= text_.size()) return State::more;
            if (decode(raw, e.text) != State::good) return State::broken;
            if (sees("</")) {
                std::string_view inside;
                if (auto s = tag(inside); s != State::good) return s;
                inside = inside.substr(1, inside.find_last_not_of(spaces));
                return local(inside) == e.name ? State::good : State::broken;
            }
            Element inner;
            inner.space = e.space;
            if (auto s = element(inner, depth + 1); s != State::good) return s;
            e.children.push_back(std::move(inner));
        }
    }
};

} // namespace

const Element* Element::child(std::string_view wanted) const {
    for (auto& c : children)
        if (c.name == wanted) return &c;
    return nullptr;
}

void XmlStream::feed(std::string_view bytes) {
    all_ += bytes.size();
    if (all_ <= limit) bytes_ += bytes;
}

XmlStream::Got XmlStream::next(Element& into) {
    if (all_ > limit) return Got::broken;
    Scanner s{bytes_};
    into = {};
    s.skip_space();
    if (!open_ && s.sees("<?xml")) {
        if (s.declaration() != State::good) return Got::more;
        s.skip_space();
    }
    if (s.at_end()) return Got::more;
    if (!s.sees("<")) return Got::broken;
    if (open_ && s.sees("</")) return Got::end;
    bool closed = false;
    into.space = space_;
    auto state = open_ ? s.element(into, 1) : s.start(into, closed);
    if (state == State::more) return Got::more;
    if (state == State::broken) return Got::broken;
    bytes_.erase(0, s.at());
    if (open_) return Got::element;
    if (closed) return Got::broken;
    open_ = true;
    space_ = into.space;
    return Got::root;
}

} // namespace imops::service
