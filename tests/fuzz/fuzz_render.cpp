// What render meets of foreign text: a site's templates, files as they are on hosts, and what scripts print there.
#include "core/render/diff.hpp"
#include "core/render/include.hpp"
#include "core/render/live.hpp"
#include "core/render/mask.hpp"
#include "core/render/push.hpp"
#include "core/render/stamp.hpp"
#include <cstdint>

using namespace imops;
using namespace imops::render;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text{reinterpret_cast<const char*>(data), size};
    static Language language;
    static const Scope scope = render_scope({});
    static const nlohmann::json values{{"names", {"a.b", "c d"}},
                                       {"host", {{"name", "h1"}, {"address", "10.0.0.1"}}},
                                       {"role", {{"app", nlohmann::json::array()}}},
                                       {"airgap", true}};
    auto format = Format(size % 13);
    if (auto expanded = expand_includes({{"x/a", "a", text}, {"x/b", "b", "b\n"}}, "x/a")) {
        auto t = language.file_template(
            expanded->text, scope,
            {[format](const nlohmann::json& v) { return written(format, v); }, size % 2 ? Lang::en : Lang::zh});
        if (auto* e = std::get_if<Expression>(&t))
            (void)e->text(values);
        else
            (void)expanded->place(std::get<Mistake>(t).offset);
    }
    (void)read_stamp(format, text);
    (void)essence(format, text);
    LiveReader live{2, "M"};
    live.out(text);
    PushReader push{"M"};
    push.out(text);
    auto half = text.size() / 2;
    (void)unified_diff(text.substr(0, half), text.substr(half));
    static const Mask mask{{"secret", "a'b\"c"}};
    (void)mask.line(text);
    try {
        (void)written(format, nlohmann::json(std::string{text}));
    } catch (const std::exception&) { // refused
    }
    return 0;
}
