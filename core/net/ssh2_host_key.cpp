#include "core/net/ssh2_session.hpp"

// The part of Ssh2Session that decides whether the host is the one it says it is, before any credential is shown to it.
namespace imops::net {

namespace {

Line console_check(const std::string& type) {
    std::string file = type.starts_with("ecdsa") ? "ecdsa" : type == "ssh-rsa" ? "rsa" : "ed25519";
    return say("ssh-keygen -lf /etc/ssh/ssh_host_{}_key.pub", "ssh-keygen -lf /etc/ssh/ssh_host_{}_key.pub", file);
}

std::string bare(const std::string& address) {
    return address.starts_with('[') && address.ends_with(']') ? address.substr(1, address.size() - 2) : address;
}

std::string shell_word(const std::string& s) {
    std::string quoted = "'";
    for (char c : s) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

} // namespace

std::string Ssh2Session::name() const {
    return route_.host_key_name.empty() ? known_name(route_.address, route_.port)
                                        : known_name(route_.host_key_name, 22);
}

Error Ssh2Session::unknown_key(const std::string& blob, bool other_type) {
    auto type = type_of(blob);
    auto file = route_.known_hosts.empty() ? std::string("~/.ssh/known_hosts") : route_.known_hosts.front();
    Error e{Code::host_key_unknown,
            say("{}: its host key is not known ({} {})", "{}：主机密钥未知（{} {}）", where_, type, fingerprint(blob)),
            say("On the host's console run {}; if it shows {}, add the key: ssh-keyscan -p {} {} >> {}",
                "请在主机控制台执行 {}；若显示 {}，则添加该密钥：ssh-keyscan -p {} {} >> {}", console_check(type),
                fingerprint(blob), route_.port, bare(route_.address), shell_word(file)),
            {}};
    if (other_type)
        e = std::move(e).during(Text{"known_hosts knows this host only by an RSA key, which this libssh2 cannot check",
                                     "known_hosts 中只有该主机的 RSA 密钥，当前 libssh2 无法验证它"});
    if (has_authority(known_, name()))
        e = std::move(e).during(
            Text{"known_hosts names a certificate authority for this host, which only `transport: openssh` can check",
                 "known_hosts 为该主机指定了证书颁发机构，只有 transport: openssh 能验证"});
    return e;
}

/// Never goes on from here. `blob` empty: none of the server's keys had the fingerprint that imops.yaml demands.
Error Ssh2Session::changed_key(const std::string& blob, const Verdict& verdict) {
    if (verdict.file.empty())
        return {Code::host_key_changed,
                say("{}: its host key is not the one that imops.yaml names ({} wanted, {} seen)",
                    "{}：主机密钥与 imops.yaml 中的指纹不符（应为 {}，实际为 {}）", where_, host_.host_key,
                    seen_fingerprints_),
                Text{"Find out why first: somebody may listen in between. If the host was installed anew, compare with "
                     "its console (ssh-keygen -lf "
                     "/etc/ssh/ssh_host_ed25519_key.pub) and correct `host_key`.",
                     "请先查明原因：可能有人在中间窃听。若主机确实重装过，请在其控制台核对（ssh-keygen -lf "
                     "/etc/ssh/ssh_host_ed25519_key.pub）后更正 host_key。"},
                {}};
    return {Code::host_key_changed,
            say("{}: its host key has changed: {} {} is not the key in {} line {}",
                "{}：主机密钥已改变：{} {} 与 {} 第 {} 行的密钥不符", where_, type_of(blob), fingerprint(blob),
                verdict.file, verdict.line),
            say("Find out why first: somebody may listen in between. If the host was installed anew, compare with its "
                "console ({}), then: ssh-keygen -R {} -f {}",
                "请先查明原因：可能有人在中间窃听。若主机确实重装过，请在其控制台核对（{}），然后执行：ssh-keygen -R "
                "{} -f {}",
                console_check(type_of(blob)), shell_word(name()), shell_word(verdict.file)),
            {}};
}

/// A server has several keys, and the fingerprint may be of another one than it showed: dial again for the next type.
Ssh2Session::Go Ssh2Session::check_fingerprint(const std::string& blob) {
    if (fingerprint(blob) == host_.host_key) {
        at_ = At::login;
        return Go::on;
    }
    seen_types_.push_back(type_of(blob));
    seen_fingerprints_ += (seen_fingerprints_.empty() ? "" : ", ") + type_of(blob) + " " + fingerprint(blob);
    if (seen_types_.size() >= 3) return fail(changed_key({}, {}));
    redial();
    return Go::on;
}

Ssh2Session::Go Ssh2Session::learn(const std::string& called, const std::string& blob) {
    auto learnt = host_keys_.learn(route_, called, blob);
    if (!learnt) {
        Error e = learnt.error();
        e.what = say("{}: {}", "{}：{}", where_, e.what);
        return fail(std::move(e));
    }
    at_ = At::login;
    return Go::on;
}

Ssh2Session::Go Ssh2Session::host_key() {
    std::size_t size = 0;
    int kind = 0;
    const char* raw = libssh2_session_hostkey(ssh_.get(), &size, &kind);
    if (!raw)
        return fail({Code::handshake,
                     say("{}: the server showed no host key", "{}：服务器未提供主机密钥", where_),
                     Text{"Set `transport: openssh`.", "请设置 transport: openssh。"},
                     {}});
    std::string blob(raw, size), type = type_of(blob);
    login_.emplace(ssh_.get(), events_, host_, route_, where_);
    auto verdict = judge(known_, name(), type, blob);
    if (verdict.trust == Verdict::Trust::unknown && route_.port != 22 && route_.host_key_name.empty()) {
        // like ssh: a key that is known for the bare name is good on another port too
        auto plain = known_name(route_.address, 22);
        auto same = judge(host_keys_.of(route_, plain), plain, type, blob);
        if (same.trust == Verdict::Trust::known || same.trust == Verdict::Trust::revoked) verdict = same;
    }
    if (verdict.trust == Verdict::Trust::revoked)
        return fail({Code::host_key_revoked,
                     say("{}: its host key {} was revoked ({} line {})", "{}：主机密钥 {} 已被吊销（{} 第 {} 行）",
                         where_, fingerprint(blob), verdict.file, verdict.line),
                     Text{"Do not connect. The key may be in foreign hands: give the host new keys (ssh-keygen -A) "
                          "from its console.",
                          "请勿连接。该密钥可能已泄露：请在主机控制台重新生成密钥（ssh-keygen -A）。"},
                     {}});
    if (host_.host_key.starts_with("SHA256:")) return check_fingerprint(blob);
    switch (verdict.trust) {
    case Verdict::Trust::known: at_ = At::login; return Go::on;
    case Verdict::Trust::revoked:
    case Verdict::Trust::changed: return fail(changed_key(blob, verdict));
    case Verdict::Trust::other_type: {
        auto types = known_types(known_, name());
        bool only_rsa = !rsa_works() && types == std::vector<std::string>{"ssh-rsa"};
        openssh_could_ = only_rsa;
        return fail(only_rsa ? unknown_key(blob, true) : changed_key(blob, verdict));
    }
    case Verdict::Trust::unknown: break;
    }
    openssh_could_ = has_authority(known_, name());
    if (openssh_could_ || host_.host_key != "accept-new") return fail(unknown_key(blob, false));
    return learn(name(), blob);
}

} // namespace imops::net
