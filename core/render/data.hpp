#pragma once
#include "core/model/placement.hpp"
#include "core/render/component.hpp"
#include <map>
#include <set>

namespace imops::render {

/// What was read of a host, instead of what it should have.
struct Measured {
    double cores = 0, memory = 0; // 0: not known
    bool rotational = false;      // its data lie on a turning disk
};

/// The names that every template may use (docs/templates.md). `products`: all that are known, whose names of ports are
/// names here.
Scope render_scope(const std::vector<Product>& products);

/// Reads secrets when they are first needed and remembers their values, which must not be shown anywhere.
class SecretValues {
    bool read_;
    std::map<std::string, std::string> known_; // by where they come from
    std::vector<Error> errors_;

  public:
    /// Not reading: a placeholder stands for each.
    explicit SecretValues(bool read) : read_{read} {}
    std::string value(const SecretRef&);
    /// Those that could not be read, each once.
    const std::vector<Error>& errors() const { return errors_; }
    std::vector<std::string> values() const;
};

/// The data of one host after the other: what all have in common is made once.
class TemplateData {
    const Deployment& d_;
    const Product& product_;
    Placement placement_;
    SecretValues& secrets_;
    std::set<std::string> wanted_;
    nlohmann::json data_, no_ports_;
    std::map<std::string, std::pair<nlohmann::json, nlohmann::json>> addresses_; // by role: IPv4 and IPv6
    bool wants(std::string_view prefix) const;
    std::string secret(std::string_view name, const SecretRef&);
    nlohmann::json ports_of(const Host&) const;
    nlohmann::json row_ports(const Host&) const;
    nlohmann::json service(const Host&, const Service*, std::string_view name);
    void add_roles();
    void add_services(const Host&);
    void add_own(const Host&);
    void add_firewall(const HostView&);
    void add_host(const HostView&, const Measured&);

  public:
    /// `wanted`: the names that will be read; what nobody reads, secrets above all, is not made.
    TemplateData(const Deployment&, const Product&, const Product& generic, const std::vector<Product>& all,
                 SecretValues&, std::set<std::string> wanted);
    /// The data of this host, until the next call. `settings` is not in it.
    nlohmann::json& of(const Host&, const Measured&);
    SecretValues& secrets() { return secrets_; }
};

} // namespace imops::render
