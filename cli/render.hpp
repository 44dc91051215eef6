#pragma once
#include "cli/program.hpp"
#include "core/render/render.hpp"
#include <chrono>

namespace imops {

/// What `imops render` was told.
struct RenderOptions {
    std::string out; // -o
    std::vector<std::string> hosts, components;
    std::vector<std::string> template_folders; // --templates
    std::string from;                          // facts of a bundle
    bool list = false, diff = false, check = false, push = false, dry = false, yes = false, measure = false;
    int fan_out = 1;
    std::chrono::seconds patience{60}; // that services and probes may take to answer
};

/// Everything that is needed to render hosts: what was read, and measured figures of each host.
class Rendering {
    Program& p_;
    RenderOptions o_;
    Deployment d_;
    std::vector<Product> products_;
    Product product_;
    render::Components components_;
    std::map<std::string, render::Measured> measured_; // by host
    std::vector<const Host*> hosts_;

  public:
    Rendering(Program&, RenderOptions);
    const Deployment& deployment() const { return d_; }
    const Product& product() const { return product_; }
    const render::Components& components() const { return components_; }
    const std::vector<const Host*>& hosts() const { return hosts_; }
    render::Measured measured(const Host& h) const;
    /// Asks the hosts for their figures; those that do not answer keep the reckoned ones. True: it was interrupted.
    bool measure();
    render::Renderer renderer(bool secrets, bool fragments) const;
};

/// Built-in templates, `templates/` beside `beside`, then those folders; the texts live as long as `texts`.
std::vector<render::TemplateSource> template_sources(const std::string& beside, const std::vector<std::string>& folders,
                                                     std::vector<std::unique_ptr<std::string>>& texts);
std::vector<Product> all_products(const Program&);

} // namespace imops
