#pragma once
#include "core/client/cause.hpp"
#include "core/client/target.hpp"
#include "core/net/http.hpp"
#include <nlohmann/json_fwd.hpp>

namespace imops::client {

/// What a homeserver answered.
struct MatrixReply {
    int status = 0;
    std::unique_ptr<nlohmann::json> body; // null: it was no JSON object

    MatrixReply();
    ~MatrixReply();
    bool ok() const;
    std::string text(const char* key) const; // empty when it is not there
};

/// Asks one homeserver over HTTP, within the deadline of its target; each question has a connection of its own.
class Homeserver {
    const Target& target_;
    net::Http http_;
    Clock::time_point until_;

  public:
    Homeserver(const Target& t, net::Http http, Clock::time_point until)
        : target_{t}, http_{std::move(http)}, until_{until} {}
    Line where() const;
    void end_at(Clock::time_point t) { until_ = t; }
    Clock::time_point end() const { return until_; }
    /// False, and at once, when there is not so much time.
    bool pause(double seconds) const;
    /// `path` as the specification has it, from "/_matrix" on. A server that asks to come later is asked again in time.
    /// An answer of any other kind is a reply. Codes: those of Http, and rate_limited.
    Step ask(const char* method, const std::string& path, const Secret* authorization, std::string_view body,
             MatrixReply& into);
    /// Why the server did not do `what`.
    Cause refused(const MatrixReply&, const Line& what);
};

/// Why an account is not let in.
std::optional<Cause> login_refused(const MatrixReply&, const Line& account);

} // namespace imops::client
