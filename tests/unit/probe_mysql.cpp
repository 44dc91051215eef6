#include "core/base/string.hpp"
#include "core/client/mysql/errors.hpp"
#include "core/client/mysql/wire.hpp"
#include "core/probe/mysql/facts.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace imops;
using namespace imops::probe;
using Is = MysqlGreeting::Is;

namespace {

std::string packet(std::string_view body, int number = 0) {
    std::string p{char(body.size()), char(body.size() >> 8), '\0', char(number)};
    return p.append(body);
}

std::string greeting(std::string version, bool tls) {
    std::string body = "\x0a" + version + '\0' + std::string(8, 'a') + std::string("bcde\0", 5);
    body += {char(0xff), char(tls ? 0xff : 0xf7), 45, 2, 0};
    return packet(body + std::string(50, 'x'));
}

Is kind(std::string_view bytes) { return read_mysql_greeting(bytes).is; }

std::string code(int number, bool tls = false, bool trusted = false) {
    auto r = mysql_refusal(number, "said \x1b[31m", Line{"db:3306", "db:3306"}, tls, trusted);
    EXPECT_FALSE(r.error.remedy.en.empty() || r.error.remedy.zh.empty()) << number;
    EXPECT_EQ(r.error.what.en.find('\x1b'), std::string::npos);
    EXPECT_NE(r.error.what.zh.find("db:3306"), std::string::npos);
    return std::string{r.code};
}

} // namespace

TEST(MysqlGreeting, tells_version_and_tls) {
    auto g = read_mysql_greeting(greeting("5.5.5-10.11.6-MariaDB", true));
    EXPECT_EQ(g.is, Is::greeting);
    EXPECT_EQ(g.version, "10.11.6-MariaDB");
    EXPECT_TRUE(g.offers_tls);
    g = read_mysql_greeting(greeting("8.0.36", false));
    EXPECT_EQ(g.version, "8.0.36");
    EXPECT_FALSE(g.offers_tls);
}

TEST(MysqlGreeting, is_incomplete_until_the_last_byte) {
    auto whole = greeting("8.0.36", true);
    for (std::size_t n = 0; n < whole.size(); ++n)
        EXPECT_EQ(kind(std::string_view{whole}.substr(0, n)), Is::incomplete) << n;
    EXPECT_EQ(kind(whole), Is::greeting);
}

TEST(MysqlGreeting, a_refusal_has_its_number_with_and_without_a_state) {
    auto g = read_mysql_greeting(packet("\xff\x6a\x04Host 'x' is not allowed"));
    EXPECT_EQ(g.is, Is::refusal);
    EXPECT_EQ(g.error, 1130);
    EXPECT_EQ(g.text, "Host 'x' is not allowed");
    g = read_mysql_greeting(packet("\xff\x10\x04#08004Too many connections"));
    EXPECT_EQ(g.error, 1040);
    EXPECT_EQ(g.text, "Too many connections");
}

TEST(MysqlGreeting, who_speaks_otherwise_is_a_stranger) {
    for (std::string s : {"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH\r\n", "-ERR x\r\n", "220 mail ESMTP\r\n"})
        EXPECT_EQ(kind(s), Is::stranger) << s;
    EXPECT_EQ(kind(std::string_view{"\x05\0\0\0\x0b\x08\x05\x1a\0", 9}), Is::stranger) << "the X protocol";
    EXPECT_EQ(kind(packet(std::string(20, '\x0a'))), Is::stranger) << "a version without an end";
    EXPECT_EQ(kind(std::string_view{"\xff\xff\x0f\0\x0a", 5}), Is::stranger) << "a greeting of a megabyte";
    EXPECT_EQ(kind(packet("\x0a"
                          "8.0\0abc")),
              Is::stranger);
}

TEST(MysqlGreeting, the_request_for_tls_has_the_length_that_its_header_says) {
    auto p = mysql_tls_request();
    EXPECT_EQ(p.size(), 36u);
    EXPECT_EQ(p[0], 32);
    EXPECT_EQ(p[3], 1);
    EXPECT_EQ(std::uint8_t(p[5]) & 0x08, 0x08) << "CLIENT_SSL";
}

TEST(MysqlRefusal, each_number_has_its_code) {
    const std::pair<int, const char*> all[] = {{1045, "password_wrong"},
                                               {1698, "password_wrong"},
                                               {1049, "no_database"},
                                               {1044, "database_denied"},
                                               {1130, "host_not_allowed"},
                                               {1129, "host_blocked"},
                                               {1040, "too_many_connections"},
                                               {1203, "account_limit"},
                                               {1226, "account_limit"},
                                               {3159, "tls_demanded"},
                                               {1820, "password_expired"},
                                               {1862, "password_expired"},
                                               {4151, "account_locked"},
                                               {3118, "account_locked"},
                                               {2026, "handshake"},
                                               {2059, "plugin_unknown"},
                                               {5010, "plugin_needs_tls"},
                                               {9999, "remote"},
                                               {0, "remote"}};
    for (auto& [number, expected] : all) EXPECT_EQ(code(number), expected) << number;
    EXPECT_EQ(code(5010, true, true), "plugin_unknown");
    EXPECT_EQ(code(5010, true, false), "plugin_needs_tls");
}

