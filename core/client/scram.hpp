#pragma once
#include "core/base/secret.hpp"
#include <openssl/types.h>
#include <string>
#include <string_view>

namespace imops::client {

/// Bytes from the system's generator, as hexadecimal digits.
std::string random_word(int bytes);

/// The client's side of one log-in by SCRAM (RFC 5802, RFC 7677), without channel binding: the password itself is not
/// sent, and the server has to prove that it knows it too.
class Scram {
    const EVP_MD* digest_;
    std::string bare_, nonce_, expected_;

    std::string hmac(std::string_view key, std::string_view text) const;

  public:
    Scram(const EVP_MD* digest, std::string_view user, std::string nonce);
    std::string first() const { return "n,," + bare_; }
    /// What to answer to the server's challenge; empty: it is not one, or it asks for more rounds than anybody needs.
    std::string answer(std::string_view challenge, const Secret& password);
    /// Whether the server's last word proves that it knows the password.
    bool proven(std::string_view last) const {
        return !expected_.empty() && last.substr(0, last.find(',')) == expected_;
    }
};

} // namespace imops::client
