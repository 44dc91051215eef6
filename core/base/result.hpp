#pragma once
#include "core/base/text.hpp"
#include <exception>
#include <utility>
#include <variant>
#include <vector>

namespace imops {

/// What kind of thing went wrong. Stable names, documented in docs/errors.md; never reused.
enum class Code {
    usage,
    config,
    io,
    parse,
    internal,
    interrupted,
    // reaching a host
    name_not_found,
    refused,
    timed_out,
    unreachable,
    not_ssh,
    handshake,
    host_key_unknown,
    host_key_changed,
    host_key_revoked,
    key_refused,
    key_unreadable,
    password_refused,
    no_method,
    sudo_refused,
    no_shell,
    no_channel,
    lost,
    unsupported,
    // asking a service
    tls_untrusted,
    not_http,
    redirect_loop,
    // running something there
    remote,
    too_long
};
/// "host_key_changed": the name used in reports, bundles and docs/errors.md.
std::string_view name(Code);

struct Error {
    Code code = Code::internal;
    Line what;               // one lower-case clause, no full stop
    Line remedy;             // a sentence: what to do next; empty only for Code::internal
    std::vector<Line> trace; // "while reading imops.yaml", innermost first
    Error during(Line l) && {
        trace.push_back(std::move(l));
        return std::move(*this);
    }
};

/// The run cannot go on. Thrown anywhere, caught once, in main(); it may carry several errors (all problems of a file).
struct Failure : std::exception {
    std::vector<Error> errors;
    explicit Failure(Error e) { errors.push_back(std::move(e)); }
    explicit Failure(std::vector<Error> e) : errors{std::move(e)} {}
    const char* what() const noexcept override { return errors.empty() ? "" : errors.front().what.en.c_str(); }
};

/// A value, or why one host, fact or endpoint could not give it.
template <class T> class [[nodiscard]] Result {
    std::variant<T, Error> v_;

  public:
    Result(T v) : v_{std::in_place_index<0>, std::move(v)} {}
    Result(Error e) : v_{std::in_place_index<1>, std::move(e)} {}
    explicit operator bool() const { return v_.index() == 0; }
    T& operator*() & { return std::get<0>(v_); }
    const T& operator*() const& { return std::get<0>(v_); }
    T&& operator*() && { return std::get<0>(std::move(v_)); }
    const T* operator->() const { return &std::get<0>(v_); }
    const Error& error() const { return std::get<1>(v_); }
};

} // namespace imops
