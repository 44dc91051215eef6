#pragma once
#include <deque>
#include <expat.h>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace imops::client {

/// An element with what is in it. Names without their prefix; `space` is its namespace.
struct Element {
    std::string name, space, text;
    std::map<std::string, std::string, std::less<>> attributes;
    std::vector<Element> children;
    /// The first child of that name; in any namespace when none is given. Null: there is none.
    const Element* child(std::string_view wanted, std::string_view in = {}) const;
    std::string_view attribute(std::string_view wanted) const; // empty when it is not there
};

/// The XML of one XMPP stream as it comes, in pieces cut anywhere: a root that stays open, and elements in it. Without
/// document types and entities (RFC 6120, 11.1). Meets whatever a network sends: an element of at most 256 KiB, 32
/// deep.
class XmlStream {
    struct Free {
        void operator()(XML_ParserStruct* p) const { ::XML_ParserFree(p); }
    };
    std::unique_ptr<XML_ParserStruct, Free> parser_;
    std::deque<Element> whole_; // the root first
    std::vector<Element> open_;
    std::size_t bytes_ = 0; // since the last element was whole
    int depth_ = 0;
    bool root_ = false, ended_ = false, broken_ = false;

    static void begins(void* self, const char* name, const char** attributes);
    static void ends(void* self, const char* name);
    static void holds(void* self, const char* text, int size);
    static void refuses(void* self, const char*, const char*, const char*, int);
    void stop();

  public:
    enum class Got { more, root, element, end, broken };
    XmlStream();
    XmlStream(XmlStream&&) = delete; // the parser knows where it is
    void feed(std::string_view bytes);
    /// What comes next; `more`: feed it. The root comes without what is in it.
    Got next(Element& into);
};

/// Text fit to stand in XML.
std::string xml_escaped(std::string_view text);

} // namespace imops::client
