#include "core/net/ssh_config.hpp"
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <unistd.h>

namespace imops::net {

namespace {

std::string lower(std::string_view s) {
    std::string l(s);
    for (char& c : l)
        if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    return l;
}

std::string_view trim(std::string_view s) {
    auto begin = s.find_first_not_of(" \t\r"), end = s.find_last_not_of(" \t\r");
    return begin == s.npos ? std::string_view{} : s.substr(begin, end - begin + 1);
}

template <class F> void for_lines(std::string_view text, F&& f) {
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        line = trim(line);
        auto end = line.find_first_of(" \t=");
        auto value = end == line.npos ? std::string_view{} : trim(line.substr(end + 1));
        if (!line.empty() && line.front() != '#') f(lower(line.substr(0, end)), value);
    }
}

std::vector<std::string> words(std::string_view s) {
    std::istringstream in{std::string(s)};
    std::vector<std::string> list;
    for (std::string w; in >> w;) list.push_back(w);
    return list;
}

bool is_one_of(std::string_view s, std::initializer_list<std::string_view> list) {
    return std::ranges::find(list, s) != list.end();
}

/// A value as ssh_config wants it. Only paths of the user's own choosing come here; a control character or `${` has no
/// escape.
Result<std::string> quoted(const std::string& path) {
    bool odd = std::ranges::any_of(path, [](unsigned char c) { return c < 0x20 || c == 0x7f; }) ||
               path.find("${") != path.npos;
    if (odd)
        return Error{
            Code::config,
            say("the path `{}` cannot be written into an ssh configuration", "路径 `{}` 无法写入 ssh 配置", path),
            Text{"Use a path without control characters and without `${`.", "请使用不含控制字符和 `${` 的路径。"},
            {}};
    std::string q = "\"";
    for (char c : path) {
        if (c == '"' || c == '\\') q += '\\';
        if (c == '%') q += '%';
        q += c;
    }
    return q + "\"";
}

constexpr std::string_view always = R"(BatchMode yes
UpdateHostKeys no
HashKnownHosts yes
ServerAliveInterval 15
ServerAliveCountMax 3
ForwardAgent no
ForwardX11 no
ClearAllForwardings yes
PermitLocalCommand no
RemoteCommand none
RequestTTY no
SessionType default
LogLevel INFO
ControlMaster auto
ControlPersist 600
)";

} // namespace

SshSays parse_ssh_says(std::string_view answer) {
    SshSays says;
    auto beyond = [&](std::string_view key, std::string_view value) {
        if (says.beyond_libssh2.empty()) says.beyond_libssh2 = fmt::format("{} {}", key, value);
    };
    for_lines(answer, [&](const std::string& key, std::string_view value) {
        if (key == "hostname")
            says.hostname = value;
        else if (key == "user")
            says.user = value;
        else if (key == "port")
            std::from_chars(value.data(), value.data() + value.size(), says.port);
        else if (key == "identityfile")
            says.identities.emplace_back(value);
        else if (key == "identitiesonly")
            says.identities_only = value == "yes";
        else if (key == "hostkeyalias")
            says.host_key_alias = value;
        else if (key == "identityagent")
            says.agent = value;
        else if (key == "userknownhostsfile" || key == "globalknownhostsfile") {
            auto more = words(value);
            says.known_hosts.insert(key.front() == 'u' ? says.known_hosts.begin() : says.known_hosts.end(),
                                    more.begin(), more.end());
        } else if (is_one_of(key, {"proxyjump", "proxycommand", "certificatefile", "pkcs11provider", "bindaddress",
                                   "bindinterface", "knownhostscommand"})) {
            if (value != "none") beyond(key, value);
        } else if (key == "addressfamily" && value != "any")
            beyond(key, value);
    });
    return says;
}

