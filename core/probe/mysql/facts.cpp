#include "core/probe/mysql/facts.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

namespace imops::probe {

namespace {

/// What is asked: our key, the server's name, what is done with the value.
enum class As { plain, version, flag, strict };
struct Field {
    std::string_view key, name;
    As as = As::plain;
};
constexpr std::array<Field, 28> fields{{
    {"version", "version", As::version},
    {"charset", "character_set_server"},
    {"pool", "innodb_buffer_pool_size"},
    {"max_connections", "max_connections"},
    {"packet", "max_allowed_packet"},
    {"idle", "wait_timeout"},
    {"binlog", "log_bin", As::flag},
    {"binlog_kept", "binlog_expire_logs_seconds"},
    {"commit", "innodb_flush_log_at_trx_commit"},
    {"sync_binlog", "sync_binlog"},
    {"doublewrite", "innodb_doublewrite", As::flag},
    {"slow_log", "slow_query_log", As::flag},
    {"read_only", "read_only", As::flag},
    {"strict", "sql_mode", As::strict},
    {"uptime", "Uptime"},
    {"connected", "Threads_connected"},
    {"aborted", "Aborted_connects"},
    {"attempts", "Connections"},
    {"refused", "Connection_errors_max_connections"},
    {"pool_asked", "Innodb_buffer_pool_read_requests"},
    {"pool_read", "Innodb_buffer_pool_reads"},
    {"tmp", "Created_tmp_tables"},
    {"tmp_disk", "Created_tmp_disk_tables"},
    {"slow", "Slow_queries"},
    {"asked", "Questions"},
    {"scans", "Select_full_join"},
    {"deadlocks", "Innodb_deadlocks"},
    {"history", "Innodb_history_list_length"},
}};

std::string lower(std::string_view s) {
    std::string l{s};
    std::ranges::transform(l, l.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return l;
}

std::string_view yes(bool b) { return b ? "yes" : "no"; }

std::string as_text(As as, const std::string& value) {
    switch (as) {
    case As::plain: return one_line(value, 200);
    case As::version: return value.substr(0, value.find_first_not_of("0123456789."));
    case As::flag: return std::string{yes(!(value == "OFF" || value == "0" || value == "NO"))};
    case As::strict: return std::string{yes(value.find("STRICT_") != value.npos)};
    }
    return {};
}

/// "`im\_db`.*" -> "im_db.*": how a grant names what it is on. A `%` stays: it stands for any letters.
std::string unquoted(std::string_view s) {
    std::string name;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '\\' && i + 1 < s.size())
            name += s[++i];
        else if (s[i] != '`' && s[i] != '\'' && s[i] != '"')
            name += s[i];
    }
    return name;
}

/// Whether the pattern of a grant ("im", "im%") covers the database.
bool covers(std::string_view pattern, std::string_view database) {
    auto percent = pattern.find('%');
    if (percent == pattern.npos) return lower(pattern) == lower(database);
    return database.size() >= percent && lower(database.substr(0, percent)) == lower(pattern.substr(0, percent));
}

constexpr std::string_view own_work[] = {"SELECT", "INSERT", "UPDATE", "DELETE",    "CREATE",
                                         "ALTER",  "DROP",   "INDEX",  "REFERENCES"};

struct Grant {
    std::set<std::string> rights;
    std::string on;
    bool option = false, role = false;
};

Grant read_grant(const std::string& line) {
    Grant g;
    std::string_view s{line};
    auto on = s.find(" ON "), to = s.find(" TO ");
    g.role = to != s.npos && (on == s.npos || on > to);
    if (!s.starts_with("GRANT ") || on == s.npos || to == s.npos || g.role) return g;
    auto after = s.substr(on + 4, s.find(" TO ", on) - on - 4);
    auto columns = 0;
    std::string right;
    for (char c : line.substr(6, on - 6)) {
        columns += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (columns || c == ')') continue;
        if (c != ',')
            right += c;
        else
            g.rights.insert(std::string{trim(right)}), right.clear();
    }
    g.rights.insert(std::string{trim(right)});
    if (g.rights.contains("ALL")) g.rights.insert("ALL PRIVILEGES");
    g.on = unquoted(after);
    g.option = s.find(" WITH ", on) != s.npos && s.find("GRANT OPTION", on) != s.npos;
    return g;
}

} // namespace

std::string mysql_server_names() {
    std::string names;
    for (auto& f : fields) names += fmt::format("{}'{}'", names.empty() ? "" : ",", f.name);
    return names;
}

std::string mysql_server_text(const MysqlRows& named) {
    std::string text;
    for (auto& f : fields)
        for (auto& row : named)
            if (row.size() >= 2 && lower(row[0]) == lower(f.name)) {
                auto value = as_text(f.as, row[1]);
                if (!value.empty()) text += fmt::format("{} {}\n", f.key, value);
                if (f.as == As::version) text += fmt::format("maria {}\n", yes(row[1].find("MariaDB") != row[1].npos));
                break;
            }
    return text;
}

std::string mysql_rights_text(const MysqlRows& grants, std::string_view database) {
    std::set<std::string> everywhere, here;
    bool option = false, role = false;
    for (auto& row : grants) {
        if (row.empty()) continue;
        auto g = read_grant(row[0]);
        role = role || g.role;
        bool global = g.on == "*.*";
        if (global) everywhere.merge(std::set{g.rights}), option = option || g.option;
        if (!g.on.ends_with(".*") || global) continue;
        if (database.empty() || covers(std::string_view{g.on}.substr(0, g.on.size() - 2), database))
            here.merge(g.rights), option = option || g.option;
    }
    auto has = [&](const std::string& right) {
        return everywhere.contains("ALL PRIVILEGES") || everywhere.contains(right);
    };
    std::string missing;
    bool all = everywhere.contains("ALL PRIVILEGES");
    for (std::string right{}; auto wanted : own_work) {
        right = wanted;
        if (!has(right) && !here.contains(right) && !here.contains("ALL PRIVILEGES"))
            missing += fmt::format("{}{}", missing.empty() ? "" : ", ", right);
    }
    // MySQL 8 lists every single right instead of ALL
    all = all || (has("SUPER") && has("SELECT") && has("SHUTDOWN") && has("FILE"));
    auto text = fmt::format("all {}\nsuper {}\nfile {}\noption {}\n", yes(all), yes(has("SUPER")), yes(has("FILE")),
                            yes(option));
    if (role && !missing.empty()) return text; // what a role brings is not seen here
    if (!database.empty()) text += fmt::format("missing {}\n", missing.empty() ? "-" : missing);
    return text;
}

std::string mysql_replica_text(const MysqlRow& names, const MysqlRows& rows) {
    std::string text;
    for (auto& row : rows) {
        auto value = [&](std::initializer_list<std::string_view> wanted) -> std::string {
            for (auto w : wanted)
                for (std::size_t i = 0; i < std::min(names.size(), row.size()); ++i)
                    if (names[i] == w && !row[i].empty()) return one_line(row[i], 160);
            return {};
        };
        auto lag = value({"Seconds_Behind_Master", "Seconds_Behind_Source"});
        auto receives = value({"Slave_IO_Running", "Replica_IO_Running"}),
             applies = value({"Slave_SQL_Running", "Replica_SQL_Running"});
        text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", value({"Connection_name", "Channel_Name"}),
                            value({"Master_Host", "Source_Host"}), receives, applies, lag.empty() ? "0" : lag,
                            value({"Last_SQL_Error", "Last_IO_Error"}));
    }
    return text;
}

} // namespace imops::probe
