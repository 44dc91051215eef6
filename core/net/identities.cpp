#include "core/net/identities.hpp"
#include "core/net/host_keys.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace imops::net {

namespace {

Error unreadable(Line what, Line remedy) { return {Code::key_unreadable, std::move(what), std::move(remedy), {}}; }

/// Takes one length-prefixed string off the front; nothing if there is not that much.
std::optional<std::string_view> take(std::string_view& rest) {
    if (rest.size() < 4) return {};
    std::size_t size = 0;
    for (char c : rest.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(c);
    if (size > rest.size() - 4) return {};
    auto s = rest.substr(4, size);
    rest.remove_prefix(4 + size);
    return s;
}

std::string armoured(std::string_view text) {
    std::string base;
    auto begin = text.find('\n'), end = text.find("-----END");
    if (begin == text.npos || end == text.npos || end < begin) return {};
    for (char c : text.substr(begin, end - begin))
        if (c > 0x20) base += c;
    auto raw = from_base64(base).value_or("");
    ::explicit_bzero(base.data(), base.size());
    return raw;
}

std::optional<KeyFacts> inspect_openssh(std::string_view text) {
    constexpr std::string_view magic{"openssh-key-v1\0", 15};
    std::string raw = armoured(text);
    std::string_view rest = raw;
    std::optional<KeyFacts> facts;
    if (rest.starts_with(magic)) {
        rest.remove_prefix(magic.size());
        auto cipher = take(rest), kdf = take(rest), options = take(rest);
        if (rest.size() >= 4) rest.remove_prefix(4); // how many keys: always one
        auto blob = take(rest);
        if (cipher && kdf && options && blob) facts = KeyFacts{type_of(*blob), std::string(*blob), *cipher != "none"};
    }
    ::explicit_bzero(raw.data(), raw.size());
    return facts;
}

} // namespace

Result<KeyFacts> inspect_key(std::string_view text, const std::string& path) {
    auto has = [&](std::string_view s) { return text.find(s) != text.npos; };
    if (has("-----BEGIN OPENSSH PRIVATE KEY-----")) {
        if (auto facts = inspect_openssh(text)) return *std::move(facts);
        return unreadable(say("the key file {} is damaged", "密钥文件 {} 已损坏", path),
                          say("Check it with: ssh-keygen -y -f {}", "请用此命令检查：ssh-keygen -y -f {}", path));
    }
    bool encrypted = has("ENCRYPTED");
    if (has("-----BEGIN RSA PRIVATE KEY-----")) return KeyFacts{"ssh-rsa", {}, encrypted};
    if (has("-----BEGIN EC PRIVATE KEY-----")) return KeyFacts{"ecdsa", {}, encrypted};
    if (has("-----BEGIN DSA PRIVATE KEY-----")) return KeyFacts{"ssh-dss", {}, encrypted};
    if (has("-----BEGIN PRIVATE KEY-----") || has("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        return KeyFacts{"", {}, encrypted};
    if (text.starts_with("PuTTY-User-Key-File"))
        return unreadable(say("the key file {} is in PuTTY's format", "密钥文件 {} 是 PuTTY 格式", path),
                          say("Convert it: puttygen {0} -O private-openssh -o {0}.openssh",
                              "请转换格式：puttygen {0} -O private-openssh -o {0}.openssh", path));
    return unreadable(
        say("{} is no private key", "{} 不是私钥文件", path),
        Text{"Name the private key, not the .pub file beside it.", "请填写私钥文件，而不是旁边的 .pub 公钥文件。"});
}

Result<KeyFile> load_key(const std::string& path) {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return unreadable(
            say("cannot read the key file {}: {}", "无法读取密钥文件 {}：{}", path, std::string(::strerror(errno))),
            Text{"Correct `identities` in imops.yaml, or the rights of the file.",
                 "请修正 imops.yaml 中的 identities，或文件的权限。"});
    struct stat st {};
    std::string text(65536, '\0');
    bool regular = ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    bool open_to_others = st.st_uid == ::geteuid() && (st.st_mode & 077);
    ssize_t n = regular && !open_to_others ? ::read(fd, text.data(), text.size()) : -1;
    ::close(fd);
    text.resize(n > 0 ? std::size_t(n) : 0); // keeps its block, which Secret wipes
    Secret secret{std::move(text), path};
    if (open_to_others)
        return unreadable(say("other users can read the key file {} (mode {:04o}), so it is not used",
                              "其他用户可以读取密钥文件 {}（权限 {:04o}），因此不予使用", path,
                              unsigned(st.st_mode & 07777)),
                          say("Run: chmod 600 {}", "执行：chmod 600 {}", path));
    auto facts = inspect_key(secret.reveal(), path);
    if (!facts) return facts.error();
    return KeyFile{path, *std::move(facts), std::move(secret)};
}

bool is_security_key(std::string_view type) { return type.starts_with("sk-"); }
bool is_certificate(std::string_view type) { return type.find("-cert-v0") != type.npos; }
bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

} // namespace imops::net
