#include "core/client/turn/stun.hpp"
#include <cstdint>

/// A message of STUN: what is read can be written, and says the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops::client::stun;
    std::string_view bytes{reinterpret_cast<const char*>(data), size};
    if (integrity_holds(bytes, "VOkJxbRl1RmTxUk/WvJxBt") && !read(bytes)) __builtin_trap();
    auto m = read(bytes);
    if (!m) return 0;
    for (auto a : {Attribute::mapped_address, Attribute::xor_mapped_address, Attribute::xor_relayed_address})
        if (auto address = address_of(*m, a); address && address->text().size() < 5) __builtin_trap();
    if (m->error() < 0 || m->error() > 955) __builtin_trap();
    auto again = read(write(*m));
    if (!again || again->attributes != m->attributes || again->id != m->id || again->method != m->method ||
        again->kind != m->kind)
        __builtin_trap();
    return 0;
}
