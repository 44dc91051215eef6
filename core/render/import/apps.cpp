#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/render/import/draft.hpp"
#include <algorithm>

namespace imops::render {

namespace {

int port_of(std::string_view text) {
    auto x = parse_number(trim(text));
    return x && *x >= 1 && *x <= 65535 && *x == int(*x) ? int(*x) : 0;
}

/// "https://im.example.org:8443/x" -> "im.example.org"
std::string host_of_url(std::string_view url) {
    auto at = url.find("://");
    if (at == url.npos) return {};
    url.remove_prefix(at + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    std::string host;
    int port = 0;
    return split_authority(url, host, port) ? host : std::string{};
}

/// "turn:turn.example.org:3478?transport=udp"
DraftService turn_of_uri(std::string_view uri) {
    DraftService s{"turn", "turn", {}, {}, {}, {}, {}, 0};
    auto at = uri.find(':');
    auto rest = at == uri.npos ? uri : uri.substr(at + 1);
    split_authority(rest.substr(0, rest.find('?')), s.address, s.port);
    return s;
}

OldApp synapse(const Flat& f) {
    OldApp a;
    a.domain = f.value("server_name");
    if (auto n = host_of_url(f.value("public_baseurl")); !n.empty()) a.names.push_back(n);
    a.components.insert("synapse");
    bool federates = false, plain = false;
    for (auto& p : f.items("listeners")) {
        auto key = fmt::format("listeners[{}]", p);
        auto type = f.value(key + ".type");
        auto port = port_of(f.value(key + ".port"));
        std::string names = f.value(key + ".resources.names");
        for (auto& r : f.items(key + ".resources")) names += f.value(fmt::format("{}.resources[{}].names", key, r));
        bool tls = f.value(key + ".tls") == "true";
        federates = federates || names.find("federation") != names.npos;
        if (type == "metrics") a.components.insert("synapse-metrics"), a.ports["metrics"] = port;
        if (type == "http" && names.find("client") != names.npos && (!plain || !a.ports["client"]))
            a.ports["client"] = port, plain = !tls;
        if (names.find("replication") != names.npos)
            a.components.insert("synapse-workers"), a.ports["replication"] = port;
    }
    a.federation = !federates || f.value("federation_domain_whitelist") == "[]" ? "none"
                   : f.has("federation_domain_whitelist")                       ? "small"
                                                                                : "open";
    if (f.value("database.name") == "psycopg2") {
        auto& name =
            f.has("database.args.dbname") ? f.value("database.args.dbname") : f.value("database.args.database");
        a.db = {"db",
                "postgres",
                {},
                f.value("database.args.host"),
                f.value("database.args.user"),
                name,
                {},
                port_of(f.value("database.args.port"))};
        a.secrets["db"] = f.value("database.args.password");
    } else
        a.remarks.push_back(Text{"Synapse keeps its data in SQLite: the draft has no service `db`",
                                 "Synapse 使用 SQLite：草稿中没有 `db` 服务"});
    if (f.value("redis.enabled") == "true") {
        a.cache = {"cache", "redis", {}, f.value("redis.host"), {}, {}, {}, port_of(f.value("redis.port"))};
        a.secrets["cache"] = f.value("redis.password");
    }
    if (auto uris = list_items(f.value("turn_uris")); !uris.empty()) {
        a.turn = turn_of_uri(uris.front());
        a.secrets["turn"] = f.value("turn_shared_secret");
    }
    return a;
}

void ejabberd_listeners(const Flat& f, OldApp& a) {
    auto set = [&](const char* component, const char* port, const std::string& key) {
        a.components.insert(component);
        if (!a.ports[port]) a.ports[port] = port_of(f.value(key + ".port"));
    };
    for (auto& p : f.items("listen")) {
        auto key = fmt::format("listen[{}]", p);
        auto& module = f.value(key + ".module");
        bool tls = f.value(key + ".tls") == "true";
        auto handles = [&](std::string_view what) {
            return std::ranges::any_of(f.all(), [&](auto& s) {
                return s.first.starts_with(key + ".request_handlers.") && s.second.value == what;
            });
        };
        if (module == "ejabberd_c2s") tls ? set("ejabberd-c2s-tls", "c2s-tls", key) : set("ejabberd", "c2s", key);
        if (module == "ejabberd_s2s_in") set("ejabberd-s2s", "s2s", key), a.federation = "open";
        if (module == "ejabberd_http" && handles("ejabberd_web_admin"))
            set("ejabberd-admin", "admin", key);
        else if (module == "ejabberd_http" && tls)
            set("ejabberd", "https", key);
        if (module == "mod_mqtt") set("ejabberd-mqtt", "mqtt", key);
        if (module == "ejabberd_stun") set("ejabberd-turn", "stun", key);
    }
}

OldApp ejabberd(const Flat& f) {
    OldApp a;
    a.federation = "none";
    auto hosts = list_items(f.value("hosts"));
    if (!hosts.empty()) a.domain = hosts.front();
    for (std::size_t i = 1; i < hosts.size(); ++i)
        a.remarks.push_back(say("ejabberd also serves {}: a deployment has one domain",
                                "ejabberd 还服务于 {}：一个部署只有一个域", one_line(hosts[i], 100)));
    a.components.insert("ejabberd");
    ejabberd_listeners(f, a);
    auto type = f.value("sql_type");
    if (type == "pgsql" || type == "mysql") {
        a.db = {"db",
                type == "mysql" ? "mysql" : "postgres",
                {},
                f.value("sql_server"),
                f.value("sql_username"),
                f.value("sql_database"),
                {},
                port_of(f.value("sql_port"))};
        a.secrets["db"] = f.value("sql_password");
    } else
        a.remarks.push_back(Text{"ejabberd keeps its data in Mnesia (or SQLite): the draft has no service `db`",
                                 "ejabberd 使用 Mnesia（或 SQLite）：草稿中没有 `db` 服务"});
    if (f.has("redis_server") || f.value("sm_db_type") == "redis") {
        a.cache = {"cache", "redis", {}, f.value("redis_server"), {}, {}, {}, port_of(f.value("redis_port"))};
        a.secrets["cache"] = f.value("redis_password");
    }
    const std::string turn = "modules.mod_stun_disco";
    for (auto& i : f.items(turn + ".services"))
        if (auto& host = f.value(fmt::format("{}.services[{}].host", turn, i)); !host.empty() && !a.turn)
            a.turn = DraftService{"turn", "turn", {}, host,
                                  {},     {},     {}, port_of(f.value(fmt::format("{}.services[{}].port", turn, i)))},
            a.secrets["turn"] = f.value(turn + ".secret");
    return a;
}

OldApp prosody(const Flat& f) {
    OldApp a;
    for (auto& [key, s] : f.all())
        if (s.leaf == "VirtualHost" && key.starts_with("VirtualHost ")) {
            auto name = key.substr(12);
            if (a.domain.empty() || a.domain == "localhost") std::swap(a.domain, name);
            if (!name.empty() && name != "localhost")
                a.remarks.push_back(say("Prosody also serves {}: a deployment has one domain",
                                        "Prosody 还服务于 {}：一个部署只有一个域", one_line(name, 100)));
        }
    a.components.insert("prosody");
    auto port = [&](const char* setting, const char* component, const char* name) {
        a.components.insert(component);
        if (auto all = list_items(f.value(setting)); !all.empty()) a.ports[name] = port_of(all.front());
    };
    auto on = [&](const char* m) { return f.has(fmt::format("modules_enabled.{}", m)); };
    port("c2s_ports", "prosody", "c2s");
    bool federates = !f.has("modules_disabled.s2s");
    if (federates) port("s2s_ports", "prosody-s2s", "s2s");
    a.federation = federates ? "open" : "none";
    if (on("bosh") || on("websocket") || on("http_file_share") || on("http_openmetrics"))
        port("http_ports", "prosody-http", "http"), port("https_ports", "prosody-http", "https");
    if (on("proxy65")) port("proxy65_ports", "prosody-proxy65", "proxy65");
    auto driver = f.value("sql.driver");
    if (f.value("storage") == "sql" && (driver == "PostgreSQL" || driver == "MySQL")) {
        a.db = {"db",
                driver == "MySQL" ? "mysql" : "postgres",
                {},
                f.value("sql.host"),
                f.value("sql.username"),
                f.value("sql.database"),
                {},
                port_of(f.value("sql.port"))};
        a.secrets["db"] = f.value("sql.password");
    } else
        a.remarks.push_back(Text{"Prosody keeps its data in files (or SQLite): the draft has no service `db`",
                                 "Prosody 使用内部文件存储（或 SQLite）：草稿中没有 `db` 服务"});
    if (auto& host = f.value("turn_external_host"); !host.empty() || f.has("turn_external_secret")) {
        a.turn = DraftService{"turn", "turn", {}, host.empty() ? a.domain : host,
                              {},     {},     {}, port_of(f.value("turn_external_port"))};
        a.secrets["turn"] = f.value("turn_external_secret");
    }
    return a;
}

} // namespace

OldApp app_of(std::string_view product, const Flat& f) {
    if (product == "synapse") return synapse(f);
    if (product == "ejabberd") return ejabberd(f);
    return prosody(f);
}

} // namespace imops::render
