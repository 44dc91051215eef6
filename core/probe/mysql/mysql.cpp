#include "core/probe/mysql/mysql.hpp"
#include "core/base/string.hpp"
#include "core/client/mysql/client.hpp"
#include "core/client/mysql/errors.hpp"
#include "core/client/mysql/wire.hpp"
#include "core/probe/mysql/facts.hpp"
#include <openssl/pem.h>
#include <variant>

namespace imops::probe {

namespace {

/// Why there is no session.
struct Failed {
    std::string code;
    Error error;
};
Failed as_failed(const Error& e) { return {std::string{name(e.code)}, e}; }

struct Greeted {
    std::unique_ptr<Stream> stream;
    MysqlGreeting greeting;
    std::string bytes; // of it, for the library
};
using Hello = std::variant<Greeted, Failed>;

Error someone_else(const Stream& s, std::string_view bytes) {
    auto e = stranger(s, Text{"MySQL", "MySQL"}, 3306, bytes);
    if (bytes.size() > 4 && bytes.size() < 64 && bytes[4] == '\x0b')
        e.what = say("{}: the X protocol of MySQL answers, which is for other clients",
                     "{}：应答的是 MySQL 的 X 协议，供其他客户端使用", s.where());
    return e;
}

/// Nothing came by itself. A server that waits for its client's first word tells who it is when it gets one.
Failed silent(const Target& t, const Stream& s) {
    auto again = Stream::dial(t.origin, t.address, t.port, t.deadline);
    if (again && !(*again)->write("GET / HTTP/1.0\r\n\r\n"))
        if (auto got = (*again)->read(); got && !who_answers(*got).empty())
            return {"other_service", someone_else(s, *got)};
    return as_failed(
        {Code::timed_out,
         say("{}: takes the connection, but does not greet in time", "{}：连接已建立，但未在时限内发出问候", s.where()),
         Text{"MySQL looks up the name of who connects before it greets: with a slow DNS server set `skip_name_resolve "
              "= ON` (accounts then need addresses). Else: is the process stopped, swapping or busy (`top`, `vmstat 1 "
              "5`)? Is there a proxy before a dead server?",
              "MySQL 在发出问候之前会反查来访者的域名：DNS 慢时请设置 `skip_name_resolve = "
              "ON`（账号的主机须写地址）。否则请检查：进程是否被挂起、换页或过于繁忙（`top`、`vmstat 1 "
              "5`）？是否是代理，而后端已停止？"},
         {}});
}

Hello greet(const Target& t) {
    // the last part of the time is for finding out who keeps silent
    auto wait = t.deadline - (t.deadline - Clock::now()) / 3;
    auto dialled = Stream::dial(t.origin, t.address, t.port, wait);
    if (!dialled) return as_failed(dialled.error());
    Greeted g{*std::move(dialled), {}, {}};
    while (g.greeting.is == MysqlGreeting::Is::incomplete) {
        auto got = g.stream->read();
        if (!got)
            return got.error().code == Code::timed_out && g.bytes.empty() ? silent(t, *g.stream)
                                                                          : as_failed(got.error());
        if (got->empty()) return as_failed(closed_early(*g.stream));
        g.bytes += *got;
        g.greeting = read_mysql_greeting(g.bytes);
    }
    if (g.greeting.is == MysqlGreeting::Is::stranger) return Failed{"other_service", someone_else(*g.stream, g.bytes)};
    if (g.greeting.is == MysqlGreeting::Is::refusal) {
        auto r = mysql_refusal(g.greeting.error, g.greeting.text, g.stream->where(), false, false);
        return Failed{std::string{r.code}, std::move(r.error)};
    }
    return g;
}

/// Whether the certificate that was met is itself in the file `ca:`. Servers make their own, with a name that is
/// nobody's.
bool is_pinned(const Stream& s, const std::string& ca) {
    std::unique_ptr<BIO, decltype(&::BIO_free)> file{ca.empty() ? nullptr : ::BIO_new_file(ca.c_str(), "r"),
                                                     ::BIO_free};
    std::unique_ptr<X509, decltype(&::X509_free)> met{::SSL_get1_peer_certificate(s.tls()), ::X509_free};
    bool same = false;
    while (file && !same) {
        std::unique_ptr<X509, decltype(&::X509_free)> one{::PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr),
                                                          ::X509_free};
        if (!one) break;
        same = ::X509_cmp(one.get(), met.get()) == 0;
    }
    return same;
}

/// How the session is to be encrypted.
struct Cover {
    std::string fingerprint; // empty: not at all
    bool trusted = false;
};

/// Meets the server's certificate on a connection of its own, which ends with that; the session is then held to the
/// same one.
std::optional<Failed> look_at_certificate(const Target& t, Greeted& g, bool demanded, Cover& cover) {
    auto wrong = g.stream->write(mysql_tls_request());
    if (!wrong) wrong = g.stream->start_tls(t.wish);
    if (wrong) return as_failed(*wrong);
    auto distrust = g.stream->distrust();
    cover.trusted = !distrust || is_pinned(*g.stream, t.wish.ca);
    if (demanded && !cover.trusted) {
        distrust->remedy = say("{} The server's own certificate, copied, does as `ca:` too, whatever name it has.",
                               "{}也可以把服务器自己的证书复制过来作为 `ca:`，此时不要求名称一致。", distrust->remedy);
        return as_failed(*distrust);
    }
    auto fingerprint = MysqlClient::fingerprint_of(*g.stream);
    if (!fingerprint) return as_failed(fingerprint.error());
    cover.fingerprint = *fingerprint;
    auto again = greet(t);
    if (auto* failed = std::get_if<Failed>(&again)) return std::move(*failed);
    g = std::move(std::get<Greeted>(again));
    return {};
}

std::optional<Failed> cover_up(const Target& t, Greeted& g, Cover& cover) {
    bool unsaid = !t.service || !t.service->tls.has_value();
    bool offered = g.greeting.offers_tls;
    if (t.tls && !offered)
        return Failed{"tls_missing",
                      {Code::remote,
                       say("{}: the server offers no TLS", "{}：服务器未启用 TLS", g.stream->where()),
                       Text{"In its configuration set `ssl_cert`, `ssl_key` and `ssl_ca`, restart it, and look: `SHOW "
                            "GLOBAL VARIABLES LIKE 'have_ssl';`.",
                            "请在其配置中设置 `ssl_cert`、`ssl_key` 和 `ssl_ca`，重启后确认：`SHOW GLOBAL VARIABLES "
                            "LIKE 'have_ssl';`。"},
                       {}}};
    return t.tls || (unsaid && offered) ? look_at_certificate(t, g, t.tls, cover) : std::nullopt;
}

Failed why(const MysqlClient::Trouble& trouble, const Line& where, const Cover& cover) {
    switch (trouble.end) {
    case Relay::End::late:
        return as_failed(
            {Code::timed_out,
             say("{}: the log-in did not end in time", "{}：登录未在时限内完成", where),
             Text{"Is the process stopped, swapping or busy? On its host: `top`, `vmstat 1 5`, `SHOW PROCESSLIST;`.",
                  "进程是否被挂起、正在换页或过于繁忙？在其主机上执行 `top`、`vmstat 1 5`、`SHOW PROCESSLIST;`。"},
             {}});
    case Relay::End::interrupted:
        return as_failed({Code::interrupted, Text{"interrupted", "已中断"}, Text{"Run it again.", "请重新运行。"}, {}});
    case Relay::End::flooded:
    case Relay::End::one_side: break;
    }
    if (trouble.number == 2013 || trouble.number == 2006 || trouble.number == 2012)
        return as_failed({Code::lost,
                          say("{}: the connection ended during the log-in", "{}：登录过程中连接中断", where),
                          Text{"Look into the log of the database server.", "请查看数据库服务器的日志。"},
                          {}});
    auto r = mysql_refusal(trouble.number, trouble.text, where, !cover.fingerprint.empty(), cover.trusted);
    return {std::string{r.code}, std::move(r.error)};
}

/// Asks for one fact after the other, as long as there is an answer.
class Round {
    MysqlClient& client_;
    Told& told_;
    MysqlRow names_;
    MysqlRows rows_;

