#include "core/net/ssh2_login.hpp"
#include "core/net/host_keys.hpp"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace imops::net {

namespace {

constexpr std::chrono::seconds agent_limit{2};

/// The public half of an identity whose private half only the agent has: `path` itself or `path.pub`.
std::string public_blob(const std::string& path) {
    for (auto& name : {path, path + ".pub"}) {
        std::ifstream in(name);
        std::string type, base;
        if (in >> type >> base && base.size() < 65536)
            if (auto blob = from_base64(base).value_or(""); !blob.empty() && type_of(blob) == type) return blob;
    }
    return {};
}

void answer_prompts(const char*, int, const char*, int, int count, const LIBSSH2_USERAUTH_KBDINT_PROMPT* prompts,
                    LIBSSH2_USERAUTH_KBDINT_RESPONSE* responses, void** abstract) {
    auto* events = *reinterpret_cast<Ssh2Events**>(abstract);
    for (int i = 0; i < count; ++i) {
        auto answer = prompts[i].echo || !events->password ? std::string_view{} : *events->password;
        responses[i].text = static_cast<char*>(std::malloc(answer.size() + 1)); // libssh2 frees it
        if (!responses[i].text) continue;
        std::memcpy(responses[i].text, answer.data(), answer.size());
        responses[i].length = unsigned(answer.size());
    }
}

} // namespace

Ssh2Login::Got Ssh2Login::step(Clock::time_point now) {
    auto then = [&](Tried tried, At otherwise) -> std::optional<Got> {
        switch (tried) {
        case Tried::again: return Got::wait;
        case Tried::in: return Got::in;
        case Tried::no: at_ = otherwise; return {};
        case Tried::gone:
            gone_ = true;
            at_ = At::refused;
            return {};
        }
        return {};
    };
    for (;;) {
        std::optional<Got> got;
        switch (at_) {
        case At::methods:
            if (!methods()) return Got::wait;
            if (libssh2_userauth_authenticated(ssh_)) return Got::in;
            break;
        case At::agent:
            if (!agent_list(now)) return Got::wait;
            break;
        case At::next_key: next_key(); break;
        case At::agent_key: got = then(try_agent_key(), At::next_key); break;
        case At::file_key: got = then(try_file_key(), At::next_key); break;
        case At::password: got = then(try_password(), At::interactive); break;
        case At::interactive: got = then(try_interactive(), At::refused); break;
        case At::refused: return Got::refused;
        }
        if (got) return *got;
    }
}

void Ssh2Login::wants(Wants& wants) const {
    if (!agent_.asking()) return;
    wants.fd(agent_.fd(), agent_.events());
    if (at_ == At::agent) wants.at(agent_patience_);
}

/// Asks with "none" what the server offers. False: wait.
bool Ssh2Login::methods() {
    char* list = libssh2_userauth_list(ssh_, route_.user.c_str(), unsigned(route_.user.size()));
    if (!list && !libssh2_userauth_authenticated(ssh_)) {
        if (libssh2_session_last_errno(ssh_) == LIBSSH2_ERROR_EAGAIN) return false;
        gone_ = true;
        at_ = At::refused;
        return true;
    }
    methods_ = list ? printable(list) : "";
    at_ = At::agent;
    return true;
}

/// False: wait. A dead or stopped agent only costs its limit.
bool Ssh2Login::agent_list(Clock::time_point now) {
    if (!agent_.open() || !offers("publickey")) {
        gather();
        return true;
    }
    if (!agent_asked_) {
        agent_.ask_keys();
        agent_asked_ = true;
        agent_patience_ = now + agent_limit;
    }
    auto got = agent_.step();
    if (got == Agent::Got::nothing_yet && now < agent_patience_) return false;
    agent_silent_ = got != Agent::Got::answer;
    if (agent_silent_) agent_ = Agent{""};
    gather();
    return true;
}

/// Puts a key to the list, unless it is of a kind that this library cannot use.
void Ssh2Login::take_up(Candidate&& candidate, std::vector<Candidate>& into) {
    if (!is_security_key(candidate.type) && !is_certificate(candidate.type))
        return into.push_back(std::move(candidate));
    skipped_ = true;
    left_out_.push_back(fmt::format("{} ({})", candidate.label, candidate.type));
}

