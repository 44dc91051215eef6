#pragma once
#include "core/render/data.hpp"

namespace imops::render {

/// One file as it belongs on a host.
struct RenderedFile {
    const Component* component = nullptr;
    const FileTemplate* from = nullptr;
    std::string path, text;
    std::string name() const { return component->name + "/" + from->name; } // of the template
    unsigned mode() const { return from->secret ? 0600 : from->mode; }
};

/// The fragments of a component for one host, as sh.
struct RenderedFragments {
    const Component* component = nullptr;
    std::string functions; // that the others may call
    std::string before, check, verify, apply, prepare, ready, stop;
};

/// All that one host gets, in the order in which it is pushed.
struct HostFiles {
    std::vector<RenderedFile> files;
    std::vector<RenderedFragments> fragments; // only with `with_fragments`
    std::vector<Error> errors;                // files that could not be made, with file, line and column
};

struct Wish {
    std::vector<std::string> components; // empty: all
    bool secrets = true;                 // read them; else a placeholder stands for each
    bool fragments = false;
};

/// Renders hosts one after the other; pure but for secrets, which are read when the first file needs them.
class Renderer {
    const Components& components_;
    const Deployment& d_;
    Lang lang_;
    Wish wish_;
    SecretValues secrets_;
    std::map<const Component*, nlohmann::json> settings_; // of the deployment, by component
    TemplateData data_;

    nlohmann::json settings_for(const Component&, const Host&, const nlohmann::json& data);
    std::optional<bool> use(const Component&, const Host&) const;
    bool wanted(const Component&, const Host&, const nlohmann::json& data) const;
    std::vector<const Component*> chosen(const Host&, const nlohmann::json& data) const;
    void add_files(const Component&, const Host&, nlohmann::json& data, HostFiles&);
    void add_file(const Component&, const FileTemplate&, const Host&, const nlohmann::json& data, HostFiles&);
    void add_fragments(const Component&, const Host&, const nlohmann::json& data, HostFiles&);

  public:
    /// Refuses what `settings` of the deployment and its hosts say wrongly: all at once (Failure, Code::config).
    Renderer(const Components&, const Deployment&, const Product&, const Product& generic,
             const std::vector<Product>& all, Lang, Wish);
    HostFiles of(const Host&, const Measured&);
    /// The components that this host has, in the order in which they are pushed.
    std::vector<const Component*> components_of(const Host&, const Measured&);
    const SecretValues& secrets() const { return secrets_; }
};

} // namespace imops::render
