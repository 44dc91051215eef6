#pragma once
#include "core/base/expression.hpp"
#include "core/model/deployment.hpp"
#include "core/render/format.hpp"
#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>

/// Templates: data of templates/COMPONENT/, compiled. docs/templates.md is their format.
namespace imops::render {

/// One file of a folder of templates: built in, or a site's.
struct TemplateSource {
    std::string name; // "nginx/nginx.conf"
    std::string file; // where it was read, for messages
    std::string_view text;
};

/// What a site may set for a component.
struct Variable {
    std::string name;
    Type type;
    bool secret = false; // it is a reference to one
    Line about;
    std::string source;      // of the default, where it is a figure
    nlohmann::json fallback; // the default, or
    Expression reckoned;     // how it is reckoned for a host
};

/// One file that a component has on a host.
struct FileTemplate {
    std::string name; // "nginx.conf", in the component's folder
    std::string file; // where the template was read
    Format format = Format::conf;
    unsigned mode = 0644;
    std::string owner; // "USER:GROUP" on the host
    Placed<std::string> path_text;
    Expression path, text;                          // `path` may read what `text` reads
    Expression when;                                // none: always
    Expression each;                                // a list or table; a file for each `item`
    bool secret = false;                            // it reads a secret: nobody else may read it
    std::vector<std::pair<std::string, int>> lines; // where each line of the expanded template stands: file and line
};

/// Fragments of sh that run on the host, each with its name in the manifest. Empty: there is none.
struct Fragments {
    Expression functions, before, check, verify, apply, prepare, ready, stop;
};

/// A component that imops can configure.
struct Component {
    std::string name, file, version;
    Line title, action;                // "restart redis-server": what a push does to the service
    std::vector<std::string> roles;    // of hosts that can have it; empty: all
    std::vector<std::string> programs; // that its host must have
    std::string package;               // that brings them on Debian
    int order = 50;                    // in which components are pushed on a host, and hosts one after the other
    Expression when;                   // whether a host has it, unless `use` is set
    std::vector<Variable> variables;
    std::vector<FileTemplate> files;
    Fragments fragments;
};

class Components {
    std::unique_ptr<Language> language_ = std::make_unique<Language>();
    std::deque<Component> all_;
    friend class ComponentLoader;

  public:
    const std::deque<Component>& all() const { return all_; }
    const Component* find(std::string_view name) const;
    std::vector<std::string> names() const;
};

/// Parses, checks and compiles over the names of `scope`, for remarks in one language. A later source takes the place
/// of an earlier one of the same name. Every problem of every file is thrown at once (Failure, Code::config).
Components load_components(std::vector<TemplateSource>, const Scope& scope, Lang);

/// A value of imops.yaml or a default, as a setting of this kind. Null, and a problem, when it is none.
nlohmann::json setting_value(Kind, const Node&, Problems&);

/// Whether a name of the data is that of a secret: "db.password".
bool is_secret_name(std::string_view dotted);

} // namespace imops::render
