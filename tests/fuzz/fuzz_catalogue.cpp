#include "core/check/run.hpp"
#include <cstdint>

/// A pack that somebody else wrote: refused with its places, or its examples can be run.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops;
    std::string text(reinterpret_cast<const char*>(data), size);
    if (text.starts_with('\x01')) text[0] = '#';
    try {
        PackSource source{"p.yaml", text};
        auto c = load_catalogue({&source, 1});
        for (auto& k : c.checks()) run_examples(k, c);
    } catch (const Failure& f) {
        if (f.errors.empty()) __builtin_trap();
    }
    return 0;
}
