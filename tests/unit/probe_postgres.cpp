#include "core/probe/postgres/facts.hpp"
#include "core/probe/postgres/postgres.hpp"
#include <cstdlib>
#include <gtest/gtest.h>

using namespace imops;
using namespace imops::probe;
using namespace imops::probe::postgres;

namespace {

Asked asked(bool encrypted = false, bool without_tls = false) {
    return {Line{"db:5432", "db:5432"}, "im user", "im", encrypted, without_tls};
}

std::string code_of(std::string state, std::string message) {
    return read_refusal({std::move(state), std::move(message)}, asked()).code;
}

} // namespace

TEST(Postgres, what_libpq_leaves_is_state_and_message) {
    auto c = read_complaint("connection to server at \"db\" (127.0.0.1), port 1 failed: FATAL:  28P01: password "
                            "authentication failed for user \"im\"\nLOCATION:  auth_failed, auth.c:338\n");
    EXPECT_EQ(c.state, "28P01");
    EXPECT_EQ(c.message, "password authentication failed for user \"im\"");
    c = read_complaint("connection to server at \"db\" (127.0.0.1), port 1 failed: 致命错误:  3D000: 数据库 \"im\" "
                       "不存在\nLOCATION:  InitPostgres, postinit.c:1\n");
    EXPECT_EQ(c.state, "3D000") << "servers speak other languages";
    c = read_complaint(
        "connection to server at \"db\" (127.0.0.1), port 1 failed: fe_sendauth: no password supplied\n");
    EXPECT_EQ(c.state, "");
    EXPECT_EQ(c.message, "fe_sendauth: no password supplied")
        << "where it is is said in our own words: through a tunnel libpq does not know";
    c = read_complaint("connection to server at \"db\" failed: FATAL:  53300: sorry\x1b[2J\n");
    EXPECT_EQ(c.message.find('\x1b'), c.message.npos);
}

TEST(Postgres, each_refusal_has_its_own_code) {
    EXPECT_EQ(code_of("28P01", "password authentication failed for user \"im\""), "password_wrong");
    EXPECT_EQ(code_of("28000", "role \"im\" does not exist"), "no_role");
    EXPECT_EQ(code_of("28000", "role \"im\" is not permitted to log in"), "role_locked");
    EXPECT_EQ(code_of("28000", "connection requires a valid client certificate"), "client_certificate");
    EXPECT_EQ(code_of("28000", "Peer authentication failed for user \"im\""), "login_refused");
    EXPECT_EQ(code_of("3D000", "database \"im\" does not exist"), "no_database");
    EXPECT_EQ(code_of("55000", "database \"im\" is not currently accepting connections"), "database_closed");
    EXPECT_EQ(code_of("42501", "permission denied for database \"im\""), "no_connect_right");
    EXPECT_EQ(code_of("53300", "too many connections for role \"im\""), "too_many_for_role");
    EXPECT_EQ(code_of("53300", "too many connections for database \"im\""), "too_many_for_database");
    EXPECT_EQ(code_of("53300", "sorry, too many clients already"), "too_many_clients");
    EXPECT_EQ(code_of("53300", "remaining connection slots are reserved for non-replication superuser connections"),
              "too_many_clients");
    EXPECT_EQ(code_of("57P03", "the database system is starting up"), "starting_up");
    EXPECT_EQ(code_of("57P03", "the database system is shutting down"), "shutting_down");
    EXPECT_EQ(code_of("57P03", "the database system is in recovery mode"), "in_recovery");
    EXPECT_EQ(code_of("57P03", "the database system is not accepting connections"), "in_recovery");
    EXPECT_EQ(code_of("57P01", "terminating connection due to administrator command"), "shutting_down");
    EXPECT_EQ(code_of("08P01", "no such database: im"), "no_database");
    EXPECT_EQ(code_of("08P01", "server login has been failing, try again later (server_login_retry)"), "pooler");
    EXPECT_EQ(code_of("", "fe_sendauth: no password supplied"), "password_needed");
    EXPECT_EQ(code_of("", "server does not support SSL, but SSL was required"), "tls_not_offered");
    EXPECT_EQ(code_of("", "SSL error: certificate verify failed"), "certificate_untrusted");
    EXPECT_EQ(code_of("", "SSL error: unsupported protocol"), "handshake");
    EXPECT_EQ(code_of("", "channel binding required, but server authenticated client without channel binding"),
              "channel_binding");
    EXPECT_EQ(code_of("", "expected authentication request from server, but received H"), "other_service");
    EXPECT_EQ(code_of("", "authentication method 13 not supported"), "login_refused");
    EXPECT_EQ(code_of("", "server closed the connection unexpectedly"), "lost");
    EXPECT_EQ(code_of("XX000", "something else"), "remote");
}

