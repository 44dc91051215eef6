#pragma once
#include "core/base/result.hpp"
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Strict reading of YAML files that people write: every problem with its place, all of them at once.
namespace imops {

/// Where something stands: line and column count from 1; 0 when unknown.
struct Place {
    int line = 0, column = 0;
};

/// All problems of one file, in the order of the file. Reading goes on after a problem.
class Problems {
    std::string file_;
    std::vector<std::pair<Place, Error>> found_;

  public:
    explicit Problems(std::string file) : file_{std::move(file)} {}
    const std::string& file() const { return file_; }
    /// The error's text becomes "FILE:LINE:COLUMN: what".
    void add(Place, Line what, Line remedy);
    bool none() const { return found_.empty(); }
    std::size_t count() const { return found_.size(); }
    std::vector<Error> take();
};

/// A value and where it stands in its file.
template <class T> struct Placed {
    T value{};
    Place place{};
    const T& operator*() const { return value; }
    const T* operator->() const { return &value; }
};

/// One node of a document: a tree of plain values, aliases written out.
struct Node {
    enum class Kind : std::uint8_t { null, scalar, list, map };
    Kind kind = Kind::null;
    bool quoted = false;
    Place place;
    std::string scalar;
    std::vector<Node> items; // of a list; of a map: key, value, key, value

    bool is_null() const { return kind == Kind::null; }
    bool is_scalar() const { return kind == Kind::scalar; }
    bool is_list() const { return kind == Kind::list; }
    bool is_map() const { return kind == Kind::map; }
    std::size_t pairs() const { return is_map() ? items.size() / 2 : 0; }
    const Node& key(std::size_t i) const { return items[2 * i]; }
    const Node& value(std::size_t i) const { return items[2 * i + 1]; }
    /// The value of a key; null when there is none.
    const Node* find(std::string_view key) const;
};

/// Parses one document. Refused, each with its place: files over 4 MiB, bytes that are not UTF-8, syntax errors,
/// several documents, an empty file, a key given twice, aliases that expand to more than 100,000 nodes or into
/// themselves. A refused document is a null node.
Node parse_yaml(std::string_view text, Problems&);

/// A parsed document as bytes: the packs and products that are built in were parsed when the program was built.
std::string pack_node(const Node&);
Node unpack_node(std::string_view bytes);
/// Text or packed bytes: packed ones are known by their first byte, which no YAML text has.
Node parse_document(std::string_view text_or_packed, Problems&);

} // namespace imops
