#include "core/net/choose.hpp"
#include "core/net/child.hpp"
#include "core/net/identities.hpp"
#include "core/net/ssh2.hpp"
#include <algorithm>
#include <cstdlib>
#include <unistd.h>

namespace imops::net {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// IdentityAgent: a path, `none`, `SSH_AUTH_SOCK` or `$NAME`.
std::string agent_socket(const std::string& said, const std::string& home, const std::string& user) {
    if (said.empty() || said == "SSH_AUTH_SOCK") return environment("SSH_AUTH_SOCK");
    if (said == "none") return {};
    if (said.starts_with('$')) return environment(said.c_str() + 1);
    return expand_path(said, home, user);
}

} // namespace

Route complete(const Host& host, const std::optional<SshSays>& says, const std::string& home) {
    Route route;
    auto me = user_name();
    auto paths = [&](const std::vector<std::string>& from) {
        std::vector<std::string> full;
        for (auto& path : from)
            if (auto p = expand_path(path, home, me); !p.empty()) full.push_back(p);
        return full;
    };
    route.address = says && !says->hostname.empty() ? says->hostname : host.address;
    route.port = host.port == 22 && says && says->port ? says->port : host.port;
    route.user = !host.user.empty() ? host.user : says && !says->user.empty() ? says->user : me;
    route.host_key_name = says ? says->host_key_alias : "";
    route.agent = agent_socket(says ? says->agent : "", home, me);
    route.identities_said = !host.identities.empty();
    route.identities_only = says && says->identities_only;
    route.identities = paths(!host.identities.empty() ? host.identities
                             : says && !says->identities.empty()
                                 ? says->identities
                                 : std::vector<std::string>{"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"});
    route.known_hosts = paths(!host.known_hosts.empty() ? std::vector{host.known_hosts}
                              : says && !says->known_hosts.empty()
                                  ? says->known_hosts
                                  : std::vector<std::string>{"~/.ssh/known_hosts", "~/.ssh/known_hosts2",
                                                             "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"});
    return route;
}

Means find_means(const Route& route) {
    Means means;
    for (auto& path : route.identities) {
        if (!is_there(path)) continue;
        if (auto key = load_key(path)) means.keys.push_back({path, key->facts.type, is_there(path + "-cert.pub")});
    }
    means.agent = !route.agent.empty() && is_there(route.agent);
    means.kerberos = !environment("KRB5CCNAME").empty() || is_there(fmt::format("/tmp/krb5cc_{}", ::geteuid()));
    means.ssh_program = in_path("ssh");
    means.rsa_works = rsa_works();
    return means;
}

void choose(Route& route, const Host& host, const std::optional<SshSays>& says, const Means& means) {
    auto take = [&](Transport transport, Line why) {
        route.transport = transport;
        route.why = std::move(why);
    };
    if (host.transport != Transport::automatic)
        return take(host.transport, Text{"imops.yaml says so", "imops.yaml 中指定"});
    if (!host.via.empty())
        return take(Transport::openssh, say("it is reached via {}, and only ssh knows jump hosts",
                                            "经跳板机 {} 到达，只有系统 ssh 支持跳板机", host.via));
    if (!means.ssh_program)
        return take(Transport::libssh2, Text{"the program ssh is not on this machine", "本机没有 ssh 程序"});
    if (says && !says->beyond_libssh2.empty())
        return take(Transport::openssh,
                    say("ssh's configuration says `{}` for it", "ssh 配置中为其设置了 `{}`", says->beyond_libssh2));
    if (!means.agent && host.password.empty()) {
        auto beyond = [&](const KeyGist& key) {
            return key.certificate || is_security_key(key.type) || (key.type == "ssh-rsa" && !means.rsa_works);
        };
        if (means.keys.empty() && means.kerberos)
            return take(Transport::openssh, Text{"there is no key but a Kerberos ticket, which only ssh can use",
                                                 "没有密钥但有 Kerberos 票据，只有系统 ssh 能使用"});
        if (!means.keys.empty() && std::ranges::all_of(means.keys, beyond))
            return take(Transport::openssh,
                        say("the key {} ({}) is of a kind that this libssh2 cannot use",
                            "密钥 {}（{}）属于当前 libssh2 无法使用的类型", means.keys.front().path,
                            means.keys.front().certificate ? std::string("certificate") : means.keys.front().type));
    }
    take(Transport::libssh2, Text{"nothing needs the system's ssh", "无需使用系统 ssh"});
}

} // namespace imops::net
