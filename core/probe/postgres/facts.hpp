#pragma once
#include "core/client/postgres/parts.hpp"
#include "core/probe/told.hpp"

namespace imops::probe::postgres {

using namespace client::postgres;

/// A query whose rows are those of a table fact.
struct Question {
    std::string_view fact;
    std::string sql;
};
/// What makes the session safe: it reads only, `limit` (in ms) for each statement, and no function of a schema that
/// others write to.
std::string session_sql(long limit);
/// Its rows are fact, key and value of several map facts.
std::string main_question();
/// Where pg_stat_statements is, quoted; empty: it is not there or not loaded.
std::string view_of_statements(const std::vector<Row>& main_rows);
std::vector<Question> table_questions(const std::string& view_of_statements);
/// The map facts in main_question's rows.
Told maps(const std::vector<Row>& main_rows);
std::string table_text(const std::vector<Row>&);

} // namespace imops::probe::postgres
