#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// How an endpoint answered, as the facts endpoint.answer and endpoint.time (checks/endpoint.yaml).
class Answer {
    std::string code_ = "ok";
    std::optional<Error> error_;
    std::string seen_;
    std::vector<std::pair<std::string_view, double>> times_;
    Clock::time_point begun_ = Clock::now();

  public:
    /// A phase ("connect", "tls", "first") took so long, in seconds; "total" if it is not the time since this was made.
    void took(std::string_view phase, double seconds) { times_.emplace_back(phase, seconds); }
    /// What was seen, in a few words for people of both languages: "HTTP 200, 1.2 KiB", a version.
    void seen(std::string words) { seen_ = std::move(words); }
    void fail(Error e);                   // by the name of its code
    void fail(std::string code, Error e); // by a word of the service's own
    bool ok() const { return code_ == "ok"; }
    /// What is not `reachable` must fail here: a connection that was not to be had is fine, an answer is not.
    /// `others` are facts that were learned beside it; they are not told where nobody may get an answer.
    Told told(const Service&, Told others = {}) const;
};

/// The steps with which an endpoint over TCP begins, each timed; what goes wrong is told to the answer. Null or false:
/// it did.
std::unique_ptr<Stream> connect(const Target&, Answer&);
/// TLS with a trusted certificate; code "untrusted".
bool secure(Stream&, const TlsWish&, Answer&);
/// Only that somebody takes the connection; what the peer says first, if it speaks first, is not waited for.
Told ask_tcp(const Target&);

} // namespace imops::probe
