#pragma once
#include "core/probe/told.hpp"
#include <utility>
#include <vector>

namespace imops::probe {

/// Asks a PostgreSQL 13 or newer through libpq, which is opened when it is first needed; in a read-only session, with
/// one round trip for each group of facts. Facts: postgres.* (checks/postgres.yaml). Sources: PostgreSQL's
/// documentation, chapters "libpq", "Frontend/Backend Protocol", "The Cumulative Statistics System", "System Views".
Told ask_postgres(const Target&);

/// For as long as it lives, libpq finds none of the operator's own PG* variables (PGPASSWORD, PGSERVICE, PGOPTIONS,
/// ...): what is asked stands in imops.yaml. Changes the environment: no other thread may run when it comes and when it
/// goes, and secrets are read before.
class WithoutPgVariables {
    std::vector<std::pair<std::string, std::string>> hidden_;

  public:
    WithoutPgVariables();
    ~WithoutPgVariables();
    WithoutPgVariables(const WithoutPgVariables&) = delete;
    WithoutPgVariables& operator=(const WithoutPgVariables&) = delete;
};

} // namespace imops::probe
