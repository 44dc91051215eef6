#include "core/probe/postgres/postgres.hpp"
#include "core/base/string.hpp"
#include "core/client/postgres/libpq.hpp"
#include "core/probe/postgres/facts.hpp"
#include <cstdlib>
#include <openssl/x509.h>
#include <unistd.h>

namespace imops::probe {

namespace {

using namespace postgres;

constexpr const char* no_file =
    "/dev/null/none"; // never there: libpq would take the operator's own instead of an empty path

std::string first_that_exists(std::initializer_list<const char*> paths) {
    for (auto* p : paths)
        if (p && ::access(p, R_OK) == 0) return p;
    return no_file;
}

/// The system's authorities, as OpenSSL finds them; libpq before 16 wants the file's name.
std::string system_authorities() {
    return first_that_exists({std::getenv(::X509_get_default_cert_file_env()), ::X509_get_default_cert_file(),
                              "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"});
}

std::vector<std::pair<const char*, std::string>> settings(const Target& t, const Greeting& g, int door) {
    auto limit = std::chrono::ceil<std::chrono::seconds>(t.deadline - Clock::now()).count();
    return {{"host", t.wish.name.empty() ? t.address : t.wish.name},
            {"hostaddr", door ? "127.0.0.1" : g.peer},
            {"port", std::to_string(door ? door : t.port)},
            {"user", t.user},
            {"dbname", t.database.empty() ? t.user : t.database},
            {"application_name", "imops"},
            {"client_encoding", "UTF8"},
            {"connect_timeout", std::to_string(std::max<long long>(limit, 2))},
            {"sslmode", !g.encrypted ? "disable"
                        : g.trusted  ? "verify-full"
                                     : "require"},
            {"sslrootcert", g.trusted ? (t.wish.ca.empty() ? system_authorities() : t.wish.ca) : no_file},
            {"sslcert", no_file},
            {"sslkey", no_file},
            {"sslcrl", no_file},
            {"ssl_min_protocol_version", "TLSv1.2"},
            {"gssencmode", "disable"},
            {"passfile", no_file}};
}

/// A session that is logged in, and the tunnel that carries it.
struct Connected {
    net::Tunnel tunnel;
    std::unique_ptr<Session> session;
    std::optional<Complaint> complaint;
};

Result<Connected> connect(const Target& t, const Greeting& g) {
    Connected c;
    std::optional<net::Door> door;
    if (t.origin.via) {
        auto opened = net::Door::open();
        if (!opened) return opened.error();
        door = *std::move(opened);
    }
    auto begun = Session::begin(settings(t, g, door ? door->port() : 0), t.password, t.deadline, t.origin.stop);
    if (!begun) return begun.error();
    c.session = *std::move(begun);
    if (door) {
        auto end = door->accept(t.deadline);
        if (!end) return end.error();
        auto tunnel = t.origin.tunnels->open(*t.origin.via, t.address, t.port, t.deadline, *std::move(end));
        if (!tunnel) return tunnel.error();
        c.tunnel = *std::move(tunnel);
    }
    auto done = c.session->finish();
    if (!done)
        return Error{done.error().code, say("{}: {}", "{}：{}", g.where, done.error().what), done.error().remedy, {}};
    c.complaint = *std::move(done);
    return c;
}

long milliseconds_left(const Target& t) {
    return long(std::chrono::duration_cast<std::chrono::milliseconds>(t.deadline - Clock::now()).count());
}

/// What is asked of a session, until the time is over or the connection breaks: what follows then has the same error.
void ask_all(Session& session, const Target& t, Told& told) {
    std::string broken;
    auto ask = [&](const std::string& sql, auto keep, std::initializer_list<std::string> facts) {
        auto rows = broken.empty() ? session.ask(sql)
                                   : Result<std::vector<Row>>{Error{Code::lost, Line{broken, broken}, {}, {}}};
        if (rows) return keep(*rows);
        if (rows.error().code != Code::remote) broken = rows.error().what.en;
        for (auto& f : facts) told[f].error = rows.error().what.en;
    };
    std::string statements;
    ask(session_sql(std::clamp(milliseconds_left(t) - 300, 100L, 10'000L)) + main_question(),
        [&](const std::vector<Row>& rows) {
            for (auto& [fact, said] : maps(rows)) told[fact] = said;
            statements = view_of_statements(rows);
        },
        {"postgres.server", "postgres.rights", "postgres.activity", "postgres.counters"});
    for (auto& q : table_questions(statements)) {
        std::string fact{q.fact};
        ask(q.sql, [&](const std::vector<Row>& rows) { told[fact].text = table_text(rows); }, {fact});
    }
}

} // namespace

Told ask_postgres(const Target& t) {
    auto failed = [](const Refusal& r) { return Told{{"postgres.login", {login_text(r.code, &r.error), {}}}}; };
    if (t.user.empty()) // libpq would take that of whoever runs imops
        return failed(
            {"user_needed",
             Error{Code::config,
                   say("{}: imops.yaml names no user for it", "{}：imops.yaml 没有给出它的用户名", t.address),
                   Text{"Name the application's own: `user: NAME`.", "请写明应用所用的用户：`user: 用户名`。"},
                   {}}});
    auto tls = tls_of(t);
    auto greeting = greet(t, tls);
    if (greeting.wrong) return failed(*greeting.wrong);
    auto c = connect(t, greeting);
    auto refused_with_tls = [&] {
        return c && (*c).complaint && (*c).complaint->state == "28000" &&
               (*c).complaint->message.find("no pg_hba.conf entry") != std::string::npos;
    };
    if (tls == Tls::unsaid && greeting.encrypted &&
        refused_with_tls()) { // sslmode=prefer, the default of most drivers, tries without TLS then
        auto plain = greet(t, Tls::no);
        if (!plain.wrong) {
            auto second = connect(t, plain);
            if (second && !(*second).complaint) greeting = std::move(plain), c = std::move(second);
        }
    }
    if (!c) return failed({std::string{name(c.error().code)}, c.error()});
    if ((*c).complaint)
        return failed(read_refusal(*(*c).complaint, {greeting.where, t.user, t.database.empty() ? t.user : t.database,
                                                     greeting.encrypted, tls == Tls::no}));
    auto& session = *(*c).session;
    auto yes = [](bool b) { return b ? "yes" : "no"; };
    Told told;
    told["postgres.login"].text =
        login_text("ok") + fmt::format("tls {}\ntrusted {}\nlocal {}\n", yes(session.encrypted()),
                                       yes(greeting.trusted), yes(greeting.local));
    ask_all(session, t, told);
    return told;
}

} // namespace imops::probe
