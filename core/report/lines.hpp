#pragma once
#include "core/report/report.hpp"
#include <string>

namespace imops {

/// A measured number without an exponent, as monitoring systems read it: "4294967296", "0.25"; "" when there is none.
std::string decimal(const Value&);

/// What is warn or worse, a line each, worst first; cut at whole lines before `max` bytes, with a last line that counts
/// the others.
std::string problem_lines(const Report&, Lang, std::size_t max);

} // namespace imops
