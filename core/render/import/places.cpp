#include "core/render/import/readers.hpp"
#include <algorithm>
#include <fnmatch.h>

namespace imops::render {

const std::vector<OldUnit>& old_units() {
    static const std::vector<OldUnit> all{
        {"synapse", "synapse", "/etc/matrix-synapse/homeserver.yaml", {"conf.d/*.yaml"}, read_synapse},
        {"synapse", "synapse", "/etc/matrix-synapse/log.yaml", {}, read_plain_yaml},
        {"ejabberd", "ejabberd", "/etc/ejabberd/ejabberd.yml", {}, read_ejabberd},
        {"ejabberd", "ejabberd", "/etc/default/ejabberd", {}, read_lines},
        {"prosody", "prosody", "/etc/prosody/prosody.cfg.lua", {"conf.d/*.cfg.lua"}, read_prosody},
        {"nginx",
         "nginx",
         "/etc/nginx/nginx.conf",
         {"conf.d/*.conf", "sites-enabled/*", "snippets/*.conf"},
         read_nginx},
        {"haproxy", "haproxy", "/etc/haproxy/haproxy.cfg", {}, read_haproxy},
        {"postgresql", "postgresql", "/etc/postgresql/*/*/postgresql.conf", {"conf.d/*.conf"}, read_postgres},
        {"postgresql", "postgresql", "/etc/postgresql/*/*/pg_hba.conf", {}, read_hba},
        {"redis", "redis", "/etc/redis/redis.conf", {}, read_redis},
        {"coturn", "coturn", "/etc/turnserver.conf", {}, read_lines},
        {"coturn", "coturn", "/etc/default/coturn", {}, read_lines},
    };
    return all;
}

std::vector<std::string> old_places() {
    std::vector<std::string> all;
    for (auto& u : old_units()) {
        all.emplace_back(u.main);
        auto folder = std::string{u.main.substr(0, u.main.rfind('/') + 1)};
        for (auto m : u.more) all.push_back(folder + std::string{m});
    }
    return all;
}

bool matches(std::string_view pattern, const std::string& path) {
    return ::fnmatch(std::string{pattern}.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

std::vector<std::string> matching(const Tree& tree, const std::string& pattern) {
    std::vector<std::string> found;
    if (pattern.size() > 1000 || std::ranges::count(pattern, '*') > 4) return found; // each star multiplies the tries
    for (auto& [path, text] : tree)
        if (matches(pattern, path)) found.push_back(path);
    return found;
}

} // namespace imops::render