TEST(MysqlRefusal, an_account_that_wants_tls_is_told_of_only_without) {
    auto remedy = [](bool tls) {
        return mysql_refusal(1045, "Access denied", Line{"db", "db"}, tls, tls).error.remedy;
    };
    EXPECT_NE(remedy(false).en.find("REQUIRE SSL"), std::string::npos);
    EXPECT_NE(remedy(false).zh.find("REQUIRE SSL"), std::string::npos);
    EXPECT_EQ(remedy(true).en.find("REQUIRE SSL"), std::string::npos);
}

TEST(MysqlServer, variables_and_status_become_lines) {
    auto text = mysql_server_text({{"version", "10.11.6-MariaDB-0+deb12u1"},
                                   {"log_bin", "OFF"},
                                   {"innodb_doublewrite", "ON"},
                                   {"sql_mode", "STRICT_TRANS_TABLES,NO_ZERO"},
                                   {"Uptime", "12"},
                                   {"unknown", "1"},
                                   {"max_connections"}});
    EXPECT_EQ(text, "version 10.11.6\nmaria yes\nbinlog no\ndoublewrite yes\nstrict yes\nuptime 12\n");
    EXPECT_EQ(
        mysql_server_text({{"version", "8.0.36"}, {"innodb_doublewrite", "DETECT_AND_RECOVER"}, {"sql_mode", ""}}),
        "version 8.0.36\nmaria no\ndoublewrite yes\nstrict no\n");
    EXPECT_NE(mysql_server_names().find("'version','character_set_server'"), std::string::npos);
}

TEST(MysqlRights, all_on_everything_is_an_administrator) {
    EXPECT_EQ(mysql_rights_text(
                  {{"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED BY PASSWORD '*X' WITH GRANT OPTION"}},
                  "im"),
              "all yes\nsuper yes\nfile yes\noption yes\nmissing -\n");
    EXPECT_EQ(mysql_rights_text({{"GRANT SELECT, INSERT, SHUTDOWN, FILE, SUPER ON *.* TO `a`@`%`"}}, ""),
              "all yes\nsuper yes\nfile yes\noption no\n")
        << "MySQL 8 lists each";
}

TEST(MysqlRights, those_of_its_own_database_are_enough) {
    MysqlRows grants{{"GRANT USAGE ON *.* TO `im`@`10.0.0.%` IDENTIFIED BY PASSWORD '*AB'"},
                     {"GRANT ALL PRIVILEGES ON `im`.* TO `im`@`10.0.0.%`"}};
    EXPECT_EQ(mysql_rights_text(grants, "im"), "all no\nsuper no\nfile no\noption no\nmissing -\n");
    EXPECT_EQ(mysql_rights_text({{"GRANT ALL PRIVILEGES ON `im\\_db`.* TO `im`@`%`"}}, "im_db").find("missing -") ==
                  std::string::npos,
              false);
    EXPECT_NE(mysql_rights_text(grants, "other").find("missing SELECT, INSERT"), std::string::npos);
    EXPECT_NE(mysql_rights_text({{"GRANT ALL PRIVILEGES ON `im%`.* TO `im`@`%`"}}, "im_prod").find("missing -"),
              std::string::npos);
}

TEST(MysqlRights, what_is_missing_is_listed) {
    auto text = mysql_rights_text({{"GRANT SELECT, INSERT, UPDATE, DELETE ON `im`.* TO `im`@`%`"},
                                   {"GRANT SELECT (`a`, `b`), INSERT ON `im`.`t` TO `im`@`%`"}},
                                  "im");
    EXPECT_EQ(text, "all no\nsuper no\nfile no\noption no\nmissing CREATE, ALTER, DROP, INDEX, REFERENCES\n");
    EXPECT_EQ(
        mysql_rights_text({{"GRANT `writer` TO `im`@`%`"}, {"GRANT USAGE ON *.* TO `im`@`%`"}}, "im").find("missing"),
        std::string::npos)
        << "a role may bring them";
}

TEST(MysqlReplica, both_makers_names_are_known) {
    EXPECT_EQ(mysql_replica_text({"Connection_name", "Master_Host", "Slave_IO_Running", "Slave_SQL_Running",
                                  "Seconds_Behind_Master", "Last_IO_Error"},
                                 {{"", "db1", "Connecting", "Yes", "", "error\tconnecting"}}),
              "\tdb1\tConnecting\tYes\t0\terror connecting\n");
    EXPECT_EQ(mysql_replica_text(
                  {"Source_Host", "Replica_IO_Running", "Replica_SQL_Running", "Seconds_Behind_Source", "Channel_Name"},
                  {{"db1", "Yes", "Yes", "7", "c"}}),
              "c\tdb1\tYes\tYes\t7\t\n");
    EXPECT_EQ(mysql_replica_text({"Source_Host"}, {}), "");
}
