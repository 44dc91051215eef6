#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace imops::service {

/// An element with what is in it. Names without their prefix; `space` as its own or the next outer xmlns says, without prefixes.
struct Element {
    std::string name, space, text;
    std::map<std::string, std::string> attributes;
    std::vector<Element> children;
    const Element* child(std::string_view wanted) const;
};

/// The XML of one XMPP stream as it comes: a root that stays open, and elements in it. Like XMPP it knows no document types,
/// comments or entities of anybody's own. Meets whatever a network sends: at most 64 KiB, 16 elements deep.
class XmlStream {
    std::string bytes_; // not read yet
    std::size_t all_ = 0;
    bool open_ = false;
    std::string space_; // of the root

  public:
    enum class Got { more, root, element, end, broken };
    void feed(std::string_view bytes);
    /// What comes next; `more`: feed it. The root comes without what is in it.
    Got next(Element& into);
};

} // namespace imops::service
