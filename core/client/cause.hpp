#pragma once
#include "core/base/result.hpp"
#include <optional>
#include <string>

namespace imops::client {

/// Why a step did not succeed: a code of the conversation's own or that of the error, with words for people.
struct Cause {
    std::string code;
    Error error;
    Cause(Error e) : code{name(e.code)}, error{std::move(e)} {}
    Cause(std::string_view c, Line what, Line remedy)
        : code{c}, error{Code::remote, std::move(what), std::move(remedy), {}} {}
};
using Step = std::optional<Cause>; // nothing: it succeeded

} // namespace imops::client
