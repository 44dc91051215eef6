#pragma once
#include "core/base/result.hpp"
#include <string_view>

namespace imops::client {

/// Why MySQL or MariaDB, or the library that speaks with it, let nobody in.
struct MysqlRefusal {
    std::string_view code; // of mysql.login
    Error error;
};
/// `number` and `text` are the server's or the library's own; `tls`: the connection was encrypted, `trusted`: and its
/// certificate trusted.
MysqlRefusal mysql_refusal(int number, std::string_view text, const Line& where, bool tls, bool trusted);

} // namespace imops::client
