#include "core/model/deployment.hpp"
#include "core/model/product.hpp"
#include <cstdint>

/// A file that people write: whatever stands in it, it is read or refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    if (text.starts_with('\x01')) text[0] = '#'; // packed documents come only from our own build
    try {
        imops::parse_deployment(text, "f.yaml");
    } catch (const imops::Failure& f) {
        if (f.errors.empty()) __builtin_trap();
        for (auto& e : f.errors)
            if (e.what.en.empty() || e.what.zh.empty() || imops::bad_utf8(e.what.en)) __builtin_trap();
    }
    try {
        imops::parse_product(text, "p.yaml");
    } catch (const imops::Failure&) {}
    return 0;
}
