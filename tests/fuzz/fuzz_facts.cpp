#include "core/base/string.hpp"
#include "core/facts/bundle.hpp"
#include <cstdint>

/// A file of a bundle that somebody sent: what was read is the same when written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops;
    std::string_view text{reinterpret_cast<const char*>(data), size};
    Problems problems{"f.facts"}, none{"f.facts"};
    auto facts = read_facts(text, problems);
    for (auto& e : problems.take())
        if (bad_utf8(e.what.en)) __builtin_trap();
    auto written = write_facts(facts);
    if (write_facts(read_facts(written, none)) != written || !none.none()) __builtin_trap();
    // any text may be any kind of fact
    static const Type text_type{Kind::text, {}}, number{Kind::number, {}};
    for (auto& [id, raw] : facts)
        for (auto kind : {Kind::number, Kind::bytes, Kind::seconds, Kind::text, Kind::boolean, Kind::list, Kind::map,
                          Kind::table, Kind::clock}) {
            FactDef def;
            def.id = id;
            def.type = {kind, kind == Kind::list ? decltype(Type::members){{"", text_type}}
                                                 : decltype(Type::members){{"total", number}, {"name", text_type}}};
            auto value = typed(def, raw);
            if (auto* u = std::get_if<Unread>(&value); u && bad_utf8(u->why.en)) __builtin_trap();
        }
    return 0;
}
