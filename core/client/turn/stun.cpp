#include "core/client/turn/stun.hpp"
#include "core/base/string.hpp"
#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace imops::client::stun {

namespace {

constexpr std::size_t head_size = 20, integrity_size = 24; // the latter with the attribute's own head
constexpr std::string_view cookie{"\x21\x12\xa4\x42", 4};

std::string two(std::size_t n) { return {char(n >> 8), char(n)}; }
std::uint16_t number(std::string_view s, std::size_t at) {
    return std::uint16_t(std::uint8_t(s[at]) << 8 | std::uint8_t(s[at + 1]));
}
std::size_t padded(std::size_t n) { return (n + 3) / 4 * 4; }

std::string hmac(std::string_view key, std::string_view text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!::HMAC(::EVP_sha1(), key.data(), int(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
                text.size(), out, &size))
        throw std::bad_alloc{};
    return {reinterpret_cast<char*>(out), size};
}

/// Where the head of the attribute MESSAGE-INTEGRITY begins.
std::optional<std::size_t> integrity_at(std::string_view bytes) {
    for (auto at = head_size; at + 4 <= bytes.size(); at += 4 + padded(number(bytes, at + 2)))
        if (Attribute(number(bytes, at)) == Attribute::message_integrity) return at;
    return {};
}

/// What is signed: all before it, with a length as if the message ended behind it.
std::string signature(std::string before, std::string_view key) {
    before.replace(2, 2, two(before.size() - head_size + integrity_size));
    return hmac(key, before);
}

bool is_message(std::string_view b) {
    return b.size() >= head_size && (b[0] & 0xc0) == 0 && b.substr(4, 4) == cookie && number(b, 2) % 4 == 0 &&
           b.size() == head_size + number(b, 2);
}

} // namespace

std::optional<std::string_view> Message::find(Attribute wanted) const {
    for (auto& [a, value] : attributes)
        if (a == wanted) return value;
    return {};
}

int Message::error() const {
    auto value = find(Attribute::error_code);
    return value && value->size() >= 4 ? ((*value)[2] & 7) * 100 + std::uint8_t((*value)[3]) : 0;
}

std::string write(const Message& m, std::string_view key) {
    std::string body;
    for (auto& [a, value] : m.attributes)
        body +=
            two(std::size_t(a)) + two(value.size()) + value + std::string(padded(value.size()) - value.size(), '\0');
    auto bytes =
        two(std::size_t(m.method) | std::size_t(m.kind)) + two(body.size()) + std::string{cookie} + m.id + body;
    if (key.empty()) return bytes;
    auto signed_by = signature(bytes, key);
    bytes.replace(2, 2, two(body.size() + integrity_size));
    return bytes + two(std::size_t(Attribute::message_integrity)) + two(signed_by.size()) + signed_by;
}

std::optional<Message> read(std::string_view b) {
    if (!is_message(b)) return {};
    Message m;
    auto type = number(b, 0);
    m.kind = Kind(type & 0x110);
    m.method = Method(type & ~0x110);
    m.id = b.substr(8, 12);
    for (auto at = head_size; at < b.size();) { // whole words: at least four bytes are left
        auto size = number(b, at + 2);
        if (at + 4 + size > b.size()) return {};
        auto a = Attribute(number(b, at));
        m.add(a, std::string{b.substr(at + 4, size)});
        if (a == Attribute::message_integrity) break;
        at += 4 + padded(size);
    }
    return m;
}

bool integrity_holds(std::string_view b, std::string_view key) {
    auto at = is_message(b) ? integrity_at(b) : std::nullopt;
    if (!at || *at + integrity_size > b.size() || number(b, *at + 2) != integrity_size - 4) return false;
    auto should = signature(std::string{b.substr(0, *at)}, key);
    return ::CRYPTO_memcmp(should.data(), b.data() + *at + 4, should.size()) == 0;
}

std::string Address::text() const {
    return host.find(':') == host.npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::optional<Address> address_of(const Message& m, Attribute wanted) {
    auto value = m.find(wanted);
    if (!value || value->size() < 8) return {};
    bool v6 = (*value)[1] == 2;
    if (value->size() != (v6 ? 20u : 8u)) return {};
    std::string bytes{value->substr(2)};
    if (wanted != Attribute::mapped_address) {
        auto mask = std::string{cookie} + m.id;
        bytes[0] = char(bytes[0] ^ mask[0]);
        bytes[1] = char(bytes[1] ^ mask[1]);
        for (std::size_t i = 2; i < bytes.size(); ++i) bytes[i] = char(bytes[i] ^ mask[i - 2]);
    }
    char text[INET6_ADDRSTRLEN];
    if (!::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data() + 2, text, sizeof text)) return {};
    return Address{text, number(bytes, 0)};
}

std::string peer(const std::string& ipv4, int port) {
    char bytes[4];
    if (::inet_pton(AF_INET, ipv4.c_str(), bytes) != 1) return {};
    auto value = std::string{"\0\1", 2} + two(std::size_t(port) ^ 0x2112);
    for (std::size_t i = 0; i < 4; ++i) value += char(bytes[i] ^ cookie[i]);
    return value;
}

std::string long_term_key(std::string_view user, std::string_view realm, std::string_view password) {
    auto text = fmt::format("{}:{}:{}", user, realm, password);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    auto made = ::EVP_Digest(text.data(), text.size(), out, &size, ::EVP_md5(), nullptr);
    ::OPENSSL_cleanse(text.data(), text.size());
    if (made != 1) return {};
    return {reinterpret_cast<char*>(out), size};
}

std::string password_of_secret(std::string_view secret, std::string_view user) { return base64(hmac(secret, user)); }

} // namespace imops::client::stun