  public:
    Round(MysqlClient& c, Told& told) : client_{c}, told_{told} {}
    const MysqlRow& names() const { return names_; }
    /// The rows; nothing, if the account may not read them (then the fact is not told) or for another reason, which is
    /// told.
    const MysqlRows* ask(const char* fact, const std::string& sql) {
        auto trouble = client_.ask(sql, names_, rows_);
        if (!trouble) return &rows_;
        auto n = trouble->number;
        bool denied = n == 1044 || n == 1045 || n == 1142 || n == 1143 || n == 1227 || n == 1370;
        if (!denied) told_[fact].error = one_line(trouble->text, 200);
        return nullptr;
    }
    bool knows(const std::string& sql) { return !client_.ask(sql, names_, rows_); }
    /// One row as "key value" lines.
    void row(const char* fact, std::initializer_list<std::string_view> keys, const std::string& sql) {
        auto* rows = ask(fact, sql);
        if (!rows || rows->empty()) return;
        auto& text = told_[fact].text;
        std::size_t i = 0;
        for (auto key : keys) {
            auto& value = rows->front()[i++];
            if (!value.empty()) text += fmt::format("{} {}\n", key, one_line(value, 200));
        }
    }
};

/// The first five of the tables for which the condition holds.
std::string first_five(std::string_view condition) {
    return fmt::format("SUM({0}), SUBSTRING_INDEX(GROUP_CONCAT(IF({0}, TABLE_NAME, NULL) ORDER BY TABLE_NAME SEPARATOR "
                       "', '), ', ', 5)",
                       condition);
}

void ask_all(MysqlClient& client, const Target& t, Told& told) {
    Round round{client, told};
    round.row("mysql.session", {"connection", "database", "collation", "account"},
              "SELECT @@character_set_connection, @@character_set_database, @@collation_database, CURRENT_USER()");
    MysqlRows named;
    for (auto what : {"VARIABLES", "STATUS"})
        if (auto* rows = round.ask(
                "mysql.server", fmt::format("SHOW GLOBAL {} WHERE Variable_name IN ({})", what, mysql_server_names())))
            named.insert(named.end(), rows->begin(), rows->end());
    if (!named.empty()) told["mysql.server"] = {mysql_server_text(named), {}};
    if (auto* rows = round.ask("mysql.rights", "SHOW GRANTS"))
        told["mysql.rights"].text = mysql_rights_text(*rows, t.database);
    bool maria = told["mysql.server"].text.find("maria yes") != std::string::npos;
    bool renamed =
        !maria && round.knows("SHOW REPLICA STATUS"); // MySQL 8.0.22; MariaDB keeps the words that show all its sources
    if (auto* rows = round.ask("mysql.replica", maria     ? "SHOW ALL SLAVES STATUS"
                                                : renamed ? "SHOW REPLICA STATUS"
                                                          : "SHOW SLAVE STATUS"))
        told["mysql.replica"].text = mysql_replica_text(round.names(), *rows);
    if (auto* rows =
            round.ask("mysql.accounts",
                      "SELECT User, Host, IF(authentication_string = '' AND plugin IN ('', 'mysql_native_password', "
                      "'caching_sha2_password', 'sha256_password'), 'yes', 'no'), "
                      "IF(Super_priv = 'Y', 'yes', 'no') FROM mysql.user WHERE Host <> '' AND User <> 'mariadb.sys'"))
        for (auto& text = told["mysql.accounts"].text; auto& r : *rows)
            text += fmt::format("{}\t{}\t{}\t{}\n", one_line(r[0], 80), one_line(r[1], 255), r[2], r[3]);
    if (!t.database.empty())
        round.row("mysql.tables",
                  {"count", "size", "not_innodb", "not_innodb_names", "not_utf8mb4", "not_utf8mb4_names", "mixed",
                   "mixed_names", "loose", "loose_names"},
                  fmt::format("SELECT COUNT(*), COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0), {}, {}, {}, {} FROM "
                              "information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
                              first_five("ENGINE <> 'InnoDB'"), first_five("TABLE_COLLATION NOT LIKE 'utf8mb4%'"),
                              first_five("TABLE_COLLATION <> @@collation_database"),
                              first_five("DATA_FREE > 1073741824 AND DATA_FREE > (DATA_LENGTH + INDEX_LENGTH) / 2")));
}

} // namespace