void Ssh2Login::add_files(std::vector<Candidate>& files, std::vector<AgentKey>& agent_keys) {
    std::vector<AgentKey> first;
    auto move_up = [&](const std::string& blob) {
        auto it = std::ranges::find(agent_keys, blob, &AgentKey::blob);
        if (blob.empty() || it == agent_keys.end()) return false;
        first.push_back(std::move(*it));
        agent_keys.erase(it);
        return true;
    };
    for (auto& path : route_.identities) {
        if (!route_.identities_said && !is_there(path) && !is_there(path + ".pub")) continue;
        if (is_there(path + "-cert.pub")) skipped_ = true;
        auto key = load_key(path);
        if (move_up(key && !key->facts.blob.empty() ? key->facts.blob : public_blob(path))) continue;
        if (!key) {
            if (route_.identities_said || is_there(path)) unreadable_.push_back(key.error());
        } else if (key->facts.encrypted && host_.passphrase.empty()) {
            unreadable_.push_back(
                {Code::key_unreadable,
                 say("the key {} is encrypted and no passphrase is configured", "密钥 {} 已加密，但未配置口令", path),
                 say("Load it into the agent (ssh-add {}), or set `passphrase` of the host to {{env: NAME}}, {{file: "
                     "PATH}} or {{command: [...]}}.",
                     "请将其加载到 agent（ssh-add {}），或将该主机的 passphrase 设为 {{env: 变量名}}、{{file: 路径}} "
                     "或 {{command: [...]}}。",
                     path),
                 {}});
        } else {
            Candidate candidate{path, key->facts.type, key->facts.blob, {}};
            candidate.file = std::move(*key);
            take_up(std::move(candidate), files);
        }
    }
    for (auto& key : agent_keys)
        if (!route_.identities_only) first.push_back(std::move(key));
    agent_keys = std::move(first);
}

/// Order: what was named comes first; RSA comes last where it is likely to be refused, for a server ends a log-in after
/// a few attempts.
void Ssh2Login::gather() {
    at_ = At::next_key;
    if (!offers("publickey")) return;
    auto agent_keys = agent_.open() ? agent_.keys() : std::vector<AgentKey>{};
    std::vector<Candidate> files, agent;
    add_files(files, agent_keys);
    for (auto& key : agent_keys) {
        Candidate candidate{"agent: " + printable(key.comment, 60), key.type, key.blob, {}};
        take_up(std::move(candidate), agent);
    }
    auto& front = route_.identities_said && !route_.identities_only ? files : agent;
    auto& back = &front == &files ? agent : files;
    for (auto* part : {&front, &back})
        for (auto& candidate : *part) candidates_.push_back(std::move(candidate));
    if (!rsa_works()) std::ranges::stable_partition(candidates_, [](auto& c) { return c.type != "ssh-rsa"; });
}

void Ssh2Login::next_key() {
    while (!candidates_.empty() && candidates_.front().file && candidates_.front().file->facts.encrypted &&
           !passphrase_) {
        auto passphrase = host_.passphrase.read();
        if (passphrase) {
            passphrase_.emplace(*std::move(passphrase));
            break;
        }
        unreadable_.push_back(Error{passphrase.error()}.during(
            say("reading the passphrase of {}", "读取 {} 的口令时", candidates_.front().label)));
        candidates_.pop_front();
    }
    if (candidates_.empty())
        at_ = At::password;
    else
        at_ = candidates_.front().file ? At::file_key : At::agent_key;
}

/// What libssh2's answer to one attempt means.
Ssh2Login::Tried Ssh2Login::outcome(int rc) {
    if (rc == LIBSSH2_ERROR_EAGAIN) return Tried::again;
    if (rc == 0) return Tried::in;
    return events_.closed ? Tried::gone : Tried::no;
}

