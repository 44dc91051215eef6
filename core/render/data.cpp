#include "core/render/data.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <cmath>

namespace imops::render {

namespace {

using nlohmann::json;

const Type text{Kind::text, {}}, number{Kind::number, {}}, bytes{Kind::bytes, {}}, boolean{Kind::boolean, {}},
    words{Kind::list, {{"", Type{Kind::text, {}}}}};

/// The services that templates know by these names: the first of the type. `own.NAME` is the one on this very host.
struct Known {
    std::string_view name;
    std::vector<ServiceType> types;
};
const std::vector<Known>& known_services() {
    static const std::vector<Known> all{{"db", {ServiceType::postgres, ServiceType::mysql}},
                                        {"postgres", {ServiceType::postgres}},
                                        {"mysql", {ServiceType::mysql}},
                                        {"cache", {ServiceType::redis}},
                                        {"memcached", {ServiceType::memcached}},
                                        {"turn", {ServiceType::turn}},
                                        {"smtp", {ServiceType::smtp}},
                                        {"s3", {ServiceType::s3}}};
    return all;
}
constexpr std::string_view own_services[]{"postgres", "mysql", "cache", "memcached", "turn"};

/// Names of templates have no hyphen.
std::string underscored(std::string name) {
    std::ranges::replace(name, '-', '_');
    return name;
}

/// The components of all products, with their ports.
std::map<std::string, std::set<std::string>> port_names(const std::vector<Product>& products) {
    std::map<std::string, std::set<std::string>> names;
    for (auto& p : products)
        for (auto& c : p.components)
            for (auto& port : c.ports) names[underscored(c.name)].insert(underscored(port.name));
    return names;
}

json whole(double x) { return json(std::int64_t(x)); }

/// 4 or 6 for an address, 0 for a name.
int family_of(std::string_view address) {
    if (address.find(':') != address.npos) return 6;
    return address.find_first_not_of("0123456789.") == address.npos ? 4 : 0;
}

/// Firmware and kernels keep a little, and not always the same: rounded, so that a reboot changes no file.
double steady_memory(double memory) {
    constexpr double step = 256.0 * 1048576;
    return memory <= step ? memory : std::floor(memory / step) * step;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
    return std::ranges::find(list, word) != list.end();
}

} // namespace

Scope render_scope(const std::vector<Product>& products) {
    Scope s;
    add_host_names(s);
    for (auto n : {"deployment.name", "domain", "name", "product.id", "workload.federation"}) s.add(n, text);
    for (auto n : {"names", "components"}) s.add(n, words);
    for (auto n : {"workload.registered", "workload.concurrent", "workload.messages", "size.cores", "need.files",
                   "need.connections", "count.hosts"})
        s.add(n, number);
    for (auto n : {"workload.media", "size.memory"}) s.add(n, bytes);
    for (auto n : {"airgap", "size.measured", "size.rotational"}) s.add(n, boolean);
    s.add("workload.retention", Type{Kind::seconds, {}});
    Type ports{Kind::map, {}};
    for (auto& [component, names] : port_names(products)) {
        Type inner{Kind::map, {}};
        for (auto& n : names) inner.members.emplace_back(n, number);
        ports.members.emplace_back(component, std::move(inner));
    }
    s.add("port", ports);
    s.add("hosts", Type{Kind::table, {{"name", text}, {"address", text}}});
    for (auto& [role, value] : Words<Role>::of)
        s.add(fmt::format("role.{}", role), Type{Kind::table, {{"name", text}, {"address", text}, {"port", ports}}});
    Type service{Kind::map,
                 {{"given", boolean},
                  {"here", boolean},
                  {"type", text},
                  {"address", text},
                  {"port", number},
                  {"user", text},
                  {"database", text},
                  {"password", text},
                  {"tls", boolean},
                  {"ca", text},
                  {"region", text}}};
    for (auto& k : known_services()) s.add(k.name, service);
    for (auto n : own_services) s.add(fmt::format("own.{}", n), service);
    s.add("databases", Type{Kind::table, {{"database", text}, {"user", text}}});
    s.add("credentials", Type{Kind::table, {{"database", text}, {"user", text}, {"password", text}}});
    s.add("firewall", Type{Kind::table,
                           {{"name", text},
                            {"proto", text},
                            {"ports", text},
                            {"public", boolean},
                            {"local", boolean},
                            {"four", words},
                            {"six", words}}});
    return s;
}

json setting_value(Kind kind, const Node& n, Problems& problems) {
    Reader reader{n, problems};
    auto before = problems.count();
    json value;
    switch (kind) {
    case Kind::number: {
        double x = 0;
        reader.read(n, x);
        value = x == std::floor(x) && std::abs(x) < 9e15 ? whole(x) : json(x);
        break;
    }
    case Kind::bytes: {
        Bytes b;
        reader.read(n, b);
        value = whole(b.value);
        break;
    }
    case Kind::seconds: {
        Duration t;
        reader.read(n, t);
        value = t.seconds == std::floor(t.seconds) ? whole(t.seconds) : json(t.seconds);
        break;
    }
    case Kind::boolean: {
        bool b = false;
        reader.read(n, b);
        value = b;
        break;
    }
    case Kind::list: {
        std::vector<std::string> l;
        reader.read(n, l);
        value = l;
        break;
    }
    case Kind::text:
    case Kind::map:
    case Kind::table:
    case Kind::clock:
    case Kind::any: {
        std::string s;
        reader.read(n, s);
        value = s;
        break;
    }
    }
    return problems.count() == before ? value : json{};
}

std::string SecretValues::value(const SecretRef& r) {
    if (r.empty()) return {};
    if (!read_) return "imops-secret";
    auto key = fmt::format("{}\x1f{}\x1f{}", r.env, r.file, fmt::join(r.command, "\x1f"));
    if (auto it = known_.find(key); it != known_.end()) return it->second;
    auto s = r.read();
    if (!s) errors_.push_back(s.error());
    return known_[key] = s ? std::string{(*s).reveal()} : std::string{"imops-secret"};
}

std::vector<std::string> SecretValues::values() const {
    std::vector<std::string> all;
    for (auto& [key, value] : known_)
        if (!value.empty()) all.push_back(value);
    return all;
}

bool TemplateData::wants(std::string_view prefix) const {
    return std::ranges::any_of(wanted_, [&](auto& n) {
        return n.starts_with(prefix) && (n.size() == prefix.size() || n[prefix.size()] == '.' || prefix.ends_with('.'));
    });
}

std::string TemplateData::secret(std::string_view name, const SecretRef& r) {
    return wants(name) ? secrets_.value(r) : std::string{};
}

TemplateData::TemplateData(const Deployment& d, const Product& product, const Product& generic,
                           const std::vector<Product>& all, SecretValues& secrets, std::set<std::string> wanted)
    : d_{d}, product_{product}, placement_{d, product, generic}, secrets_{secrets}, wanted_{std::move(wanted)} {
    auto& w = d.workload;
    data_ = Language::constants();
    data_["deployment"]["name"] = d.name;
    data_["product"]["id"] = product.id;
    data_["names"] = d.names;
    data_["domain"] = d.domain;
    data_["name"] = d.names.empty() ? d.domain : d.names.front();
    data_["airgap"] = d.airgap;
    data_["workload"] = {{"registered", whole(w.registered)},       {"concurrent", whole(w.concurrent)},
                         {"messages", whole(w.messages)},           {"media", whole(w.media.value)},
                         {"retention", whole(w.retention.seconds)}, {"federation", word(w.federation)}};
    data_["count"]["hosts"] = d.hosts.size();
    for (auto& [component, names] : port_names(all))
        for (auto& n : names) no_ports_[component][n] = 0;
    add_roles();
}

json TemplateData::ports_of(const Host& h) const {
    json j = no_ports_; // other products' components too, so that a template may ask for them
    for (auto& c : product_.components)
        for (auto& p : c.ports) j[underscored(c.name)][underscored(p.name)] = port_on(h, p, d_).first;
    return j;
}

/// In a loop inja copies a row for each turn: only those ports are in it that some template reads of a row
/// ("*.port.redis.redis").
json TemplateData::row_ports(const Host& h) const {
    json all = ports_of(h), j = json::object();
    for (auto& name : wanted_) {
        if (!name.starts_with("*.port.")) continue;
        auto parts = split(std::string_view{name}.substr(7), '.');
        if (parts.size() != 2) continue;
        std::string component{parts[0]}, port{parts[1]};
        if (all.contains(component) && all[component].contains(port)) j[component][port] = all[component][port];
    }
    return j;
}

void TemplateData::add_roles() {
    auto rows = json::array();
    for (auto& [role, value] : Words<Role>::of) data_["role"][std::string{role}] = json::array();
    bool with_hosts = wants("hosts"), with_roles = wants("role");
    for (auto& h : d_.hosts) {
        if (with_hosts || with_roles) {
            json row{{"name", h.name}, {"address", h.address}};
            if (with_hosts) rows.push_back(row);
            row["port"] = row_ports(h);
            for (auto& role : h.roles) data_["role"][role].push_back(row);
        }
        for (auto& role : h.roles) {
            auto& [four, six] = addresses_[role];
            if (family_of(h.address) == 4) four.push_back(h.address);
            if (family_of(h.address) == 6) six.push_back(h.address);
        }
    }
    data_["hosts"] = std::move(rows);
}

json TemplateData::service(const Host& h, const Service* s, std::string_view name) {
    json j{{"given", s != nullptr}, {"here", false},  {"type", ""},   {"address", ""}, {"port", 0},   {"user", ""},
           {"database", ""},        {"password", ""}, {"tls", false}, {"ca", ""},      {"region", ""}};
    if (!s) return j;
    bool here = s->host == h.name;
    j["here"] = here;
    j["type"] = word(s->type);
    j["address"] = here ? "127.0.0.1" : d_.address(*s);
    j["port"] = s->port ? s->port : usual_port(s->type);
    j["user"] = s->user;
    j["database"] = s->database;
    j["password"] = secret(fmt::format("{}.password", name), s->password);
    j["tls"] = s->tls.value_or(false);
    j["ca"] = s->ca;
    j["region"] = s->region;
    return j;
}

void TemplateData::add_services(const Host& h) {
    auto first = [&](const std::vector<ServiceType>& types) -> const Service* {
        auto it =
            std::ranges::find_if(d_.services, [&](auto& s) { return std::ranges::find(types, s.type) != types.end(); });
        return it == d_.services.end() ? nullptr : &*it;
    };
    for (auto& k : known_services())
        if (wants(k.name)) data_[std::string{k.name}] = service(h, first(k.types), k.name);
}

void TemplateData::add_own(const Host& h) {
    for (auto name : own_services) {
        auto key = fmt::format("own.{}", name);
        if (!wants(key)) continue;
        auto& types = std::ranges::find(known_services(), name, &Known::name)->types;
        auto it = std::ranges::find_if(
            d_.services, [&](auto& s) { return s.host == h.name && std::ranges::find(types, s.type) != types.end(); });
        auto& j = data_["own"][std::string{name}] = service(h, it == d_.services.end() ? nullptr : &*it, key);
        if (it == d_.services.end()) j["port"] = usual_port(types.front());
    }
    if (!wants("databases") && !wants("credentials")) return;
    data_["databases"] = data_["credentials"] = json::array();
    for (auto& s : d_.services) {
        if (s.host != h.name || (s.type != ServiceType::postgres && s.type != ServiceType::mysql) || s.user.empty())
            continue;
        json row{{"database", s.database.empty() ? s.user : s.database}, {"user", s.user}};
        data_["databases"].push_back(row);
        row["password"] = secret("credentials", s.password);
        data_["credentials"].push_back(std::move(row));
    }
}

void TemplateData::add_firewall(const HostView& v) {
    if (!wants("firewall")) return;
    auto rows = json::array();
    for (auto& p : v.ports) {
        json four = json::array(), six = json::array();
        std::set<std::string> seen;
        for (auto& role : p.from) {
            auto& [a, b] = addresses_[role];
            for (auto& x : a)
                if (seen.insert(x).second) four.push_back(x);
            for (auto& x : b)
                if (seen.insert(x).second) six.push_back(x);
        }
        rows.push_back({{"name", p.name},
                        {"proto", p.proto},
                        {"ports", p.first == p.last ? std::to_string(p.first) : fmt::format("{}-{}", p.first, p.last)},
                        {"public", has(p.from, "public")},
                        {"local", has(p.from, "local")},
                        {"four", four},
                        {"six", six}});
    }
    data_["firewall"] = std::move(rows);
}

void TemplateData::add_host(const HostView& v, const Measured& m) {
    auto& n = v.need;
    data_.update(host_data(v));
    data_["need"] = {{"files", whole(std::ceil(n.files))},
                     {"connections", whole(std::ceil(placement_.sizing().connections))}};
    data_["size"] = {{"cores", whole(std::max(1.0, m.cores ? m.cores : std::ceil(n.cores)))},
                     {"memory", whole(steady_memory(m.memory ? m.memory : std::max(n.memory, 1073741824.0)))},
                     {"measured", m.memory > 0},
                     {"rotational", m.rotational}};
    data_["components"] = v.components;
    data_["port"] = ports_of(*v.host);
}

json& TemplateData::of(const Host& h, const Measured& m) {
    auto view = placement_.view(h);
    add_host(view, m);
    add_services(h);
    add_own(h);
    add_firewall(view);
    return data_;
}

} // namespace imops::render
