#include "core/client/scram.hpp"
#include "core/base/string.hpp"
#include "core/net/host_keys.hpp"
#include <charconv>
#include <fmt/format.h>
#include <new>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace imops::client {

namespace {

constexpr int most_rounds = 1'000'000; // half a second; RFC 7677 asks for 4096 or more, servers use up to 600,000

const unsigned char* bytes_of(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
unsigned char* bytes_of(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

} // namespace

std::string random_word(int bytes) {
    std::string raw(std::size_t(bytes), '\0'), word;
    if (::RAND_bytes(bytes_of(raw), bytes) != 1) throw std::bad_alloc{};
    for (unsigned char c : raw) word += fmt::format("{:02x}", c);
    return word;
}

Scram::Scram(const EVP_MD* digest, std::string_view user, std::string nonce)
    : digest_{digest}, nonce_{std::move(nonce)} {
    bare_ = "n=";
    for (char c : user) bare_ += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string{c};
    bare_ += ",r=" + nonce_;
}

std::string Scram::hmac(std::string_view key, std::string_view text) const {
    std::string out(std::size_t(EVP_MD_get_size(digest_)), '\0');
    unsigned size = 0;
    if (!::HMAC(digest_, key.data(), int(key.size()), bytes_of(text), text.size(), bytes_of(out), &size))
        throw std::bad_alloc{};
    return out;
}

std::string Scram::answer(std::string_view challenge, const Secret& password) {
    std::string_view nonce, salt;
    int rounds = 0;
    for (auto part : split(challenge, ',')) {
        if (part.starts_with("r=")) nonce = part.substr(2);
        if (part.starts_with("s=")) salt = part.substr(2);
        if (part.starts_with("i=")) std::from_chars(part.data() + 2, part.data() + part.size(), rounds);
    }
    auto salt_bytes = from_base64(salt).value_or("");
    if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size() || salt_bytes.empty() || rounds < 1 ||
        rounds > most_rounds)
        return {};
    std::string salted(std::size_t(EVP_MD_get_size(digest_)), '\0');
    auto secret = password.reveal();
    if (::PKCS5_PBKDF2_HMAC(secret.data(), int(secret.size()), bytes_of(salt_bytes), int(salt_bytes.size()), rounds,
                            digest_, int(salted.size()), bytes_of(salted)) != 1)
        throw std::bad_alloc{};
    auto client = hmac(salted, "Client Key");
    std::string stored(client.size(), '\0');
    ::EVP_Digest(client.data(), client.size(), bytes_of(stored), nullptr, digest_, nullptr);
    auto last = fmt::format("c=biws,r={}", nonce);
    auto all = fmt::format("{},{},{}", bare_, challenge, last);
    auto proof = hmac(stored, all);
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = char(proof[i] ^ client[i]);
    expected_ = "v=" + base64(hmac(hmac(salted, "Server Key"), all));
    return last + ",p=" + base64(proof);
}

} // namespace imops::client
