#pragma once
#include "core/base/result.hpp"
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include <yaml-cpp/yaml.h>

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

Place place_of(const YAML::Node&);

/// Parses one document. Refused, each with its place: files over 4 MiB, bytes that are not UTF-8, syntax errors, several
/// documents, a key given twice, aliases that expand to more than 100,000 nodes or into themselves. Null when refused.
YAML::Node parse_yaml(std::string_view text, Problems&);

} // namespace imops
