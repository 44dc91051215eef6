#include "core/client/tls/hello.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <openssl/rand.h>

namespace imops::client {

namespace {

/// Numbers and names of the IANA registry "TLS Cipher Suites", names as OpenSSL spells them.
struct Cipher {
    std::uint16_t number;
    std::string_view name;
};
constexpr std::array<Cipher, 28> named{{
    {0x0001, "NULL-MD5"},
    {0x0002, "NULL-SHA"},
    {0x003b, "NULL-SHA256"},
    {0xc006, "ECDHE-ECDSA-NULL-SHA"},
    {0xc010, "ECDHE-RSA-NULL-SHA"},
    {0x0018, "ADH-RC4-MD5"},
    {0x001b, "ADH-DES-CBC3-SHA"},
    {0x0034, "ADH-AES128-SHA"},
    {0x003a, "ADH-AES256-SHA"},
    {0x006c, "ADH-AES128-SHA256"},
    {0x00a6, "ADH-AES128-GCM-SHA256"},
    {0x00a7, "ADH-AES256-GCM-SHA384"},
    {0xc018, "AECDH-AES128-SHA"},
    {0xc019, "AECDH-AES256-SHA"},
    {0x0003, "EXP-RC4-MD5"},
    {0x0006, "EXP-RC2-CBC-MD5"},
    {0x0008, "EXP-DES-CBC-SHA"},
    {0x0014, "EXP-DHE-RSA-DES-CBC-SHA"},
    {0x0004, "RC4-MD5"},
    {0x0005, "RC4-SHA"},
    {0xc007, "ECDHE-ECDSA-RC4-SHA"},
    {0xc011, "ECDHE-RSA-RC4-SHA"},
    {0x0009, "DES-CBC-SHA"},
    {0x0015, "DHE-RSA-DES-CBC-SHA"},
    {0x000a, "DES-CBC3-SHA"},
    {0x0016, "DHE-RSA-DES-CBC3-SHA"},
    {0xc008, "ECDHE-ECDSA-DES-CBC3-SHA"},
    {0xc012, "ECDHE-RSA-DES-CBC3-SHA"},
}};
constexpr auto weak = [] {
    std::array<std::uint16_t, named.size()> all{};
    for (std::size_t i = 0; i < named.size(); ++i) all[i] = named[i].number;
    return all;
}();
constexpr std::array<std::uint16_t, 12> of_old{0xc00a, 0xc009, 0xc014, 0xc013, 0x0039, 0x0033,
                                               0x0035, 0x002f, 0xc012, 0x000a, 0xc011, 0x0005};

void put(std::string& s, std::size_t n, int bytes) {
    while (bytes--) s += char(n >> (8 * bytes) & 0xff);
}
/// With its length before it.
std::string counted(const std::string& s, int bytes) {
    std::string all;
    put(all, s.size(), bytes);
    return all + s;
}
std::string list_of(std::span<const std::uint16_t> numbers) {
    std::string s;
    for (auto n : numbers) put(s, n, 2);
    return counted(s, 2);
}
std::string extension(std::size_t number, const std::string& body) {
    std::string s;
    put(s, number, 2);
    return s + counted(body, 2);
}

/// RFC 5246, 7.4.1.2.
std::string client_hello(std::uint16_t newest, std::span<const std::uint16_t> ciphers, const std::string& name) {
    static constexpr std::array<std::uint16_t, 4> curves{29, 23, 24, 25};
    static constexpr std::array<std::uint16_t, 9> signatures{0x0403, 0x0503, 0x0603, 0x0804, 0x0401,
                                                             0x0501, 0x0601, 0x0203, 0x0201};
    unsigned char random[32], address[16];
    ::RAND_bytes(random, sizeof random);
    std::string extensions;
    bool numeric =
        ::inet_pton(AF_INET, name.c_str(), address) == 1 || ::inet_pton(AF_INET6, name.c_str(), address) == 1;
    if (!name.empty() && !numeric) extensions += extension(0, counted('\0' + counted(name, 2), 2)); // server_name
    extensions += extension(10, list_of(curves)) + extension(11, std::string{"\x01\0", 2}) +
                  extension(0xff01, std::string(1, '\0'));
    if (newest >= 0x0303) extensions += extension(13, list_of(signatures));
    std::string body;
    put(body, newest, 2);
    body.append(reinterpret_cast<char*>(random), sizeof random);
    body += '\0'; // no session to go on with
    body += list_of(ciphers) + std::string{"\x01\0", 2} + counted(extensions, 2);
    return std::string{"\x16\x03\x01", 3} + counted('\x01' + counted(body, 3), 2);
}

} // namespace

Result<Chosen> offer(Stream& s, std::uint16_t newest, std::span<const std::uint16_t> ciphers, const std::string& name) {
    if (auto e = s.write(client_hello(newest, ciphers, name))) return *e;
    std::string got;
    auto number = [&](std::size_t at) {
        return std::uint16_t(static_cast<unsigned char>(got[at]) << 8 | static_cast<unsigned char>(got[at + 1]));
    };
    constexpr std::size_t session = 5 + 4 + 2 + 32; // record, message, version, random
    for (;;) {
        auto more = s.read();
        if (!more && more.error().code != Code::lost) return more.error();
        if (!more || more->empty()) return Chosen{}; // it hung up on us: refused too
        got += *more;
        if (got[0] != '\x16') return Chosen{};
        if (got.size() > 5 && got[5] != '\x02') return Chosen{};
        if (got.size() <= session) continue;
        auto end = session + 1 + static_cast<unsigned char>(got[session]);
        if (got.size() >= end + 2) return Chosen{true, number(9), number(end)};
    }
}

std::string_view protocol_name(std::uint16_t version) {
    switch (version) {
    case 0x0300: return "SSLv3";
    case 0x0301: return "TLSv1";
    case 0x0302: return "TLSv1.1";
    case 0x0303: return "TLSv1.2";
    case 0x0304: return "TLSv1.3";
    }
    return "unknown";
}

std::string cipher_name(std::uint16_t number) {
    auto it = std::ranges::find(named, number, &Cipher::number);
    return it == named.end() ? fmt::format("0x{:04X}", number) : std::string{it->name};
}

std::span<const std::uint16_t> weak_ciphers() { return weak; }
std::span<const std::uint16_t> old_ciphers() { return of_old; }

} // namespace imops::client
