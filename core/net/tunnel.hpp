#pragma once
#include "core/net/child.hpp"
#include "core/net/ssh_folder.hpp"
#include <map>
#include <mutex>
#include <semaphore>

namespace imops::net {

/// Two ends of one TCP connection on the loopback address. Errors: Code::io.
Result<std::pair<Fd, Fd>> tcp_pair();

/// A door on the loopback address for a library that insists on connecting by itself: it lets in this process alone.
class Door {
    Fd listener_;
    int port_ = 0;

  public:
    /// Errors: Code::io.
    static Result<Door> open();
    int port() const { return port_; }
    /// The connection that this process made to it; whoever else knocks is sent away. Errors: Code::timed_out, io.
    Result<Fd> accept(Clock::time_point deadline);
};

/// A TCP connection that another host has opened (direct-tcpip), carried by the system's ssh: `ssh -W`. Ends when this
/// goes.
class Tunnel {
    friend class Tunnels;
    std::unique_ptr<Child> ssh_;
    std::shared_ptr<void> place_; // among those of its host

  public:
    Fd fd; // our end; -1 if the far end was given
};

/// Opens them, for any number of threads. One log-in for each: ssh's shared connections do not tell why the far side
/// refused.
class Tunnels {
    struct Gate {
        std::counting_semaphore<> free{
            8}; // sshd drops log-ins from the tenth on that is not done (MaxStartups 10:30:100)
    };
    std::string home_;
    std::span<const Host> hosts_;
    std::chrono::milliseconds connect_limit_;
    const volatile int* stop_;
    std::mutex mutex_; // for what follows
    std::unique_ptr<SshFolder> folder_;
    std::map<std::string, std::unique_ptr<Gate>> gates_;

    Result<std::string> config_of(const Host&);
    Result<std::shared_ptr<void>> place_at(const Host&, Clock::time_point deadline);

  public:
    /// `hosts` are all hosts of the deployment and must outlive it; `stop` as in FleetOptions.
    Tunnels(std::span<const Host> hosts, std::chrono::milliseconds connect_limit, const volatile int* stop);
    /// Returns once the far side has the connection. `end`: what ssh shall read and write; none: the tunnel makes a
    /// pair of its own. Errors: those of a log-in, about `via`; Code::name_not_found, refused, timed_out, unreachable
    /// as `via` sees `address`; Code::no_channel (it does not let connections through), interrupted.
    Result<Tunnel> open(const Host& via, const std::string& address, int port, Clock::time_point deadline, Fd end = {});
};

} // namespace imops::net
