#include "core/net/host_keys.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace imops::net {

namespace {

std::string_view word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t")));
    auto w = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(w.size());
    return w;
}

std::string lower(std::string_view s) {
    std::string l(s);
    for (char& c : l)
        if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a'); // not tolower(): its answer depends on the locale
    return l;
}

const unsigned char* bytes(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

std::string hmac_sha1(std::string_view key, std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ::HMAC(EVP_sha1(), key.data(), int(key.size()), bytes(text), text.size(), digest, &size);
    return {reinterpret_cast<char*>(digest), size};
}

/// ssh's patterns know `*` and `?` only. fnmatch would give `[` a meaning, and `[host]:port` is a common name.
bool glob(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0, star = std::string_view::npos, mark = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*')
            star = p++, mark = n;
        else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n]))
            ++p, ++n;
        else if (star != std::string_view::npos)
            p = star + 1, n = ++mark;
        else
            return false;
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

/// The algorithms that prove one type of key: an RSA key has three.
std::vector<std::string> algorithms(const std::string& type) {
    if (type == "ssh-rsa") return {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"};
    return {type};
}

} // namespace

std::vector<KnownKey> parse_known_hosts(std::string_view text, const std::string& file) {
    std::vector<KnownKey> keys;
    for (int number = 1; !text.empty(); ++number) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        KnownKey key{.file = file, .line = number};
        auto first = word(line);
        if (first.empty() || first.front() == '#') continue;
        if (first.front() == '@') {
            if (first == "@revoked")
                key.marker = KnownKey::Marker::revoked;
            else if (first == "@cert-authority")
                key.marker = KnownKey::Marker::authority;
            else
                continue;
            first = word(line);
        }
        key.hosts = first;
        key.type = word(line);
        key.blob = from_base64(word(line)).value_or("");
        if (!key.blob.empty() && type_of(key.blob) == key.type) keys.push_back(std::move(key));
    }
    return keys;
}

std::string known_name(std::string_view name, int port) {
    if (name.size() > 1 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
    return port == 22 ? lower(name) : fmt::format("[{}]:{}", lower(name), port);
}

bool matches(const KnownKey& key, std::string_view name) {
    if (key.hosts.starts_with("|1|")) {
        auto rest = std::string_view(key.hosts).substr(3);
        auto bar = rest.find('|');
        if (bar == std::string_view::npos) return false;
        auto salt = from_base64(rest.substr(0, bar)).value_or(""),
             hash = from_base64(rest.substr(bar + 1)).value_or("");
        return !salt.empty() && hash == hmac_sha1(salt, name);
    }
    bool hit = false;
    for (auto rest = std::string_view(key.hosts); !rest.empty();) {
        auto pattern = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), pattern.size() + 1));
        bool negated = pattern.starts_with('!');
        if (negated) pattern.remove_prefix(1);
        if (!glob(lower(pattern), name)) continue;
        if (negated) return false;
        hit = true;
    }
    return hit;
}

Verdict judge(const std::vector<KnownKey>& keys, std::string_view name, std::string_view type, std::string_view blob) {
    using Trust = Verdict::Trust;
    Verdict verdict;
    auto found = [&](Trust t, const KnownKey& k) { verdict = {t, k.file, k.line}; };
    for (auto& key : keys) {
        if (key.marker == KnownKey::Marker::authority || verdict.trust == Trust::revoked || !matches(key, name))
            continue;
        bool same = key.blob == blob;
        if (key.marker == KnownKey::Marker::revoked) {
            if (same) found(Trust::revoked, key);
        } else if (same)
            found(Trust::known, key);
        else if (verdict.trust == Trust::known)
            continue;
        else if (key.type == type) {
            if (verdict.trust != Trust::changed) found(Trust::changed, key);
        } else if (verdict.trust == Trust::unknown)
            found(Trust::other_type, key);
    }
    return verdict;
}

