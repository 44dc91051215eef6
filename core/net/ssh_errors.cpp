#include "core/net/ssh_errors.hpp"
#include <initializer_list>

namespace imops::net {

namespace {

/// The line that holds one of the words; empty if none does.
std::string line_with(std::string_view said, std::initializer_list<std::string_view> words) {
    for (auto word : words)
        if (auto at = said.find(word); at != said.npos) {
            auto begin = said.rfind('\n', at);
            begin = begin == said.npos ? 0 : begin + 1;
            return printable(said.substr(begin, said.find('\n', at) - begin), 240);
        }
    return {};
}

std::string last_line(std::string_view said) {
    while (!said.empty() && (said.back() == '\n' || said.back() == '\r')) said.remove_suffix(1);
    auto at = said.rfind('\n');
    return printable(at == said.npos ? said : said.substr(at + 1), 240);
}

struct Reading {
    std::initializer_list<std::string_view> words;
    Code code;
    Text what, remedy;
};

// In this order: a jump host's own words come before the outer ssh's complaint that the connection closed.
const Reading readings[] = {
    {{"REVOKED HOST KEY", "marked as revoked"},
     Code::host_key_revoked,
     {"its host key was revoked", "主机密钥已被吊销"},
     {"Do not connect. The key may be in foreign hands: give the host new keys (ssh-keygen -A) from its console.",
      "请勿连接。该密钥可能已泄露：请在主机控制台重新生成密钥（ssh-keygen -A）。"}},
    {{"Offending ", "IDENTIFICATION HAS CHANGED", "differs from the key for the IP"},
     Code::host_key_changed,
     {"its host key has changed", "主机密钥已改变"},
     {"Find out why first: somebody may listen in between. If the host was installed anew, compare with its "
      "console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then remove the old line with ssh-keygen -R.",
      "请先查明原因：可能有人在中间窃听。若主机确实重装过，请在其控制台核对（ssh-keygen -lf "
      "/etc/ssh/ssh_host_ed25519_key.pub），再用 ssh-keygen -R 删除旧记录。"}},
    {{"host key is known for", "Host key verification failed"},
     Code::host_key_unknown,
     {"its host key is not known", "主机密钥未知"},
     {"On the host's console run ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; if ssh-keyscan shows the same "
      "key, add it to known_hosts.",
      "请在主机控制台执行 ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub；若与 ssh-keyscan 所得一致，再加入 "
      "known_hosts。"}},
    {{"Could not resolve hostname"},
     Code::name_not_found,
     {"the name cannot be resolved", "域名无法解析"},
     {"Check the spelling, /etc/hosts and the DNS server, or give the IP address in imops.yaml.",
      "请检查拼写、/etc/hosts 和 DNS 服务器，或在 imops.yaml 中直接填写 IP 地址。"}},
    {{"Connection refused"},
     Code::refused,
     {"connection refused, nothing listens on that port", "连接被拒绝，该端口没有服务监听"},
     {"Check the port in imops.yaml, and on the host's console that sshd runs: systemctl status ssh",
      "请检查 imops.yaml 中的端口，并在主机控制台确认 sshd 正在运行：systemctl status ssh"}},
    {{"No route to host", "Network is unreachable"},
     Code::unreachable,
     {"it cannot be reached", "无法到达"},
     {"Check the route to that network (ip route get ADDRESS) and the firewalls between.",
      "请检查到该网络的路由（ip route get 地址）以及途中的防火墙。"}},
    {{"timed out"},
     Code::timed_out,
     {"no answer to the attempt to connect", "连接无响应"},
     {"Check the address, whether the host is up, and whether a firewall drops packets to that port.",
      "请检查地址、主机是否开机，以及防火墙是否丢弃了到该端口的数据包。"}},
    {{"Unable to negotiate", "no matching "},
     Code::handshake,
     {"ssh and the server have no algorithm in common", "ssh 与服务器没有共同的算法"},
     {"Update the older of the two, or allow the algorithm for this host in ~/.ssh/config.",
      "请升级较旧的一方，或在 ~/.ssh/config 中为该主机允许该算法。"}},
    {{"administratively prohibited", "stdio forwarding failed"},
     Code::unreachable,
     {"the jump host does not open the connection", "跳板机无法打开到该主机的连接"},
     {"Check AllowTcpForwarding on the jump host, and that it can reach this host.",
      "请检查跳板机的 AllowTcpForwarding，以及跳板机能否到达该主机。"}},
    {{"Too many authentication failures"},
     Code::key_refused,
     {"too many keys were offered before the right one", "在轮到正确的密钥之前尝试次数已超限"},
     {"Name the right key in `identities` and set IdentitiesOnly yes for the host in ~/.ssh/config.",
      "请在 identities 中指定正确的密钥，并在 ~/.ssh/config 中为该主机设置 IdentitiesOnly yes。"}},
    {{"UNPROTECTED PRIVATE KEY FILE"},
     Code::key_unreadable,
     {"other users can read the private key, so ssh does not use it", "其他用户可以读取私钥，因此 ssh 不予使用"},
     {"Run: chmod 600 KEY", "执行：chmod 600 密钥文件"}},
    {{"Permission denied"},
     Code::key_refused,
     {"the server refused every key", "服务器拒绝了所有密钥"},
     {"Add the public key there (ssh-copy-id), or load an encrypted key into the agent (ssh-add). The host's log "
      "says why it refused: journalctl -u ssh",
      "请把公钥加到该主机（ssh-copy-id），或将加密的密钥加载到 agent（ssh-add）。拒绝原因见该主机日志：journalctl "
      "-u ssh"}},
    {{"Bad configuration option", "Bad owner or permissions", "bad configuration options", "terminating,"},
     Code::config,
     {"ssh refuses its configuration", "ssh 拒绝了它的配置"},
     {"Correct ~/.ssh/config or /etc/ssh/ssh_config as the message says.",
      "请按提示修正 ~/.ssh/config 或 /etc/ssh/ssh_config。"}},
    {{"banner line contains invalid", "invalid format", "Bad remote protocol version", "Protocol major versions differ",
      "banner exchange"},
     Code::not_ssh,
     {"this is not an SSH server", "这不是 SSH 服务"},
     {"Correct the port of the host in imops.yaml.", "请修正 imops.yaml 中该主机的端口。"}},
};

} // namespace

Error read_ssh_error(std::string_view said, const Host& host, const Line& where) {
    for (auto& r : readings) {
        auto line = line_with(said, r.words);
        if (line.empty()) continue;
        bool secret = r.code == Code::key_refused && (!host.password.empty() || !host.passphrase.empty());
        if (secret)
            return {Code::unsupported,
                    say("{}: ssh was refused, and a password or passphrase of imops.yaml cannot be given to it: {}",
                        "{}：ssh 被拒绝，且 imops.yaml 中的密码或口令无法交给它使用：{}", where, line),
                    Text{"Load the key into the agent (ssh-add), or use an ed25519 key with `transport: libssh2`.",
                         "请将密钥加载到 agent（ssh-add），或使用 ed25519 密钥并设置 transport: libssh2。"},
                    {}};
        return {r.code, say("{}: {}: {}", "{}：{}：{}", where, r.what, line), Line(r.remedy), {}};
    }
    auto line = last_line(said);
    return {Code::handshake,
            say("{}: ssh failed{}", "{}：ssh 失败{}", where, line.empty() ? Line{} : say(": {}", "：{}", line)),
            Text{"Try it by hand with ssh -v.", "请用 ssh -v 手工测试。"},
            {}};
}

} // namespace imops::net
