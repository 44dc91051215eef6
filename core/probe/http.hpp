#pragma once
#include "core/net/http.hpp"
#include "core/probe/endpoint.hpp"
#include <functional>
#include <vector>

namespace imops::probe {

/// One endpoint of http, https, ws or wss: what is asked, and what the answer means. The target must outlive it.
class HttpQuestion {
    const Target& target_;
    std::string url_;
    bool websocket_ = false;
    std::string key_;                   // of the WebSocket: 16 random bytes in base64
    std::optional<Secret> credentials_; // value of Authorization

    void judge(const net::Response&, Answer&) const;
    std::optional<Error> wrong_upgrade(const net::Response&) const;
    std::optional<Error> wrong_headers(const net::Response&) const;
    Line where() const;

  public:
    explicit HttpQuestion(const Target&);
    /// Points into this question.
    net::Request request(std::chrono::milliseconds limit) const;
    Told told(const Result<net::Response>&) const;
};

/// What a server must send back for this key of a WebSocket (RFC 6455).
std::string websocket_accept(const std::string& key);

/// "https://[fd00::5]:9000/" of a service that has no url.
std::string root_url(const Target&);
/// The answer, from wherever the target is to be asked, within its deadline.
Result<net::Response> fetch(const Target&, net::Request);
/// Its phases.
void tell_times(const net::Response&, Answer&);

/// One endpoint, from wherever it is to be asked.
Told ask_http(const Target&);
/// Many that are asked from here, in one loop; each has `limit` from its first packet on. `done` is called as each is
/// answered.
void ask_http(const std::vector<Target>&, std::chrono::milliseconds limit,
              const std::function<void(std::size_t, Told)>& done);

} // namespace imops::probe
