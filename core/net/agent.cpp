#include "core/net/agent.hpp"
#include "core/net/host_keys.hpp"
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace imops::net {

namespace {

// draft-ietf-sshm-ssh-agent
constexpr char request_identities = 11, identities_answer = 12, sign_request = 13, sign_response = 14;
constexpr std::uint32_t flag_sha256 = 2, flag_sha512 = 4;
constexpr std::size_t most = 256 * 1024;

void put(std::string& to, std::uint32_t n) {
    for (int shift : {24, 16, 8, 0}) to += char(n >> shift & 0xff);
}
void put(std::string& to, std::string_view s) {
    put(to, std::uint32_t(s.size()));
    to += s;
}
std::uint32_t number(std::string_view s) {
    std::uint32_t n = 0;
    for (char c : s.substr(0, 4)) n = n << 8 | static_cast<unsigned char>(c);
    return n;
}
/// Takes a length-prefixed string off the front; empties `rest` if there is not that much.
std::string_view take(std::string_view& rest) {
    auto size = number(rest);
    if (rest.size() < 4 || size > rest.size() - 4) return rest = {};
    auto s = rest.substr(4, size);
    rest.remove_prefix(4 + size);
    return s;
}

/// RSA keys are signed with what the request for log-in names: the fifth field of the data to sign.
std::uint32_t flags_for(std::string_view data) {
    take(data); // session id
    if (!data.empty()) data.remove_prefix(1);
    take(data), take(data), take(data); // user, service, method
    if (!data.empty()) data.remove_prefix(1);
    auto algorithm = take(data);
    return algorithm == "rsa-sha2-512" ? flag_sha512 : algorithm == "rsa-sha2-256" ? flag_sha256 : 0;
}

} // namespace

Agent::Agent(const std::string& socket) {
    sockaddr_un address{.sun_family = AF_UNIX};
    if (socket.empty() || socket.size() >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (fd && ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) fd_ = std::move(fd);
}

short Agent::events() const { return short(POLLIN | (out_.empty() ? 0 : POLLOUT)); }

void Agent::ask(std::string payload) {
    out_.clear();
    in_.clear();
    put(out_, payload);
    asking_ = true;
}

void Agent::ask_keys() { ask({request_identities}); }

void Agent::ask_signature(std::string_view blob, std::string_view data) {
    std::string payload{sign_request};
    put(payload, blob);
    put(payload, data);
    put(payload, flags_for(data));
    ask(std::move(payload));
}

Agent::Got Agent::step() {
    auto over = [&](Got got) {
        asking_ = false;
        if (got == Got::failure) fd_.close();
        return got;
    };
    auto later = [] { return errno == EAGAIN || errno == EINTR; };
    if (!fd_) return over(Got::failure);
    while (!out_.empty()) {
        auto n = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
        if (n < 0) return later() ? Got::nothing_yet : over(Got::failure);
        out_.erase(0, std::size_t(n));
    }
    for (;;) {
        if (in_.size() >= 4 && in_.size() - 4 >= number(in_)) return over(Got::answer);
        char buffer[4096];
        auto n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        if (n < 0 && later()) return Got::nothing_yet;
        if (n <= 0 || in_.size() > most) return over(Got::failure);
        in_.append(buffer, std::size_t(n));
    }
}

std::vector<AgentKey> Agent::keys() const {
    std::vector<AgentKey> keys;
    std::string_view all = in_, rest = take(all);
    if (rest.size() < 5 || rest.front() != identities_answer) return keys;
    auto count = number(rest.substr(1));
    rest.remove_prefix(5);
    while (count-- > 0 && !rest.empty()) {
        std::string blob(take(rest)), comment(take(rest));
        if (auto type = type_of(blob); !type.empty())
            keys.push_back({std::move(blob), std::move(type), std::move(comment)});
    }
    return keys;
}

std::string Agent::signature() const {
    std::string_view all = in_, rest = take(all);
    if (rest.empty() || rest.front() != sign_response) return {};
    rest.remove_prefix(1);
    auto signature = take(rest);
    take(signature); // the algorithm's name, which libssh2 writes itself
    return std::string(take(signature));
}

} // namespace imops::net
