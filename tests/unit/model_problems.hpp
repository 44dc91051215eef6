#pragma once
#include "core/base/result.hpp"
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace imops::testing_help {

/// What was thrown, as text of one language.
inline std::vector<std::string> thrown(const std::function<void()>& f, Lang lang = Lang::en) {
    std::vector<std::string> all;
    try {
        f();
    } catch (const Failure& e) {
        for (auto& x : e.errors) all.push_back(x.what.in(lang));
    }
    return all;
}

/// All that was said: texts and remedies in both languages, for looking for what must not be in it.
inline std::string everything_said(const std::function<void()>& f) {
    std::string all;
    try {
        f();
    } catch (const Failure& e) {
        for (auto& x : e.errors) all += x.what.en + "\n" + x.what.zh + "\n" + x.remedy.en + "\n" + x.remedy.zh + "\n";
    }
    return all;
}

} // namespace imops::testing_help