std::vector<std::string> known_types(const std::vector<KnownKey>& keys, std::string_view name) {
    std::vector<std::string> types;
    for (auto& key : keys)
        if (key.marker == KnownKey::Marker::none && std::ranges::find(types, key.type) == types.end() &&
            matches(key, name))
            types.push_back(key.type);
    return types;
}

bool has_authority(const std::vector<KnownKey>& keys, std::string_view name) {
    return std::ranges::any_of(
        keys, [&](auto& key) { return key.marker == KnownKey::Marker::authority && matches(key, name); });
}

std::string preference(const std::vector<std::string>& known, const std::vector<std::string>& supported,
                       const std::vector<std::string>& not_again) {
    std::vector<std::string> types = known, methods;
    for (auto* type : {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"})
        types.emplace_back(type);
    auto holds = [](auto& list, auto& s) { return std::ranges::find(list, s) != list.end(); };
    for (auto& type : types) {
        if (holds(not_again, type)) continue;
        for (auto& method : algorithms(type))
            if (holds(supported, method) && !holds(methods, method)) methods.push_back(method);
    }
    return fmt::format("{}", fmt::join(methods, ","));
}

std::string fingerprint(std::string_view blob) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ::EVP_Digest(blob.data(), blob.size(), digest, &size, EVP_sha256(), nullptr);
    auto text = base64({reinterpret_cast<char*>(digest), size});
    while (text.ends_with('=')) text.pop_back();
    return "SHA256:" + text;
}

std::string type_of(std::string_view blob) {
    if (blob.size() < 4) return {};
    std::size_t size = 0;
    for (char c : blob.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(c);
    return size <= 128 && blob.size() >= 4 + size ? std::string(blob.substr(4, size)) : std::string{};
}

std::string hashed_line(std::string_view name, std::string_view type, std::string_view blob) {
    std::string salt(20, '\0');
    ::RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), int(salt.size()));
    return fmt::format("|1|{}|{} {} {}\n", base64(salt), base64(hmac_sha1(salt, name)), type, base64(blob));
}

const std::vector<KnownKey>& HostKeys::file(const std::string& path) {
    auto [it, fresh] = files_.try_emplace(path);
    if (fresh) {
        std::ifstream in(path, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        it->second = parse_known_hosts(text.view(), path);
    }
    return it->second;
}

std::vector<KnownKey> HostKeys::of(const Route& route, std::string_view name) {
    std::vector<KnownKey> keys;
    for (auto& path : route.known_hosts)
        for (auto& key : file(path))
            if (matches(key, name)) keys.push_back(key);
    return keys;
}

Result<std::string> HostKeys::learn(const Route& route, std::string_view name, std::string_view blob) {
    if (route.known_hosts.empty())
        return Error{Code::io,
                     Text{"no known_hosts file to write to", "没有可写入的 known_hosts 文件"},
                     Text{"Set `known_hosts` of the host.", "请为该主机设置 known_hosts。"},
                     {}};
    auto& path = route.known_hosts.front();
    file(path);
    auto line = hashed_line(name, type_of(blob), blob);
    if (auto slash = path.rfind('/'); slash != path.npos && slash > 0) ::mkdir(path.substr(0, slash).c_str(), 0700);
    int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    char last = '\n';
    if (fd >= 0 && ::lseek(fd, -1, SEEK_END) >= 0 && ::read(fd, &last, 1) == 1 && last != '\n') line.insert(0, 1, '\n');
    bool written = fd >= 0 && ::write(fd, line.data(), line.size()) == ssize_t(line.size());
    int error = errno;
    if (fd >= 0) ::close(fd);
    if (!written)
        return Error{Code::io,
                     say("cannot write {}: {}", "无法写入 {}：{}", path, std::string(::strerror(error))),
                     say("Make it writable, or set `known_hosts` of the host to another file.",
                         "请使其可写，或将该主机的 known_hosts 设为其他文件。"),
                     {}};
    auto learnt = parse_known_hosts(line, path);
    files_[path].insert(files_[path].end(), learnt.begin(), learnt.end());
    return path;
}

} // namespace imops::net
