#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace imops::client {

/// What a MySQL or MariaDB says first: who it is, or at once why not. Source: the protocol's pages "Initial Handshake
/// Packet" and "ERR Packet".
struct MysqlGreeting {
    enum class Is { incomplete, greeting, refusal, stranger } is = Is::incomplete;
    std::string version; // of a greeting; before MariaDB 11 it begins with "5.5.5-" there
    bool offers_tls = false;
    int error = 0; // of a refusal
    std::string text;
};
/// `bytes` is all that has come so far; foreign text is not made harmless here.
MysqlGreeting read_mysql_greeting(std::string_view bytes);

/// The packet that asks for TLS; after it the handshake of TLS begins.
std::string mysql_tls_request();

} // namespace imops::client
