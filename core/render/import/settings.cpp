#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/model/rules.hpp"
#include "core/render/format.hpp"
#include "core/render/import/draft.hpp"
#include <algorithm>
#include <cmath>

namespace imops::render {

namespace {

/// Where the value of a variable stood: key of the program's settings, or "*LEAF" wherever it stands there.
struct Source {
    std::string_view component, variable, service, key;
};

// One line for each variable whose value is taken over as it is. Variables that the loaded components do not have are
// left out, so that names of a site's own templates may stand here too.
constexpr Source sources[]{
    {"ejabberd", "certificate", "ejabberd", "certfiles"},
    {"ejabberd", "admins", "ejabberd", "acl.admin.user"},
    {"ejabberd", "pool", "ejabberd", "sql_pool_size"},
    {"ejabberd", "upload_size", "ejabberd", "modules.mod_http_upload.max_size"},
    {"synapse", "upload_size", "synapse", "max_upload_size"},
    {"synapse", "media", "synapse", "media_store_path"},
    {"synapse", "pool", "synapse", "database.args.cp_max"},
    {"synapse", "pool_least", "synapse", "database.args.cp_min"},
    {"synapse", "federation_domains", "synapse", "federation_domain_whitelist"},
    {"synapse", "cache_factor", "synapse", "caches.global_factor"},
    {"synapse", "turn_lifetime", "synapse", "turn_user_lifetime"},
    {"synapse", "macaroon_secret", "synapse", "macaroon_secret_key"},
    {"synapse", "registration_secret", "synapse", "registration_shared_secret"},
    {"synapse", "form_secret", "synapse", "form_secret"},
    {"prosody", "admins", "prosody", "admins"},
    {"prosody", "certificates", "prosody", "certificates"},
    {"prosody", "upload_size", "prosody", "*http_file_share_size_limit"},
    {"prosody", "upload_day", "prosody", "*http_file_share_daily_quota"},
    {"prosody", "keep", "prosody", "archive_expires_after"},
    {"prosody", "client_rate", "prosody", "limits.c2s.rate"},
    {"prosody", "server_rate", "prosody", "limits.s2sin.rate"},
    {"prosody", "turn_host", "prosody", "turn_external_host"},
    {"prosody", "turn_lifetime", "prosody", "turn_external_ttl"},
    {"nginx", "certificate", "nginx", "*ssl_certificate"},
    {"nginx", "key", "nginx", "*ssl_certificate_key"},
    {"nginx", "body_size", "nginx", "*client_max_body_size"},
    {"nginx", "long_poll", "nginx", "*proxy_read_timeout"},
    {"nginx", "connections", "nginx", "events > worker_connections"},
    {"haproxy", "connections", "haproxy", "global > maxconn"},
    {"haproxy", "tunnel", "haproxy", "*timeout tunnel"},
    {"postgresql", "shared_buffers", "postgresql", "shared_buffers"},
    {"postgresql", "connections", "postgresql", "max_connections"},
    {"redis", "memory", "redis", "maxmemory"},
    {"redis", "policy", "redis", "maxmemory-policy"},
    {"redis", "append_only", "redis", "appendonly"},
    {"coturn", "realm", "coturn", "realm"},
    {"coturn", "certificate", "coturn", "cert"},
    {"coturn", "key", "coturn", "pkey"},
    {"coturn", "tls_port", "coturn", "tls-listening-port"},
    {"coturn", "user_quota", "coturn", "user-quota"},
    {"coturn", "total_quota", "coturn", "total-quota"},
};

/// "128MB", "50m", "100M", "1gb": programs count in powers of 1024. Nothing: it is no size.
std::optional<double> old_bytes(std::string_view text) {
    auto end = text.find_first_not_of("0123456789.");
    auto number = parse_number(text.substr(0, end));
    if (!number) return {};
    if (end == text.npos) return *number;
    switch (std::tolower(static_cast<unsigned char>(text[end]))) {
    case 'k': return *number * 1024;
    case 'm': return *number * 1048576;
    case 'g': return *number * 1073741824;
    case 't': return *number * 1099511627776;
    default: return {};
    }
}

/// "600s", "10m", "1w", "600"
std::optional<double> old_seconds(std::string_view text) {
    if (auto plain_number = parse_number(text)) return plain_number;
    if (text.ends_with('w'))
        if (auto weeks = parse_number(text.substr(0, text.size() - 1))) return *weeks * 7 * 86400;
    return parse_duration(text);
}

std::string bytes_text(double x) {
    for (auto& [unit, size] : {std::pair{"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024.0}})
        if (x >= size && std::fmod(x, size) == 0) return fmt::format("{:.0f} {}", x / size, unit);
    return fmt::format("{:.0f} B", x);
}

/// As imops.yaml has it; nothing when it does not fit.
std::optional<std::string> as_yaml(const Variable& v, const std::string& value) {
    std::optional<double> x;
    switch (v.type.kind) {
    case Kind::number:
        x = parse_number(value.ends_with("kb/s") ? std::string_view{value}.substr(0, value.size() - 4)
                                                 : std::string_view{value}); // rates of Prosody
        return x ? std::optional{fmt::format("{}", *x)} : std::nullopt;
    case Kind::bytes: x = old_bytes(value); return x && *x > 0 ? std::optional{bytes_text(*x)} : std::nullopt;
    case Kind::seconds:
        x = old_seconds(value);
        if (x && *x > 0 && std::fmod(*x, 86400) == 0) return fmt::format("{:.0f} days", *x / 86400);
        return x ? std::optional{fmt::format("{} s", *x)} : std::nullopt;
    case Kind::boolean:
        for (auto yes : {"yes", "true", "on"})
            if (value == yes) return "true";
        for (auto no : {"no", "false", "off"})
            if (value == no) return "false";
        return {};
    case Kind::list: return written(Format::yaml, list_items(value));
    case Kind::text: {
        auto items = list_items(value);
        if (items.size() != 1) return {};
        return written(Format::yaml, items.front());
    }
    case Kind::map:
    case Kind::table:
    case Kind::clock:
    case Kind::any: break;
    }
    return {};
}

const Variable* variable(const Components& components, std::string_view component, std::string_view name) {
    auto* c = components.find(component);
    if (!c) return nullptr;
    auto it = std::ranges::find(c->variables, name, &Variable::name);
    return it == c->variables.end() ? nullptr : &*it;
}

void set(DraftHost& h, Draft& d, const Components& components, std::string_view component, std::string_view name,
         const std::string& value) {
    auto* v = variable(components, component, name);
    if (!v || value.empty() || (component == "prosody" && name == "certificates" && value[0] != '/'))
        return; // from the folder of its file
    auto& into = h.settings[std::string{component}];
    if (v->secret) {
        auto kept = keep_secret(d, fmt::format("{}-{}", component, name), value);
        if (!kept.empty()) into[v->name] = "\x01" + kept; // the folder is not known yet
    } else if (bad_utf8(value))
        return;
    else if (auto text = as_yaml(*v, value))
        into[v->name] = *text;
}

/// What is no plain value: folders of a cluster, addresses of Redis.
void add_special(DraftHost& h, Draft& d, const Components& components) {
    if (auto* p = h.program("postgresql")) {
        auto parts = split(p->main, '/'); // "", etc, postgresql, VERSION, CLUSTER, file
        set(h, d, components, "postgresql", "version", std::string{parts[3]});
        set(h, d, components, "postgresql", "cluster", std::string{parts[4]});
    }
    if (auto* f = h.flat("synapse"))
        for (auto& p : f->items("listeners")) {
            auto names = f->value(fmt::format("listeners[{}].resources[#0].names", p));
            if (names.find("client") != names.npos && f->value(fmt::format("listeners[{}].tls", p)) != "true")
                set(h, d, components, "synapse", "bind", f->value(fmt::format("listeners[{}].bind_addresses", p)));
        }
    if (auto* f = h.flat("haproxy"); f && h.services.contains("haproxy"))
        for (auto& [key, s] : f->all()) // bind :443 ssl crt FILE
            if (auto at = s.value.find(" crt "); s.leaf == "bind" && at != s.value.npos)
                set(h, d, components, "haproxy", "certificate",
                    s.value.substr(at + 5, s.value.find_first_of(" ;", at + 5) - at - 5));
    if (auto* f = h.flat("redis"); f && f->has("bind")) {
        auto& bind = f->value("bind");
        bool all = bind.find('*') != bind.npos || bind.find("0.0.0.0") != bind.npos || bind.find("::0") != bind.npos;
        bool none = true;
        for (auto word : split(bind, ' ')) none = none && (word == "127.0.0.1" || word == "-::1" || word == "::1");
        if (all || none) set(h, d, components, "redis", "bind_all", all ? "yes" : "no");
    }
}

} // namespace

std::string keep_secret(Draft& d, const std::string& name, std::string_view value) {
    if (value.empty() || value.size() > 4000 || value.find_first_of(std::string_view{"\n\r\0", 3}) != value.npos)
        return {};
    auto unique = name;
    for (int n = 2; std::ranges::any_of(d.secrets, [&](auto& s) { return s.first == unique; }); ++n)
        unique = fmt::format("{}-{}", name, n);
    d.secrets.emplace_back(unique, Secret{std::string{value}, "import"});
    return unique;
}

void add_settings(DraftHost& h, Draft& d, const Components& components) {
    for (auto& s : sources) {
        auto* f = h.services.contains(std::string{s.service}) ? h.flat(s.service) : nullptr;
        if (!f) continue;
        if (s.key.starts_with('*')) {
            if (auto* found = f->leaf(s.key.substr(1))) set(h, d, components, s.component, s.variable, found->value);
        } else if (f->has(s.key))
            set(h, d, components, s.component, s.variable, f->value(s.key));
    }
    add_special(h, d, components);
    std::erase_if(h.settings, [](auto& pair) { return pair.second.empty(); });
}

} // namespace imops::render
