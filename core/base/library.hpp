#pragma once
#include "core/base/result.hpp"
#include <dlfcn.h>

namespace imops {

/// A shared library that is opened when it is first needed: loading it costs more than a short command takes, and a
/// site that does not need it need not have it. Never closed again: TLS libraries register handlers that run at exit.
class Library {
    void* so_;

  public:
    explicit Library(const char* soname) : so_{::dlopen(soname, RTLD_NOW | RTLD_LOCAL)} {}
    template <class F> bool find(const char* name, F& into) const {
        into = so_ ? reinterpret_cast<F>(::dlsym(so_, name)) : nullptr;
        return into != nullptr;
    }
};

/// The Error of a library that is not on this machine: what it is for, and its Debian package.
Error library_missing(std::string_view name, Text what_for, std::string_view package);

} // namespace imops