TEST(Postgres, the_missing_line_of_pg_hba_is_shown) {
    Complaint c{"28000",
                "no pg_hba.conf entry for host \"10.1.2.3\", user \"im user\", database \"im\", SSL encryption"};
    auto r = read_refusal(c, asked(true));
    EXPECT_EQ(r.code, "pg_hba");
    EXPECT_NE(r.error.remedy.en.find("`hostssl  im  \"im user\"  10.1.2.3/32  scram-sha-256`"), std::string::npos)
        << r.error.remedy.en;
    EXPECT_NE(r.error.remedy.zh.find("10.1.2.3/32"), std::string::npos);
    c.message = "no pg_hba.conf entry for host \"fe80::1\", user \"im\", database \"im\", no encryption";
    EXPECT_NE(read_refusal(c, asked()).error.remedy.en.find("`host  im  \"im user\"  fe80::1/128  scram-sha-256`"),
              std::string::npos);
    EXPECT_EQ(read_refusal(c, asked(false, true)).code, "tls_demanded") << "imops.yaml says tls: no";
    c.message =
        "pg_hba.conf rejects connection for host \"10.1.2.3; rm -rf\", user \"im\", database \"im\", no encryption";
    EXPECT_NE(read_refusal(c, asked()).error.remedy.en.find("CLIENT-ADDRESS/32"), std::string::npos)
        << "foreign text does not get into what is to be pasted";
}

TEST(Postgres, each_refusal_has_words_and_a_remedy_in_both_languages) {
    for (auto state :
         {"28P01", "28000", "3D000", "55000", "42501", "53300", "57P03", "57P01", "57P02", "08P01", "", "XX000"}) {
        auto e = read_refusal({state, "words\tof the server"}, asked()).error;
        for (auto* text : {&e.what.en, &e.what.zh, &e.remedy.en, &e.remedy.zh}) EXPECT_FALSE(text->empty()) << state;
        EXPECT_TRUE(e.what.en.starts_with("db:5432: ")) << e.what.en;
    }
}

TEST(Postgres, rows_become_facts) {
    auto told = maps({{"server", "version", "15.18"},
                      {"server", "recovery", "no"},
                      {"session", "statements", "x.y"},
                      {"rights", "schema", "a\nb\x1b[2J"},
                      {"rights", "create", std::nullopt},
                      {"short"}});
    EXPECT_EQ(told.size(), 2u);
    EXPECT_EQ(told["postgres.server"].text, "version 15.18\nrecovery no\n");
    EXPECT_TRUE(told["postgres.rights"].text.starts_with("schema a b")) << told["postgres.rights"].text;
    EXPECT_EQ(told["postgres.rights"].text.find('\x1b'), std::string::npos);
    EXPECT_EQ(table_text({{"a\tb\nc", std::nullopt, "3"}, {"d", "e", "4"}}), "a b c\t\t3\nd\te\t4\n");
    EXPECT_EQ(table_text({}), "");
}

TEST(Postgres, statements_are_asked_for_where_they_are) {
    EXPECT_EQ(view_of_statements({{"session", "statements", "public.pg_stat_statements"}}),
              "public.pg_stat_statements");
    auto with = table_questions("public.pg_stat_statements"), without = table_questions("");
    EXPECT_EQ(with.size(), without.size() + 1);
    EXPECT_NE(with.back().sql.find("FROM public.pg_stat_statements s"), std::string::npos);
}
