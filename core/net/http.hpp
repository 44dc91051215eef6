#pragma once
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/net/route.hpp"
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace imops::net {

struct CurlApi;

struct Header {
    std::string name, value;
};

/// The key with which a question to an S3 store is signed (AWS Signature 4). The secret signs and is never sent.
struct S3Key {
    std::string id, region;
    const Secret* secret = nullptr; // stays the caller's; null: nothing is signed
};

/// One question over HTTP. Nothing of `authorization`, the secret of `s3` and `body` is ever shown.
struct Request {
    std::string method = "GET", url; // http or https
    std::vector<Header> headers;
    const Secret* authorization =
        nullptr;           // value of that header, "Bearer ..."; stays the caller's, and is never sent to another host
    S3Key s3;              // instead of `authorization`
    std::string_view body; // stays the caller's
    std::string ca;        // file of the authorities that are trusted; empty: the system's
    std::string at;        // connect there instead of the url's host; a name or an address
    int at_port = 0;       // and to this port; 0: the url's
    int connected =
        -1;     // a connection that somebody has made already; nothing is looked up or dialled. Stays the caller's
    Line where; // how errors call it; empty: host and port of the url
    std::size_t body_limit = 1 << 20;        // no more is read
    bool whole = true;                       // a longer body is an error, Code::too_long; else it is cut there
    int redirects = 0;                       // so many are followed; 0: a redirect is an answer like any other
    bool http1 = false;                      // HTTP/1.1 and nothing else: an upgrade
    std::chrono::milliseconds limit{10'000}; // for everything, from the first packet to the end of the answer
};

struct Response {
    int status = 0;
    std::string_view version;    // "HTTP/1.1"
    std::vector<Header> headers; // of the last answer, names as they were sent
    std::string body;
    bool cut = false; // there is more of the body, which was not read
    std::string url;  // the last one
    struct {
        double resolve = 0, connect = 0, tls = 0, first = 0, total = 0; // in seconds; what did not take place is 0
    } took;
    /// The value of the first header of that name, in whatever case; null: there is none.
    const std::string* header(std::string_view name) const;
};

/// Asks many at once: one loop, one wait, no thread for each. A connection of its own for each question, closed after
/// it, so that the phases are those of a client that comes for the first time. Certificates are always verified, TLS
/// is 1.2 or newer; no proxy of the environment, no cookies, no .netrc, no compression (so the limit of a body is what
/// it is).
class Http {
    struct Transfer;
    struct Free {
        const CurlApi* api = nullptr;
        void operator()(void* multi) const;
    };
    const CurlApi* api_ = nullptr;
    std::unique_ptr<void, Free> multi_{nullptr, Free{}};
    std::string trusted_; // libcurl's own file of authorities

    Http() = default;

  public:
    using Make = std::function<Request(std::size_t)>;
    using Done = std::function<void(std::size_t, Result<Response>)>;
    /// Errors: Code::unsupported (no libcurl).
    static Result<Http> open();
    Http(Http&&) noexcept = default;
    ~Http() = default;

    /// Asks 0 ... count-1, `at_once` at a time: a question is made when its turn comes and gone when it is answered, so
    /// the memory is that of `at_once` of them. Errors of a question: Code::name_not_found, refused, timed_out,
    /// unreachable, handshake, tls_untrusted, not_http, redirect_loop, too_long, lost, config (a url or header that
    /// cannot be sent, no authorities), interrupted, unsupported (a libcurl that cannot sign).
    void run(std::size_t count, const Make&, const Done&, const volatile int* stop = nullptr, std::size_t at_once = 64);
    /// One question. Errors: the same.
    Result<Response> fetch(const Request&, const volatile int* stop = nullptr);
};

/// One question, with a libcurl opened for it.
Result<Response> fetch(const Request&, const volatile int* stop = nullptr);

} // namespace imops::net
