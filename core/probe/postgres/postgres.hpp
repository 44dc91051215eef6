#pragma once
#include "core/probe/told.hpp"

namespace imops::probe {

/// Asks a PostgreSQL 13 or newer through libpq, which is opened when it is first needed; in a read-only session, with
/// one round trip for each group of facts. Facts: postgres.* (checks/postgres.yaml). Sources: PostgreSQL's
/// documentation, chapters "libpq", "Frontend/Backend Protocol", "The Cumulative Statistics System", "System Views".
/// libpq reads PG* variables of the environment (PGPASSWORD, PGSERVICE, PGOPTIONS, ...): begin_program has hidden them.
Told ask_postgres(const Target&);

} // namespace imops::probe
