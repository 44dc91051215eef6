#pragma once
#include "core/model/host.hpp"
#include "core/report/report.hpp"
#include <vector>

namespace imops::change {

/// What was found of a host that was changed.
struct Verdict {
    std::vector<Finding> reasons; // against it; none: the change is kept
    bool keep() const { return reasons.empty(); }
};

/// Asks and judges around a change. What did not answer before need not answer after it.
struct Gate {
    virtual ~Gate() = default;
    /// Before anything is changed: what is well now.
    virtual void before() = 0;
    /// With the change in use: asks until all answer that must, or the patience is over. May be asked for several hosts
    /// at one time.
    virtual Verdict after(const Host&) = 0;
    /// When it has been taken back: only what was well before must be well again.
    virtual Verdict after_return(const Host&) = 0;
};

} // namespace imops::change
