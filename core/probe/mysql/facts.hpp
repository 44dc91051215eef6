#pragma once
#include "core/client/mysql/client.hpp"

namespace imops::probe {

using namespace client;

/// Two columns, name and value, of SHOW GLOBAL VARIABLES and SHOW GLOBAL STATUS as lines of the fact mysql.server.
std::string mysql_server_text(const MysqlRows& named);
/// The rows of SHOW GRANTS as lines of the fact mysql.rights; `database` is the one that the application uses, empty:
/// none is known.
std::string mysql_rights_text(const MysqlRows& grants, std::string_view database);
/// SHOW REPLICA STATUS (SHOW SLAVE STATUS) as rows of the fact mysql.replica; `names` are its columns.
std::string mysql_replica_text(const MysqlRow& names, const MysqlRows& rows);
/// The names that are asked for, as a list for SQL: "'Uptime','Threads_connected',...".
std::string mysql_server_names();

} // namespace imops::probe
