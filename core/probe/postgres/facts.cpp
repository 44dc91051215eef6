#include "core/probe/postgres/facts.hpp"
#include "core/base/string.hpp"
#include <algorithm>

namespace imops::probe::postgres {

namespace {

/// One text for 13 to 18: what only some versions have is read through pg_settings or to_jsonb.
constexpr std::string_view sources = R"sql(
WITH s AS (SELECT name, setting, unit, vartype FROM pg_settings),
d AS (SELECT * FROM pg_database WHERE datname = current_database()),
r AS (SELECT *, nullif(current_setting('imops.schema'), '') AS schema FROM pg_roles WHERE rolname = current_user),
c AS (SELECT (SELECT setting::int FROM s WHERE name = 'max_connections') AS most,
             (SELECT sum(setting::int) FROM s WHERE name IN ('superuser_reserved_connections',
    'reserved_connections')) AS reserved,
             (SELECT sum(numbackends) FROM pg_stat_database) AS used),
t AS (SELECT *, blks_hit + blks_read AS blocks, now() - coalesce(stats_reset,
    pg_postmaster_start_time()) AS since FROM pg_stat_database WHERE datname = current_database()),
a AS (SELECT * FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'),
idle AS (SELECT pid, usename, now() - xact_start AS age FROM a WHERE state LIKE 'idle in transaction%'
    ORDER BY xact_start LIMIT 1),
busy AS (SELECT pid, usename, now() - query_start AS age FROM a WHERE state = 'active' ORDER BY query_start LIMIT 1),
blocked AS (SELECT pid, usename, now() - query_start AS age FROM a WHERE state = 'active'
    AND wait_event_type = 'Lock' ORDER BY query_start LIMIT 1),
old AS (SELECT datname, age(datfrozenxid) AS age FROM pg_database ORDER BY 2 DESC LIMIT 1),
w AS (SELECT *, last_failed_time > coalesce(last_archived_time, '-infinity') AS failing FROM pg_stat_archiver),
wal AS (SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN '0'::interval
                    ELSE coalesce(now() - pg_last_xact_replay_timestamp(), '0') END AS lag),
e AS (SELECT quote_ident(n.nspname) || '.pg_stat_statements' AS view FROM pg_extension x
    JOIN pg_namespace n ON n.oid = x.extnamespace
      WHERE x.extname = 'pg_stat_statements' AND EXISTS (SELECT FROM s WHERE name = 'pg_stat_statements.max')))sql";

constexpr std::string_view values = R"sql(
SELECT fact, key, CASE value WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no' ELSE value END FROM (SELECT v.* FROM d,
    r, c, t, w, wal
LEFT JOIN idle ON true LEFT JOIN busy ON true LEFT JOIN blocked ON true LEFT JOIN old ON true LEFT JOIN e ON true,
    LATERAL (VALUES
('session', 'statements', e.view),
('server', 'version', split_part(current_setting('server_version'), ' ', 1)),
('server', 'encoding', pg_encoding_to_char(d.encoding)::text), ('server', 'collate', d.datcollate::text),
    ('server', 'ctype', d.datctype::text),
('server', 'size', pg_database_size(d.oid)::text),
('server', 'max_connections', c.most::text), ('server', 'usable', least(c.most - c.reserved, nullif(r.rolconnlimit,
    -1), nullif(d.datconnlimit, -1))::text),
('server', 'recovery', pg_is_in_recovery()::text),
('server', 'statements', (e.view IS NOT NULL)::text),
('rights', 'superuser', r.rolsuper::text), ('rights', 'createrole', r.rolcreaterole::text), ('rights',
    'replication', r.rolreplication::text),
('rights', 'bypassrls', r.rolbypassrls::text),
('rights', 'files', (pg_has_role('pg_read_server_files', 'usage') OR pg_has_role('pg_write_server_files',
    'usage') OR pg_has_role('pg_execute_server_program', 'usage'))::text),
('rights', 'monitor', pg_has_role('pg_read_all_stats', 'usage')::text),
('rights', 'schema', r.schema), ('rights', 'create', coalesce(has_schema_privilege(r.schema, 'CREATE'), false)::text),
('rights', 'expires', extract(epoch FROM nullif(r.rolvaliduntil, 'infinity') - now())::text),
('activity', 'used', c.used::text), ('activity', 'share', (c.used::numeric / nullif(c.most - c.reserved, 0))::text),
('activity', 'idle', coalesce(extract(epoch FROM idle.age), 0)::text), ('activity', 'idle_pid', idle.pid::text),
    ('activity', 'idle_user', idle.usename::text),
('activity', 'busy', coalesce(extract(epoch FROM busy.age), 0)::text), ('activity', 'busy_pid', busy.pid::text),
    ('activity', 'busy_user', busy.usename::text),
('activity', 'blocked', coalesce(extract(epoch FROM blocked.age), 0)::text), ('activity', 'blocked_pid',
    blocked.pid::text),
('counters', 'since', extract(epoch FROM t.since)::text), ('counters', 'blocks', t.blocks::text), ('counters',
    'hit_share', (t.blks_hit::numeric / nullif(t.blocks, 0))::text),
('counters', 'deadlocks_a_day', (t.deadlocks / greatest(extract(epoch FROM t.since) / 86400, 1))::text),
    ('counters', 'deadlocks', t.deadlocks::text),
('counters', 'temp_a_day', (t.temp_bytes / greatest(extract(epoch FROM t.since) / 86400, 1))::bigint::text),
('counters', 'checksum_failures', coalesce(t.checksum_failures, 0)::text),
('counters', 'age', old.age::text), ('counters', 'age_database', old.datname::text),
('counters', 'archive_failing', coalesce(w.failing, false)::text), ('counters', 'archive_file', CASE
    WHEN w.failing THEN w.last_failed_wal END),
('counters', 'lag', extract(epoch FROM wal.lag)::text), ('counters', 'receiving', CASE
    WHEN pg_is_in_recovery() THEN EXISTS (SELECT FROM pg_stat_wal_receiver) END::text)
) v(fact, key, value)
UNION ALL SELECT 'server', name, CASE WHEN unit = '8kB' THEN (setting::bigint * 8192)::text
    WHEN unit = 'ms' THEN (setting::numeric / 1000)::text
  WHEN vartype = 'bool' THEN (setting = 'on')::text ELSE setting END
FROM s WHERE name IN ('shared_buffers', 'fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums',
    'autovacuum', 'track_counts',
  'password_encryption', 'tcp_keepalives_idle', 'archive_mode')) x
WHERE value IS NOT NULL)sql";

