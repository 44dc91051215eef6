#include "core/client/mysql/wire.hpp"

namespace imops::client {

namespace {

constexpr std::uint32_t speaks_protocol_41 = 0x200, speaks_tls = 0x800, authenticates_securely = 0x8000;
constexpr std::size_t longest = 4096; // no greeting comes near it

std::uint32_t number(std::string_view s, std::size_t at, int bytes) {
    std::uint32_t n = 0;
    for (int i = bytes; i-- > 0;) n = n << 8 | std::uint8_t(s[at + std::size_t(i)]);
    return n;
}

} // namespace

MysqlGreeting read_mysql_greeting(std::string_view bytes) {
    using Is = MysqlGreeting::Is;
    MysqlGreeting g;
    if (bytes.size() < 5) {
        // the length's third byte and the packet's number are always 0: text is told at its third letter
        if (bytes.size() >= 3 && bytes[2] != 0) g.is = Is::stranger;
        return g;
    }
    auto length = number(bytes, 0, 3);
    if (length > longest || length < 3 || bytes[3] != 0 || (bytes[4] != '\x0a' && bytes[4] != '\xff')) {
        g.is = Is::stranger;
        return g;
    }
    if (bytes.size() < 4 + length) return g;
    auto body = bytes.substr(4, length);
    if (body[0] == '\xff') {
        g.is = Is::refusal;
        g.error = int(number(body, 1, 2));
        auto text = body.substr(3);
        if (text.starts_with('#') && text.size() >= 6) text.remove_prefix(6); // the SQL state
        g.text = text;
        return g;
    }
    auto end = body.find('\0', 1);
    g.is = Is::stranger;
    if (end == body.npos || body.size() < end + 1 + 4 + 8 + 1 + 2) return g; // thread, scramble, filler, abilities
    g.is = Is::greeting;
    g.version = body.substr(1, end - 1);
    if (g.version.starts_with("5.5.5-")) g.version.erase(0, 6);
    g.offers_tls = number(body, end + 1 + 4 + 8 + 1, 2) & speaks_tls;
    return g;
}

std::string mysql_tls_request() {
    std::string packet{"\x20\0\0\1", 4};
    auto put = [&](std::uint32_t n) {
        for (int i = 0; i < 4; ++i) packet += char(n >> 8 * i);
    };
    put(speaks_protocol_41 | speaks_tls | authenticates_securely);
    put(1 << 24);
    packet += char(45); // utf8mb4_general_ci
    packet.append(23, '\0');
    return packet;
}

} // namespace imops::client
