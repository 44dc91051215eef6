#pragma once
#include "core/base/result.hpp"
#include "core/base/value.hpp"
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

/// The one expression language of packs, templates, playbooks and log rules: inja's grammar, with kinds checked before
/// it runs.
namespace imops {

/// The names that an expression may use: a tree of types ("memory" is a map with the member "total").
class Scope {
    Type root_{Kind::map, {}};
    const Scope* under_ = nullptr;

  public:
    Scope() = default;
    /// More names over those of another scope, which must outlive this one.
    static Scope over(const Scope& under) {
        Scope s;
        s.under_ = &under;
        return s;
    }
    /// "memory.total": makes the maps on the way. A name that is already there is replaced.
    void add(std::string_view dotted, Type type);
    const Type* find(std::string_view dotted) const;
    /// All dotted names, for near matches.
    std::vector<std::string> names() const;
};

/// Something wrong in an expression, and how far from its beginning.
struct Mistake {
    std::size_t offset = 0;
    Line what;
    Line remedy;
};

/// Why an expression gave no value: a name that has none (yet), or an arithmetic problem.
struct NoValue {
    std::string missing; // dotted name, or empty
    Line what;
    std::size_t offset = 0; // of the value, in a template of a file
};

namespace detail {
struct Compiled;
}

/// How a file is made of a template.
struct FileOptions {
    /// How a value is written: quoted as the file's format demands. Throws std::exception for one that the format
    /// cannot hold.
    std::function<std::string(const nlohmann::json&)> written;
    Lang lang = Lang::en; // what say("English", "中文") gives: a remark, which is written as it is, on one line
};

/// A parsed and checked expression or template. Cheap to copy.
class Expression {
    std::shared_ptr<const detail::Compiled> it_;
    friend class Language;

  public:
    explicit operator bool() const { return bool(it_); }
    const std::string& source() const;
    Kind kind() const; // of the value; text for a template
    /// Dotted names that it reads; those it asks for with exists("...") are not among `required`.
    const std::set<std::string>& reads() const;
    const std::set<std::string>& required() const;
    /// The value for this data, or why there is none. `reads()` that are null or not there count as missing.
    std::variant<nlohmann::json, NoValue> value(const nlohmann::json& data) const;
    /// The text of a template for this data.
    std::variant<std::string, NoValue> text(const nlohmann::json& data) const;
};

/// The functions of the language, and the way in. Not copyable: expressions belong to the language that made them.
class Language {
    struct Impl;
    std::shared_ptr<Impl> impl_;
    std::variant<Expression, Mistake> whole(const std::string& source, const Scope&, const FileOptions*) const;

  public:
    Language();
    ~Language();
    Language(const Language&) = delete;
    Language& operator=(const Language&) = delete;
    std::variant<Expression, Mistake> expression(const std::string& source, const Scope&,
                                                 std::optional<Kind> wanted = {}) const;
    std::variant<Expression, Mistake> text_template(const std::string& source, const Scope&) const;
    /// A template of a file: statements have lines of their own, each value is written by `written`. When it is
    /// rendered, more than 4 MiB of text or a million turns of its loops end it (NoValue).
    std::variant<Expression, Mistake> file_template(const std::string& source, const Scope&, FileOptions) const;
    /// Units and constants ("GiB", "days"): put them beside the data of every evaluation.
    static const nlohmann::json& constants();
};

} // namespace imops
