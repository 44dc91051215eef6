#include "core/probe/told.hpp"
#include "core/base/string.hpp"

namespace imops::probe {

std::string login_text(std::string_view code, const Error* e) {
    auto text = fmt::format("code {}\n", code);
    if (!e) return text;
    auto line = [&](const char* key, const std::string& value) {
        if (!value.empty()) text += fmt::format("{} {}\n", key, one_line(value, 1500));
    };
    line("en", e->what.en);
    line("zh", e->what.zh);
    line("remedy_en", e->remedy.en);
    line("remedy_zh", e->remedy.zh);
    return text;
}

} // namespace imops::probe
