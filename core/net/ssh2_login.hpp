#pragma once
#include "core/net/agent.hpp"
#include "core/net/identities.hpp"
#include "core/net/session.hpp"
#include "core/net/ssh2.hpp"
#include <deque>

namespace imops::net {

/// Logs one libssh2 session in: keys of the agent and of files, then password, then keyboard-interactive. Passive like
/// a Session. Everything it was given must outlive it. The host key must have been verified before.
class Ssh2Login {
  public:
    Ssh2Login(LIBSSH2_SESSION* ssh, Ssh2Events& events, const Host& host, const Route& route, const Line& where)
        : ssh_{ssh}, events_{events}, host_{host}, route_{route}, where_{where}, agent_{route.agent} {}
    Ssh2Login(const Ssh2Login&) = delete;
    Ssh2Login& operator=(const Ssh2Login&) = delete;
    ~Ssh2Login() { events_.password = nullptr; }

    enum class Got { wait, in, refused };
    Got step(Clock::time_point now);
    void wants(Wants&) const;
    /// Why it was refused. Code: key_refused, key_unreadable, password_refused, no_method, lost, config.
    Error error() const;
    bool openssh_could() const { return rsa_refused_ || (skipped_ && host_.password.empty()); }

  private:
    struct Candidate {
        std::string label, type, blob;
        std::optional<KeyFile> file; // nothing: the agent holds it
    };
    enum class At { methods, agent, next_key, agent_key, file_key, password, interactive, refused };
    enum class Tried { again, in, no, gone };
    bool methods();
    bool agent_list(Clock::time_point now);
    void gather();
    void add_files(std::vector<Candidate>& files, std::vector<AgentKey>& agent_keys);
    void take_up(Candidate&& candidate, std::vector<Candidate>& into);
    void next_key();
    Tried try_agent_key();
    Tried try_file_key();
    Tried try_password();
    Tried try_interactive();
    bool offers(std::string_view method) const;
    bool read_password();
    Tried outcome(int rc);
    static int sign(LIBSSH2_SESSION*, unsigned char** signature, std::size_t* size, const unsigned char* data,
                    std::size_t length, void** self);
    Error refused_keys() const;

    LIBSSH2_SESSION* ssh_;
    Ssh2Events& events_;
    const Host& host_;
    const Route& route_;
    const Line& where_;
    Agent agent_;
    At at_ = At::methods;
    Clock::time_point agent_patience_{};
    bool agent_asked_ = false, signing_ = false, agent_silent_ = false;
    std::string methods_;
    std::deque<Candidate> candidates_;
    std::vector<std::string> tried_, left_out_;
    std::vector<Error> unreadable_;
    std::optional<Secret> passphrase_, password_;
    std::string_view password_view_;
    bool rsa_refused_ = false, skipped_ = false, password_tried_ = false, gone_ = false;
};

} // namespace imops::net