bool is_plain(std::string_view system_config, bool drop_ins) {
    bool plain = true;
    for_lines(system_config, [&](const std::string& key, std::string_view value) {
        if (key == "host")
            plain &= value == "*";
        else if (key == "include")
            plain &= value == "/etc/ssh/ssh_config.d/*.conf" && !drop_ins;
        else
            plain &= is_one_of(key, {"sendenv", "hashknownhosts", "gssapiauthentication", "gssapidelegatecredentials"});
    });
    return plain;
}

bool machine_is_plain(const std::string& home) {
    if (::access((home + "/.ssh/config").c_str(), F_OK) == 0) return false;
    bool drop_ins = false;
    std::error_code ignored;
    for (auto& entry : std::filesystem::directory_iterator("/etc/ssh/ssh_config.d", ignored))
        drop_ins |= entry.path().extension() == ".conf";
    std::ifstream in("/etc/ssh/ssh_config", std::ios::binary);
    std::ostringstream text;
    if (in) text << in.rdbuf();
    return is_plain(text.view(), drop_ins);
}

std::string expand_path(std::string_view path, const std::string& home, const std::string& user) {
    std::string full;
    if (path == "~" || path.starts_with("~/")) {
        full = home;
        path.remove_prefix(1);
    } else if (path.starts_with("~") || path.find("${") != path.npos)
        return {};
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] != '%')
            full += path[i];
        else if (++i == path.size())
            return {};
        else if (path[i] == '%')
            full += '%';
        else if (path[i] == 'd')
            full += home;
        else if (path[i] == 'u')
            full += user;
        else
            return {};
    }
    return full;
}

Result<std::string> config_text(const Host& host, const ConfigNeeds& needs) {
    if (host.host_key.starts_with("SHA256:"))
        return Error{Code::unsupported,
                     say("{}: `host_key` as a fingerprint does not work with the system's ssh",
                         "{}：使用系统 ssh 时不支持以指纹形式设置 host_key", host.name),
                     say("Add the key to known_hosts (ssh-keyscan -p {} {}, compare the fingerprint) and set "
                         "`host_key: strict`.",
                         "请把密钥加入 known_hosts（ssh-keyscan -p {} {}，并核对指纹），再设置 host_key: strict。",
                         host.port, host.address),
                     {}};
    std::string text = fmt::format("# for {}\n", host.name);
    auto put_path = [&](std::string_view key, const std::string& path) -> std::optional<Error> {
        auto value = quoted(path);
        if (!value) return value.error();
        text += fmt::format("{} {}\n", key, *value);
        return {};
    };
    if (!host.user.empty()) text += fmt::format("User {}\n", host.user);
    if (host.port != 22) text += fmt::format("Port {}\n", host.port);
    for (auto& identity : host.identities)
        if (auto error = put_path("IdentityFile", identity)) return *error;
    if (!host.known_hosts.empty()) {
        if (auto error = put_path("UserKnownHostsFile", host.known_hosts)) return *error;
        text += "GlobalKnownHostsFile /dev/null\n";
    }
    text += fmt::format("StrictHostKeyChecking {}\n", host.host_key == "accept-new" ? "accept-new" : "yes");
    text += always;
    text += fmt::format("ControlPath {}\nConnectTimeout {}\n", needs.control_path,
                        std::max<long>(1, long(needs.connect_limit.count() + 999) / 1000));
    // Not ProxyJump: that would use this file for the jump host too, and with it this host's user, port and keys.
    // Its words go to a file, for ssh sends them to /dev/null when connections are shared; `sh -c`, for the user's
    // shell may be any.
    if (!needs.jump_config.empty())
        text += fmt::format("ProxyCommand sh -c 'exec ssh -F {} -W [%h]:%p -- {} 2>{}'\n", needs.jump_config,
                            needs.jump_address, needs.jump_errors);
    if (!needs.user_config.empty())
        if (auto error = put_path("Include", needs.user_config)) return *error;
    text += "Include /etc/ssh/ssh_config\n";
    return text;
}

} // namespace imops::net
