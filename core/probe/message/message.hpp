#pragma once
#include "core/client/cause.hpp"
#include "core/probe/told.hpp"

namespace imops::probe {

/// How a message went, as the facts message.login, message.time and message.left (checks/message.yaml).
class Passage {
    Step failed_, left_;
    bool sent_ = false;
    std::vector<std::pair<std::string_view, double>> times_;
    Clock::time_point begun_ = Clock::now(), phase_ = begun_;

  public:
    /// The part of a conversation that is for cleaning up after it.
    static Clock::time_point without_cleanup(Clock::time_point deadline) {
        return Clock::now() + (deadline - Clock::now()) * 7 / 10;
    }

    void fail(Cause);
    bool ok() const { return !failed_; }
    /// A phase ("login", "room", "accepted", "delivered", "cleanup") ends now; all are counted from the end of the one
    /// before, but `delivered`, like `accepted`, from the sending.
    void took(std::string_view phase);
    void sending();
    bool sent() const { return sent_; }
    /// Something stays on the server; the first is told. "nothing", with words for what is no harm, gives way to it.
    void leaves(Cause);
    Told told(const Service&) const;
};

/// A text that nobody else writes, and that tells who finds it what it is.
std::string message_text(std::string_view word);

/// The message did not arrive within the time.
Cause message_lost(const Line& where, std::string_view from, std::string_view to);
/// The server took the connection but not the message.
Cause not_accepted(const Line& where);

/// Sends the message of `Target::service` between its two accounts by XMPP: two sessions that announce no presence, one
/// message with hints that nobody shall keep or copy it, the server's archive looked through afterwards. Codes of its
/// own: domain_unknown, no_tls, untrusted, no_mechanism, password_wrong, not_allowed, account_disabled,
/// password_expired, store_broken, server_unproven, bounced, blocked, not_accepted, message_lost, other_service, and
/// the condition of a stream error.
Told message_by_xmpp(const Target&);

/// The same by Matrix (client-server API v3): both log in, a room is made, the message sent, awaited by /sync and
/// redacted, the room left and forgotten, both logged out. Codes of its own: not_matrix, no_such_login, password_wrong,
/// account_disabled, rate_limited, store_broken, room_refused, not_allowed, not_accepted, sync_failed, message_lost.
Told message_by_matrix(const Target&);

} // namespace imops::probe