constexpr std::string_view extensions = "SELECT extname FROM pg_extension ORDER BY 1";

/// Without pg_read_all_stats the figures of others are null.
constexpr std::string_view standbys = R"sql(
SELECT coalesce(application_name, '?'), host(client_addr), coalesce(state, '?'), coalesce(extract(epoch
    FROM replay_lag), 0), coalesce(pg_wal_lsn_diff(sent_lsn, replay_lsn), 0)
FROM pg_stat_replication ORDER BY 1, 2 LIMIT 20)sql";

constexpr std::string_view slots = R"sql(
SELECT slot_name, CASE WHEN active THEN 'yes' ELSE 'no' END,
  coalesce(greatest(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
    ELSE pg_current_wal_lsn() END, restart_lsn), 0), 0), coalesce(wal_status, 'reserved')
FROM pg_replication_slots WHERE NOT temporary ORDER BY 3 DESC LIMIT 20)sql";

/// The five with the most dead rows, and the five of which sequential scans read most.
constexpr std::string_view tables = R"sql(
WITH x AS (SELECT *, rank() OVER (ORDER BY n_dead_tup DESC) AS by_dead,
    rank() OVER (ORDER BY seq_tup_read DESC) AS by_read FROM pg_stat_user_tables
    WHERE n_live_tup + n_dead_tup > 10000)
