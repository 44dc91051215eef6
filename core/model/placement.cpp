#include "core/model/placement.hpp"
#include "core/base/string.hpp"

namespace imops {

namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;

json::json_pointer path_of(std::string_view dotted) {
    std::string p;
    for (auto part : split(dotted, '.')) p += "/" + std::string{part};
    return json::json_pointer{p};
}

struct NameAdder {
    Scope& scope;
    void add(std::string_view name, Type type) {
        if (!name.empty()) scope.add(name, std::move(type));
    }
    void text(std::string_view name, std::string_view, const std::string&) { add(name, {Kind::text, {}}); }
    void words(std::string_view name, std::string_view, const Strings&) {
        add(name, {Kind::list, {{"", Type{Kind::text, {}}}}});
    }
    void number(std::string_view name, int) { add(name, {Kind::number, {}}); }
};

struct DataAdder {
    json& data;
    template <class V> void add(std::string_view name, const V& value) {
        if (!name.empty()) data[path_of(name)] = value;
    }
    void text(std::string_view name, std::string_view, const std::string& value) { add(name, value); }
    void words(std::string_view name, std::string_view, const Strings& value) { add(name, value); }
    void number(std::string_view name, int value) { add(name, value); }
};

struct VariableAdder {
    std::vector<std::pair<std::string, std::string>>& all;
    void text(std::string_view, std::string_view variable, const std::string& value) {
        if (!variable.empty()) all.emplace_back(variable, value);
    }
    void words(std::string_view name, std::string_view variable, const Strings& value) {
        text(name, variable, fmt::format("{}", fmt::join(value, " ")));
    }
    void number(std::string_view, int) {}
};

} // namespace

Port port_on(const Host& h, const Port& p, const Deployment& d) {
    auto moved = [&](int first) {
        auto port = p;
        port.last = p.first == p.last ? first : p.last;
        port.first = first;
        return port;
    };
    if (auto it = h.ports.find(p.name); it != h.ports.end()) return moved(it->second);
    for (auto& s : d.services)
        if (s.host == h.name && s.port && word(s.type) == p.name) return moved(s.port);
    return p;
}

std::vector<Port> ports_on(const Host& h, const Deployment& d, const Product& product) {
    std::vector<Port> ports;
    for (auto* c : product.on(h))
        for (auto& p : c->ports) ports.push_back(port_on(h, p, d));
    return ports;
}

Placement::Placement(const Deployment& d, const Product& product, const Product& generic)
    : deployment_{d}, product_{product} {
    Strings roles;
    for (auto& [role, value] : Words<Role>::of)
        if (!d.with_role(role).empty() && value != Role::jump && value != Role::backup) roles.emplace_back(role);
    sizing_ = size_up(d.workload, product, generic, roles);
}

HostView Placement::view(const Host& h) const {
    HostView v;
    v.host = &h;
    for (auto* c : product_.on(h)) {
        v.components.push_back(c->name);
        v.units.insert(v.units.end(), c->units.begin(), c->units.end());
    }
    v.ports = ports_on(h, deployment_, product_);
    v.data = product_.data(h);
    v.service_user = product_.service_user(h);
    v.need = need_of(h, deployment_, sizing_);
    return v;
}

std::vector<std::pair<std::string, std::string>> host_variables(const HostView& v) {
    std::vector<std::pair<std::string, std::string>> all;
    VariableAdder x{all};
    describe(x, v);
    return all;
}

json host_data(const HostView& v) {
    json data;
    DataAdder x{data};
    describe(x, v);
    return data;
}

void add_host_names(Scope& s) {
    NameAdder x{s};
    Host none;
    HostView v;
    v.host = &none;
    describe(x, v);
}

} // namespace imops