Told ask_mysql(const Target& t) {
    Told told;
    bool offered = false;
    Cover cover;
    auto log_in = [&](std::string_view code, const Error* e) {
        auto& text = told["mysql.login"].text = login_text(code, e);
        text += fmt::format("offered {}\n", offered ? "yes" : "no");
        if (!e)
            text += fmt::format("tls {}\ntrusted {}\n", cover.fingerprint.empty() ? "no" : "yes",
                                cover.trusted ? "yes" : "no");
        return told;
    };
    auto hello = greet(t);
    if (auto* f = std::get_if<Failed>(&hello)) return log_in(f->code, &f->error);
    auto& greeted = std::get<Greeted>(hello);
    offered = greeted.greeting.offers_tls;
    if (auto f = cover_up(t, greeted, cover)) return log_in(f->code, &f->error);
    auto where = greeted.stream->where();
    std::optional<MysqlClient::Trouble> trouble;
    auto client = MysqlClient::open(std::move(greeted.stream), std::move(greeted.bytes), t, cover.fingerprint,
                                    cover.trusted, trouble);
    if (!client) return log_in(name(client.error().code), &client.error());
    if (!trouble) { // an expired password, or a limit, may come up at the first statement only
        MysqlRow names;
        MysqlRows rows;
        trouble = (*client)->ask("SELECT 1", names, rows);
    }
    if (trouble) {
        auto f = why(*trouble, where, cover);
        return log_in(f.code, &f.error);
    }
    log_in("ok", nullptr);
    ask_all(**client, t, told);
    return told;
}

} // namespace imops::probe
