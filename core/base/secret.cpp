#include "core/base/secret.hpp"
#include "core/base/log.hpp"
#include <string.h>

namespace imops {

namespace {
void wipe(std::string& s) {
    ::explicit_bzero(s.data(), s.size());
    s.clear();
}
} // namespace

Secret::Secret(std::string value, std::string origin) : value_{std::move(value)}, origin_{std::move(origin)} {
    hide_in_log(value_);
}

// Short strings are copied, not stolen, by a move: wipe what stays behind.
Secret::Secret(Secret&& o) noexcept : value_{std::move(o.value_)}, origin_{std::move(o.origin_)} {
    o.value_.resize(o.value_.capacity());
    wipe(o.value_);
}
Secret& Secret::operator=(Secret&& o) noexcept {
    if (this != &o) {
        wipe(value_);
        value_ = std::move(o.value_);
        origin_ = std::move(o.origin_);
        o.value_.resize(o.value_.capacity());
        wipe(o.value_);
    }
    return *this;
}
Secret::~Secret() { wipe(value_); }

} // namespace imops
