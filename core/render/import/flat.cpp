#include "core/render/import/flat.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <re2/re2.h>

namespace imops::render {

void Flat::put(std::string key, OldSetting s) {
    if (all_.size() >= most && !all_.contains(key)) {
        if (!full_)
            unread.push_back(
                {s.file, 0, say("more than {} settings: the rest was left out", "超过 {} 项设置：其余未读取", most)});
        full_ = true;
        return;
    }
    all_[std::move(key)] = std::move(s);
}

void Flat::add(std::string key, OldSetting s, std::string_view between) {
    auto it = all_.find(key);
    if (it == all_.end()) return put(std::move(key), std::move(s));
    it->second.value.append(between).append(s.value);
    it->second.boolean = false;
}

void Flat::drop(const std::string& key) {
    auto below = [&](const std::string& k) {
        return k == key || (k.starts_with(key) && (k[key.size()] == '.' || k[key.size()] == '['));
    };
    for (auto it = all_.lower_bound(key); it != all_.end() && it->first.starts_with(key);)
        it = below(it->first) ? all_.erase(it) : std::next(it);
}

const std::string& Flat::value(std::string_view key) const {
    static const std::string none;
    auto it = all_.find(std::string{key});
    return it == all_.end() ? none : it->second.value;
}

const OldSetting* Flat::leaf(std::string_view wanted) const {
    auto it = std::ranges::find_if(all_, [&](auto& pair) { return pair.second.leaf == wanted; });
    return it == all_.end() ? nullptr : &it->second;
}

std::set<std::string> Flat::items(std::string_view list) const {
    std::set<std::string> found;
    auto head = std::string{list} + "[";
    for (auto it = all_.lower_bound(head); it != all_.end() && it->first.starts_with(head); ++it)
        if (auto end = it->first.find(']', head.size()); end != std::string::npos)
            found.insert(it->first.substr(head.size(), end - head.size()));
    return found;
}

void Flat::tidy() {
    for (auto it = all_.begin(); it != all_.end();) {
        bool below = false;
        if (it->second.value == "{}")
            for (auto mark : {".", "["}) {
                auto next = all_.lower_bound(it->first + mark);
                below = below || (next != all_.end() && next->first.starts_with(it->first + mark));
            }
        it = below ? all_.erase(it) : std::next(it);
    }
}

std::vector<std::string> list_items(std::string_view value) {
    if (value.size() < 2 || !value.starts_with('[') || !value.ends_with(']'))
        return value.empty() ? std::vector<std::string>{} : std::vector{std::string{value}};
    std::vector<std::string> items;
    for (auto part : split(value.substr(1, value.size() - 2), ','))
        if (auto item = trim(part); !item.empty()) items.emplace_back(item);
    return items;
}

std::vector<Change> changes(const Flat& before, const Flat& after) {
    std::vector<Change> all;
    auto has_below = [](const Flat& f, const std::string& key) {
        return std::ranges::any_of(std::string_view{".["}, [&](char mark) {
            auto it = f.all().lower_bound(key + mark);
            return it != f.all().end() && it->first.starts_with(key + mark);
        });
    };
    for (auto& [key, old] : before.all()) {
        auto it = after.all().find(key);
        if (it == after.all().end()) {
            if (old.value != "{}" || !has_below(after, key)) all.push_back({key, &old, nullptr});
        } else if (it->second.value != old.value)
            all.push_back({key, &old, &it->second});
    }
    for (auto& [key, made] : after.all())
        if (!before.has(key) && (made.value != "{}" || !has_below(before, key))) all.push_back({key, nullptr, &made});
    return all;
}

namespace {

bool any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](auto w) { return text.find(w) != text.npos; });
}

std::string lowered(std::string_view s) {
    std::string out{s};
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return out;
}

/// Names with such a word in them that are no secrets.
bool harmless(std::string_view leaf) {
    static constexpr std::string_view names[]{"proxy_pass",
                                              "fastcgi_pass",
                                              "uwsgi_pass",
                                              "scgi_pass",
                                              "grpc_pass",
                                              "memcached_pass",
                                              "proxy_pass_header",
                                              "proxy_pass_request_headers",
                                              "proxy_pass_request_body",
                                              "ssl_certificate_key",
                                              "ssl_key_file",
                                              "auth_password_format",
                                              "password_encryption",
                                              "notify-keyspace-events",
                                              "acllog-max-len",
                                              "tcp-keepalive",
                                              "tls_private_key_path",
                                              "signing_key_path",
                                              "key_server_signing_keys_path",
                                              "tls-key-file",
                                              "use-auth-secret",
                                              "keyfile"};
    return std::ranges::find(names, leaf) != std::end(names);
}

} // namespace

bool SecretShapes::secret_like(std::string_view key, const OldSetting& s) {
    static const RE2 login{"://[^/@\\s]*:[^/@\\s]*@"};
    if (RE2::PartialMatch(s.value, login)) return true;
    auto value = lowered(s.value);
    if (any(value, {"password ", "passwd ", "basic ", "bearer ", "insecure-password"})) return true;
    if (s.boolean || harmless(s.leaf)) return false;
    auto name = lowered(key);
    return any(name, {"pass", "secret", "token", "key", "credential", "cookie", "authorization"}) ||
           name.ends_with("auth") || lowered(s.leaf).starts_with("user ");
}

void SecretShapes::learn(std::string_view secret) {
    if (secret.size() >= 6) known_.emplace(secret);
}

void SecretShapes::learn(const Flat& f) {
    for (auto& [key, s] : f.all())
        if (secret_like(key, s)) {
            learn(s.value);
            for (auto& item : list_items(s.value)) learn(item);
        }
}

std::string SecretShapes::shown(std::string_view key, const OldSetting& s) const {
    bool holds = std::ranges::any_of(known_, [&](auto& k) { return s.value.find(k) != s.value.npos; });
    return holds || secret_like(key, s) ? "(secret)" : one_line(s.value, 160);
}

std::string SecretShapes::shown_key(std::string_view key) const {
    std::string out{key};
    for (auto& k : known_)
        for (auto at = out.find(k); at != out.npos; at = out.find(k)) out.replace(at, k.size(), "…");
    return one_line(out, 200);
}

} // namespace imops::render
