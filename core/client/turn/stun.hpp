#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Messages of STUN and TURN. Source: RFC 8489, RFC 8656; the long-term credentials with MD5 and SHA-1 that every
/// server knows.
namespace imops::client::stun {

enum class Method : std::uint16_t { binding = 1, allocate = 3, refresh = 4, create_permission = 8 };
enum class Kind : std::uint16_t { request = 0x000, indication = 0x010, success = 0x100, failure = 0x110 };
enum class Attribute : std::uint16_t {
    mapped_address = 0x01,
    username = 0x06,
    message_integrity = 0x08,
    error_code = 0x09,
    lifetime = 0x0d,
    xor_peer_address = 0x12,
    realm = 0x14,
    nonce = 0x15,
    xor_relayed_address = 0x16,
    requested_transport = 0x19,
    xor_mapped_address = 0x20,
    software = 0x8022
};

struct Message {
    Method method = Method::binding;
    Kind kind = Kind::request;
    std::string id; // 12 bytes
    std::vector<std::pair<Attribute, std::string>> attributes;

    void add(Attribute a, std::string value) { attributes.emplace_back(a, std::move(value)); }
    std::optional<std::string_view> find(Attribute) const; // the first
    /// 401; 0: it carries none.
    int error() const;
};

/// As bytes; with a key it ends in MESSAGE-INTEGRITY.
std::string write(const Message&, std::string_view key = {});
/// Nothing: that is no STUN. What follows MESSAGE-INTEGRITY is left out. Meets whatever a network sends.
std::optional<Message> read(std::string_view bytes);
/// Whether its MESSAGE-INTEGRITY was made with this key.
bool integrity_holds(std::string_view bytes, std::string_view key);

struct Address {
    std::string host; // numeric
    int port = 0;
    std::string text() const;
};
/// Of MAPPED-ADDRESS, or one of the XOR ones.
std::optional<Address> address_of(const Message&, Attribute);
/// Value of XOR-PEER-ADDRESS for an IPv4 address.
std::string peer(const std::string& ipv4, int port);

/// The key of long-term credentials.
std::string long_term_key(std::string_view user, std::string_view realm, std::string_view password);
/// The password that belongs to a user name "EXPIRY:NAME" under a shared secret (coturn's use-auth-secret).
std::string password_of_secret(std::string_view secret, std::string_view user);

} // namespace imops::client::stun
