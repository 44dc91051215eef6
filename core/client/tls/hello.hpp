#pragma once
#include "core/client/stream.hpp"
#include <cstdint>
#include <span>

namespace imops::client {

/// What a server chose when it was offered old protocols or weak ciphers.
struct Chosen {
    bool any = false; // no: it refused all
    std::uint16_t version = 0, cipher = 0;
};
/// Offers only these and listens for the choice; the key exchange does not take place. OpenSSL itself could not offer
/// most of them. Errors: those of Stream.
Result<Chosen> offer(Stream&, std::uint16_t newest_version, std::span<const std::uint16_t> ciphers,
                     const std::string& name);

std::string_view protocol_name(std::uint16_t version);
/// "DES-CBC3-SHA"; an unknown one by its number.
std::string cipher_name(std::uint16_t);
/// RC4, single and triple DES, export keys, no encryption, no authentication.
std::span<const std::uint16_t> weak_ciphers();
/// Of TLS 1.0 and 1.1, as servers of their time have them.
std::span<const std::uint16_t> old_ciphers();

} // namespace imops::client