int Ssh2Login::sign(LIBSSH2_SESSION*, unsigned char** signature, std::size_t* size, const unsigned char* data,
                    std::size_t length, void** abstract) {
    auto& self = *static_cast<Ssh2Login*>(*abstract);
    if (!self.signing_) {
        self.agent_.ask_signature(self.candidates_.front().blob, {reinterpret_cast<const char*>(data), length});
        self.signing_ = true;
    }
    auto got = self.agent_.step();
    if (got == Agent::Got::nothing_yet) return LIBSSH2_ERROR_EAGAIN;
    auto bytes = got == Agent::Got::answer ? self.agent_.signature() : std::string{};
    if (bytes.empty()) return -1;
    *signature = static_cast<unsigned char*>(std::malloc(bytes.size())); // libssh2 frees it
    if (!*signature) return -1;
    std::memcpy(*signature, bytes.data(), bytes.size());
    *size = bytes.size();
    return 0;
}

Ssh2Login::Tried Ssh2Login::try_agent_key() {
    auto& key = candidates_.front();
    void* self = this;
    auto blob = reinterpret_cast<const unsigned char*>(key.blob.data());
    auto tried =
        outcome(libssh2_userauth_publickey(ssh_, route_.user.c_str(), blob, key.blob.size(), &Ssh2Login::sign, &self));
    if (tried == Tried::again) return tried;
    signing_ = false;
    tried_.push_back(fmt::format("{} ({})", key.label, key.type));
    rsa_refused_ |= tried == Tried::no && key.type == "ssh-rsa" && !rsa_works();
    candidates_.pop_front();
    return tried;
}

Ssh2Login::Tried Ssh2Login::try_file_key() {
    auto& key = candidates_.front();
    auto& file = *key.file;
    // With the public half given, libssh2 decrypts the key (slow on purpose) once instead of twice, and only if the
    // server wants it.
    std::string half = key.blob.empty() ? std::string{} : key.type + " " + base64(key.blob);
    std::string passphrase(file.facts.encrypted ? passphrase_->reveal() : std::string_view{});
    auto text = file.text.reveal();
    int rc = libssh2_userauth_publickey_frommemory(ssh_, route_.user.c_str(), route_.user.size(),
                                                   half.empty() ? nullptr : half.c_str(), half.size(), text.data(),
                                                   text.size(), passphrase.c_str());
    ::explicit_bzero(passphrase.data(), passphrase.size());
    auto tried = outcome(rc);
    if (tried == Tried::again) return tried;
    bool ours =
        tried == Tried::no && (rc == LIBSSH2_ERROR_FILE || last_words(ssh_).find("Callback") != std::string::npos);
    if (ours) {
        unreadable_.push_back(
            file.facts.encrypted
                ? Error{Code::key_unreadable,
                        say("the passphrase ({}) does not open the key {}", "口令（{}）无法解开密钥 {}",
                            passphrase_->origin(), key.label),
                        say("Try it by hand: ssh-keygen -y -f {}", "请手工验证：ssh-keygen -y -f {}", key.label),
                        {}}
                : Error{Code::key_unreadable,
                        say("libssh2 cannot use the key {}: {}", "libssh2 无法使用密钥 {}：{}", key.label,
                            last_words(ssh_)),
                        Text{"Use an ed25519 key, or `transport: openssh`.",
                             "请改用 ed25519 密钥，或设置 transport: openssh。"},
                        {}});
    } else
        tried_.push_back(fmt::format("{} ({})", key.label, key.type.empty() ? "PEM" : key.type));
    rsa_refused_ |= tried == Tried::no && !rsa_works() && (key.type == "ssh-rsa" || key.type.empty());
    candidates_.pop_front();
    return tried;
}

