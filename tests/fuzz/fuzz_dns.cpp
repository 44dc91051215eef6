#include "core/client/dns/lookup.hpp"
#include <cstdint>

/// An answer of a name server, asked for each type; the input is what follows the question.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops;
    std::string_view rest{reinterpret_cast<const char*>(data), size};
    if (size < 5) return 0;
    for (auto type : dns_types) {
        DnsQuestion q{"im.example.com", std::string{type}};
        auto message = client::dns_message(q, 7);
        message[2] = char(message[2] | 0x80);
        message.replace(3, 1, rest.substr(0, 1));
        message.replace(6, 2, std::string{'\0', char(rest[1] & 7)});
        message += rest.substr(2);
        auto answer = client::read_dns_answer(message, q, 7);
        if (answer && (answer->code > 15 || answer->values.size() > 7)) __builtin_trap();
        [[maybe_unused]] auto raw = client::read_dns_answer(rest, q, std::uint16_t(data[0] << 8 | data[1]));
    }
    return 0;
}
