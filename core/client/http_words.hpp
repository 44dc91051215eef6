#pragma once
#include "core/base/result.hpp"
#include <string_view>

namespace imops::client {

/// A status that was not expected: what it usually means in front of a messaging server, and what to do.
struct StatusWords {
    int status;
    std::string_view code;
    Text what, remedy;
};
/// `upgrade`: a WebSocket was asked for.
const StatusWords& status_words(int status, bool upgrade);

} // namespace imops::client