SELECT schemaname || '.' || relname, n_live_tup, n_dead_tup, seq_scan, coalesce(seq_tup_read / nullif(seq_scan, 0), 0)
FROM x WHERE by_dead <= 5 OR by_read <= 5 ORDER BY n_dead_tup DESC LIMIT 10)sql";

constexpr std::string_view broken_indexes = R"sql(
SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index i WHERE NOT i.indisvalid
AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE coalesce(p.index_relid,
    i.indexrelid) = i.indexrelid) ORDER BY 1 LIMIT 20)sql";

/// Large ones that no query has used since the counters began, and that no constraint needs.
constexpr std::string_view idle_indexes = R"sql(
SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, pg_relation_size(i.indexrelid)
    FROM pg_index i JOIN pg_stat_user_indexes u USING (indexrelid)
WHERE u.idx_scan = 0 AND NOT i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k
    WHERE k.conindid = i.indexrelid) AND pg_relation_size(i.indexrelid) > 10485760
ORDER BY 3 DESC LIMIT 5)sql";

/// Without what may hold a password (ALTER ROLE) and without the constants of queries, which pg_stat_statements has
/// taken out.
constexpr std::string_view statements = R"sql(
SELECT queryid, left(regexp_replace(query, '\s+', ' ', 'g'), 100), calls, mean, total / nullif(sum(total) OVER (),
    0) FROM (
  SELECT x.queryid, x.query, x.calls, coalesce(j ->> 'total_exec_time',
    j ->> 'total_time')::float8 / 1000 AS total, coalesce(j ->> 'mean_exec_time',
    j ->> 'mean_time')::float8 / 1000 AS mean
  FROM (SELECT s.*, to_jsonb(s) - 'query' AS j FROM {} s WHERE s.dbid = (SELECT oid FROM pg_database
    WHERE datname = current_database())) x) y
WHERE query ~* '^\s*(select|insert|update|delete|with)\M' AND queryid IS NOT NULL ORDER BY total DESC LIMIT 5)sql";

} // namespace

std::string session_sql(long limit) {
    return fmt::format("SET default_transaction_read_only = on; SET statement_timeout = {}; SET lock_timeout = {};"
                       "SELECT pg_catalog.set_config('imops.schema', COALESCE(pg_catalog.current_schema()::text, ''), "
                       "false); SET search_path = pg_catalog;",
                       limit, std::min(limit, 1000L));
}

std::string main_question() { return fmt::format("{}{}", sources, values); }

std::string view_of_statements(const std::vector<Row>& main_rows) {
    for (auto& row : main_rows)
        if (row.size() == 3 && row[0] == "session" && row[1] == "statements") return row[2].value_or("");
    return {};
}

std::vector<Question> table_questions(const std::string& view) {
    std::vector<Question> all;
    for (auto [fact, sql] : {std::pair{"postgres.extensions", extensions},
                             {"postgres.standbys", standbys},
                             {"postgres.slots", slots},
                             {"postgres.tables", tables},
                             {"postgres.broken_indexes", broken_indexes},
                             {"postgres.idle_indexes", idle_indexes}})
        all.push_back({fact, std::string{sql}});
    if (!view.empty()) all.push_back({"postgres.statements", fmt::format(fmt::runtime(statements), view)});
    return all;
}

Told maps(const std::vector<Row>& main_rows) {
    Told told;
    for (auto& row : main_rows)
        if (row.size() == 3 && row[0] && row[1] && row[2] && row[0] != "session")
            told["postgres." + *row[0]].text += fmt::format("{} {}\n", *row[1], one_line(*row[2], 200));
    return told;
}

std::string table_text(const std::vector<Row>& rows) {
    std::string text;
    for (auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            auto field = one_line(row[i].value_or(""), 300);
            std::replace(field.begin(), field.end(), '\t', ' ');
            text.append(i ? "\t" : "").append(field);
        }
        text += '\n';
    }
    return text;
}

} // namespace imops::probe::postgres
