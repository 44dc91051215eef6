#pragma once
#include "core/model/deployment.hpp"
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace imops {

struct Port {
    std::string name;
    int first = 0, last = 0;       // equal for a single port
    std::string proto;             // "tcp" or "udp"
    std::vector<std::string> from; // roles that connect, "public" or "local"
    std::string show() const;      // "tcp/5432", "udp/49152-65535"
};

struct Component {
    std::string name;
    Line title;
    Role role = Role::app;
    std::vector<std::string> units;
    std::string user, data;
    bool optional = false;
    std::vector<Port> ports;
};

enum class RowKind { recommended, minimum, measured };
template <> struct Words<RowKind> {
    static constexpr std::array<std::pair<std::string_view, RowKind>, 3> of{
        {{"recommended", RowKind::recommended}, {"minimum", RowKind::minimum}, {"measured", RowKind::measured}}};
};

/// One published (or measured) size of one role.
struct SizeRow {
    Role role = Role::app;
    std::optional<double> concurrent, registered; // up to so many users; neither: for every size
    double hosts = 1, cores = 0;                  // cores and memory of one machine
    Bytes memory, disk;
    RowKind kind = RowKind::recommended;
    std::map<std::string, std::string> given; // {federation: open}
    std::string source;
};

struct Figure {
    double value = 0;
    std::string source;
};

struct LimitRange {
    double minimum = 0, recommended = 0;
    std::string source;
};

struct DatabaseNeeds {
    std::string type, oldest, encoding, collate, source;
    std::vector<std::string> extensions;
};

/// A question that the product answers by itself. Its url and `at` may hold {name} (the first of the deployment's
/// `names`), {domain}, {address} (the host's) and {port.NAME} (of the component). With an {address} it is asked of
/// every host of the component, else once.
struct Probe {
    std::string name, component, url, at, source;
    Depth depth = Depth::shallow;
    bool local = false; // asked on the host itself, at its loopback address: {address} is 127.0.0.1
    bool reachable = true;
    Expect expect;
    Duration within{0};
};

/// What imops knows of a messaging product; data of products/ID.yaml.
struct Product {
    std::string id, tested, file;
    Line title, about;
    std::vector<Component> components;
    std::vector<SizeRow> sizing;
    std::map<std::string, Figure> figures;
    std::optional<DatabaseNeeds> database;
    LimitRange files, processes;
    std::map<std::string, std::string> sysctl;
    std::vector<std::string> cpu_flags, sources;
    std::vector<Line> unknown, notes;
    std::vector<Probe> probes;
    std::optional<Protocol> message; // by which a message is sent

    const Figure* figure(std::string_view name) const;
    /// The components that run on a host: those it names, else the usual ones of its roles (one that is optional counts
    /// when the role has no other).
    std::vector<const Component*> on(const Host&) const;
    /// The data directory: what the host says, else the first of its components; /var/lib when nobody knows.
    std::string data(const Host&) const;
    /// The user that the service runs as on this host; empty when nobody knows.
    std::string service_user(const Host&) const;
    /// Its probes as endpoints of this deployment: "health@app1", or "versions" for one that is asked by a public name.
    /// Those that ask for a name are left out when the deployment has none.
    std::vector<Service> endpoints(const Deployment&) const;
};

/// `message:` of a deployment, with what it leaves to the product and to `names`. Errors (Code::config): there is none,
/// or too little is known.
Result<Service> message_service(const Deployment&, const Product&);

/// What is wrong with a probe of this product.
std::optional<Objection> objection(const Product&, const Probe&);

/// Throws Failure with all problems of the file.
Product parse_product(std::string_view text, const std::string& file);

} // namespace imops
