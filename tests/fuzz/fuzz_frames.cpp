#include "core/base/string.hpp"
#include "core/facts/script.hpp"
#include <cstdint>

/// The streams of a host. The first byte chooses the cuts; what comes out does not depend on them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops;
    if (size < 2) return 0;
    std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    FactDef a, b, c;
    a.id = "a", b.id = "b", c.id = "c.d";
    const FactDef* defs[]{&a, &b, &c};
    auto read = [&](std::size_t step) {
        FrameReader reader{defs, "imops-0", [] { return 1.0; }};
        for (std::size_t at = 0; at < text.size(); at += step) {
            reader.out(text.substr(at, step));
            reader.err(text.substr(at, step));
        }
        return reader.facts();
    };
    auto cut = read(1 + data[0] % 64), whole = read(text.size());
    if (cut.size() != 3 || whole.size() != 3) __builtin_trap();
    for (auto& [id, x] : whole) {
        auto& y = cut.at(id);
        if (x.got != y.got || x.status != y.status || x.out != y.out || x.err != y.err) __builtin_trap();
        if (bad_utf8(x.out) || bad_utf8(x.err) || x.out.size() > FrameReader::out_limit + 3) __builtin_trap();
    }
    return 0;
}
