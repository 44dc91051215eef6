#pragma once
#include "core/net/route.hpp"
#include <libssh2.h>
#include <memory>
#include <string>
#include <string_view>

namespace imops::net {

/// What libssh2 tells only through callbacks; it is the session's `abstract`.
struct Ssh2Events {
    std::string greeting; // the first bytes of the server, to say what answered if it was not SSH
    std::string goodbye;  // the server's own words when it ended the connection
    bool closed = false;  // the connection is gone
    Clock::time_point yield_at =
        Clock::time_point::max(); // from then on nothing is received: libssh2 would follow an endless flood
                                  // of packets (or a greeting without end) without ever returning
    const std::string_view* password = nullptr; // the answer to hidden prompts of keyboard-interactive
};

struct FreeSsh2 {
    void operator()(LIBSSH2_SESSION* s) const;
};
using Ssh2 = std::unique_ptr<LIBSSH2_SESSION, FreeSsh2>;

/// A non-blocking libssh2 session that reports to `events`, which must outlive it. Null: out of memory.
Ssh2 make_ssh2(Ssh2Events& events);
/// libssh2's words on the last error.
std::string last_words(LIBSSH2_SESSION*);
/// libssh2 before 1.11 signs with RSA keys only in the way (SHA-1) that OpenSSH refuses since 8.8.
bool rsa_works();

} // namespace imops::net
