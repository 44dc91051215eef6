#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// Asks a MySQL or MariaDB with MariaDB Connector/C, which is opened when it is first needed, over a connection that
/// imops has made itself: so the one deadline, `via` and the name in the certificate hold for it too. It only reads. It
/// never sends a password in clear, nor in a way that whoever answers could turn into it, unless TLS is on and the
/// certificate is trusted. Facts: mysql.login, mysql.server, mysql.session, mysql.rights, mysql.replica,
/// mysql.accounts, mysql.tables (checks/mysql.yaml); what the account may not read is not told.
Told ask_mysql(const Target&);

} // namespace imops::probe
