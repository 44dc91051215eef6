#include "core/client/xml.hpp"
#include <cstdint>

/// A stream of XMPP. The first byte chooses the cuts; what comes out does not depend on them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops::client;
    if (size < 2) return 0;
    std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    auto read = [&](std::size_t step) {
        XmlStream x;
        std::string seen;
        for (std::size_t at = 0; at < text.size(); at += step) {
            x.feed(text.substr(at, step));
            for (;;) {
                Element e;
                auto got = x.next(e);
                if (got == XmlStream::Got::more) break;
                seen += std::to_string(int(got));
                if (got == XmlStream::Got::end || got == XmlStream::Got::broken) return seen;
                seen += e.name + "\n" + e.space + "\n" + e.text + "\n" + std::to_string(e.children.size()) + "\n";
            }
        }
        return seen;
    };
    if (text.size() < 60000 && read(1 + data[0] % 64) != read(text.size())) __builtin_trap();
    return 0;
}
