#pragma once
#include <string>
#include <string_view>

namespace imops {

/// A value with no way to a log: no operator<<, no formatter, no json, no copy, no comparison. Wiped when it goes.
class Secret {
    std::string value_;
    std::string origin_; // "env IMOPS_DB_PASSWORD": where it came from; safe to show

  public:
    /// No line of the log shows it from now on.
    Secret(std::string value, std::string origin);
    Secret(Secret&& o) noexcept;
    Secret& operator=(Secret&& o) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();
    /// The only door to the value: grep for it in review.
    std::string_view reveal() const { return value_; }
    const std::string& origin() const { return origin_; }
};

} // namespace imops
