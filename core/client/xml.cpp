#include "core/client/xml.hpp"
#include <algorithm>
#include <new>

namespace imops::client {

namespace {

constexpr char separator = '\n'; // between namespace and name, as expat gives them
constexpr std::size_t most_bytes = 256 << 10;
constexpr int most_depth = 32;

} // namespace

const Element* Element::child(std::string_view wanted, std::string_view in) const {
    auto it =
        std::ranges::find_if(children, [&](auto& c) { return c.name == wanted && (in.empty() || c.space == in); });
    return it == children.end() ? nullptr : &*it;
}

std::string_view Element::attribute(std::string_view wanted) const {
    auto it = attributes.find(wanted);
    return it == attributes.end() ? std::string_view{} : std::string_view{it->second};
}

XmlStream::XmlStream() : parser_{::XML_ParserCreateNS("UTF-8", separator)} {
    if (!parser_) throw std::bad_alloc{};
    ::XML_SetUserData(parser_.get(), this);
    ::XML_SetElementHandler(parser_.get(), begins, ends);
    ::XML_SetCharacterDataHandler(parser_.get(), holds);
    ::XML_SetStartDoctypeDeclHandler(parser_.get(), refuses);
}

void XmlStream::stop() {
    broken_ = true;
    ::XML_StopParser(parser_.get(), XML_FALSE);
}

void XmlStream::begins(void* self, const char* name, const char** attributes) {
    auto& s = *static_cast<XmlStream*>(self);
    if (s.broken_) return;
    Element e;
    std::string_view full{name};
    auto cut = full.rfind(separator);
    e.name = full.substr(cut + 1); // npos + 1 is 0
    if (cut != full.npos) e.space = full.substr(0, cut);
    for (; *attributes; attributes += 2) {
        std::string_view key{attributes[0]};
        e.attributes[std::string{key.substr(key.rfind(separator) + 1)}] = attributes[1];
    }
    if (++s.depth_ > most_depth) return s.stop();
    if (s.depth_ == 1)
        s.whole_.push_back(std::move(e));
    else
        s.open_.push_back(std::move(e));
}

void XmlStream::ends(void* self, const char*) {
    auto& s = *static_cast<XmlStream*>(self);
    if (s.broken_) return;
    if (--s.depth_ == 0) {
        s.ended_ = true;
        return;
    }
    auto e = std::move(s.open_.back());
    s.open_.pop_back();
    auto& into = s.open_.empty() ? s.whole_.emplace_back() : s.open_.back().children.emplace_back();
    into = std::move(e);
    if (s.open_.empty()) s.bytes_ = 0;
}

void XmlStream::holds(void* self, const char* text, int size) {
    auto& s = *static_cast<XmlStream*>(self);
    if (!s.open_.empty()) s.open_.back().text.append(text, std::size_t(size));
}

void XmlStream::refuses(void* self, const char*, const char*, const char*, int) {
    static_cast<XmlStream*>(self)->stop();
}

void XmlStream::feed(std::string_view bytes) {
    if (broken_ || ended_) return;
    for (; !bytes.empty() && !broken_; bytes.remove_prefix(std::min(bytes.size(), most_bytes))) {
        auto piece = bytes.substr(0, most_bytes);
        if (::XML_Parse(parser_.get(), piece.data(), int(piece.size()), XML_FALSE) != XML_STATUS_OK)
            broken_ = !ended_; // what follows the end counts no more
        bytes_ += piece.size();
        if (bytes_ > most_bytes + piece.size()) broken_ = true;
    }
}

XmlStream::Got XmlStream::next(Element& into) {
    if (!whole_.empty()) {
        into = std::move(whole_.front());
        whole_.pop_front();
        bool first = !root_;
        root_ = true;
        return first ? Got::root : Got::element;
    }
    return broken_ ? Got::broken : ended_ ? Got::end : Got::more;
}

std::string xml_escaped(std::string_view text) {
    std::string out;
    for (char c : text)
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '\'')
            out += "&apos;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    return out;
}

} // namespace imops::client