bool Ssh2Login::offers(std::string_view method) const {
    std::string_view rest = methods_;
    while (!rest.empty()) {
        auto one = rest.substr(0, rest.find(','));
        if (one == method) return true;
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
    return false;
}

bool Ssh2Login::read_password() {
    if (host_.password.empty() || password_) return bool(password_);
    auto password = host_.password.read();
    if (!password) {
        unreadable_.push_back(
            Error{password.error()}.during(say("reading the password of {}", "读取 {} 的密码时", host_.name)));
        return false;
    }
    password_.emplace(*std::move(password));
    password_view_ = password_->reveal();
    events_.password = &password_view_;
    return true;
}

Ssh2Login::Tried Ssh2Login::try_password() {
    if (!offers("password") || !read_password()) return Tried::no;
    password_tried_ = true;
    return outcome(libssh2_userauth_password_ex(ssh_, route_.user.c_str(), unsigned(route_.user.size()),
                                                password_view_.data(), unsigned(password_view_.size()), nullptr));
}

Ssh2Login::Tried Ssh2Login::try_interactive() {
    if (!offers("keyboard-interactive") || !read_password()) return Tried::no;
    password_tried_ = true;
    return outcome(libssh2_userauth_keyboard_interactive_ex(ssh_, route_.user.c_str(), unsigned(route_.user.size()),
                                                            &answer_prompts));
}

Error Ssh2Login::refused_keys() const {
    Error e{Code::key_refused,
            say("{}: the server refused every key for user {} (tried: {}; it offers: {})",
                "{}：服务器拒绝了用户 {} 的所有密钥（已尝试：{}；服务器支持：{}）", where_, route_.user,
                fmt::format("{}", fmt::join(tried_, ", ")), methods_),
            {},
            {}};
    if (rsa_refused_)
        e.remedy = Text{"This libssh2 signs RSA keys only with SHA-1, which OpenSSH 8.8 and later refuse: use an "
                        "ed25519 key, or `transport: openssh`.",
                        "当前 libssh2 的 RSA 密钥只支持 SHA-1 签名，OpenSSH 8.8 及以后版本会拒绝：请改用 ed25519 "
                        "密钥，或设置 transport: openssh。"};
    else
        e.remedy =
            say("Add the public key there: ssh-copy-id -i KEY.pub -p {} {}@{}. The host's log says why it refused: "
                "journalctl -u ssh",
                "请把公钥加到该主机：ssh-copy-id -i 公钥.pub -p {} {}@{}。拒绝原因见该主机日志：journalctl -u ssh",
                route_.port, route_.user, route_.address);
    return e;
}

Error Ssh2Login::error() const {
    if (gone_ && tried_.empty())
        return {Code::lost,
                say("{}: the server ended the connection during log-in: {}", "{}：服务器在登录过程中断开了连接：{}",
                    where_, events_.goodbye.empty() ? last_words(ssh_) : events_.goodbye),
                Text{"The host's log says why: journalctl -u ssh", "原因见该主机日志：journalctl -u ssh"},
                {}};
    auto base = [&]() -> Error {
        if (password_tried_)
            return {Code::password_refused,
                    say("{}: the server refused the password of user {} (it offers: {})",
                        "{}：服务器拒绝了用户 {} 的密码（服务器支持：{}）", where_, route_.user, methods_),
                    Text{"Check user and password by hand with ssh; the account may be locked, expired, or forbidden "
                         "in sshd_config (AllowUsers, PermitRootLogin).",
                         "请用 ssh 手工验证用户名和密码；账号可能被锁定、过期，或被 sshd_config "
                         "禁止（AllowUsers、PermitRootLogin）。"},
                    {}};
        if (!tried_.empty()) return refused_keys();
        if (!unreadable_.empty()) {
            Error e = unreadable_.front();
            e.what = say("{}: {}", "{}：{}", where_, e.what);
            return e;
        }
        return {Code::no_method,
                say("{}: nothing to log in with as user {} (the server offers: {})",
                    "{}：没有可用于登录用户 {} 的方式（服务器支持：{}）", where_, route_.user, methods_),
                Text{"Make a key (ssh-keygen -t ed25519) and add it to the host, start an agent, or set `password` of "
                     "the host if the server offers it.",
                     "请生成密钥（ssh-keygen -t ed25519）并加到该主机，或启动 "
                     "agent；若服务器支持密码，也可设置该主机的 password。"},
                {}};
    };
    Error e = base();
    if (gone_ && !events_.goodbye.empty())
        e = std::move(e).during(say("the server said: {}", "服务器返回：{}", events_.goodbye));
    if (agent_silent_)
        e = std::move(e).during(Text{"the agent (SSH_AUTH_SOCK) did not answer", "agent（SSH_AUTH_SOCK）无响应"});
    if (!left_out_.empty())
        e = std::move(e).during(
            say("libssh2 cannot use: {}", "libssh2 无法使用：{}", fmt::format("{}", fmt::join(left_out_, ", "))));
    if (e.code != Code::key_unreadable)
        for (auto& u : unreadable_) e = std::move(e).during(u.what);
    return e;
}

} // namespace imops::net
