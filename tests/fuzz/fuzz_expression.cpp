#include "core/base/expression.hpp"
#include "core/base/string.hpp"
#include <cstdint>

/// Expressions and templates of packs that somebody else wrote: refused, or they give a value or a reason.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops;
    static const Language language;
    static const auto scope = [] {
        Scope s;
        Type text{Kind::text, {}}, bytes{Kind::bytes, {}};
        s.add("n", Type{Kind::number, {}});
        s.add("size", bytes);
        s.add("time", Type{Kind::seconds, {}});
        s.add("t", text);
        s.add("yes", Type{Kind::boolean, {}});
        s.add("none", Type{Kind::number, {}});
        s.add("list", Type{Kind::list, {{"", text}}});
        s.add("empty", Type{Kind::list, {{"", Type{Kind::number, {}}}}});
        s.add("disks", Type{Kind::table, {{"mount", text}, {"free", bytes}}});
        s.add("fleet.n", Type{Kind::map, {{"", Type{Kind::number, {}}}}});
        return s;
    }();
    static const auto values = [] {
        auto j = Language::constants();
        j.update(nlohmann::json{{"n", 7},
                                {"size", 4096},
                                {"time", 60},
                                {"t", "5.10 text"},
                                {"yes", true},
                                {"list", {"a", "b"}},
                                {"empty", nlohmann::json::array()},
                                {"disks", {{{"mount", "/"}, {"free", 10}}}},
                                {"fleet", {{"n", {{"a", 1}, {"b", 2}}}}}});
        return j;
    }();
    if (size > 4096) return 0;
    std::string source(reinterpret_cast<const char*>(data), size);
    auto e = language.expression(source, scope);
    if (auto* m = std::get_if<Mistake>(&e)) {
        if (m->what.en.empty() || m->what.zh.empty()) __builtin_trap();
    } else
        std::get<Expression>(e).value(values);
    auto t = language.text_template(source, scope);
    if (auto* expression = std::get_if<Expression>(&t)) expression->text(values);
    return 0;
}
