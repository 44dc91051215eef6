#pragma once
#include "core/net/child.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace imops::net {

struct AgentKey {
    std::string blob, type, comment;
};

/// A talk with ssh-agent that never blocks. libssh2's own agent functions do, so a stopped agent would stop the whole
/// fleet.
class Agent {
  public:
    /// Not open() if there is no such socket or nobody listens.
    explicit Agent(const std::string& socket);
    bool open() const { return bool(fd_); }
    int fd() const { return fd_.get(); }
    short events() const;

    void ask_keys();
    void ask_signature(std::string_view blob, std::string_view data);
    bool asking() const { return asking_; }
    enum class Got { nothing_yet, answer, failure };
    Got step();
    std::vector<AgentKey> keys() const; // of the last answer; empty if it was none
    std::string signature() const;      // of the last answer, without its algorithm's name; empty if it was refused

  private:
    void ask(std::string payload);
    Fd fd_;
    bool asking_ = false;
    std::string out_, in_;
};

} // namespace imops::net
