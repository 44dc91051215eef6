#include "core/client/postgres/libpq.hpp"
#include "core/base/library.hpp"
#include "core/base/string.hpp"
#include "core/loop/wait.hpp"
#include <algorithm>
#include <postgresql/libpq-fe.h>

namespace imops::client::postgres {

/// The functions of libpq that are used, found by name at run time.
struct LibpqApi {
    PGconn* (*start)(const char* const*, const char* const*, int) = nullptr;
    PostgresPollingStatusType (*poll)(PGconn*) = nullptr;
    ConnStatusType (*status)(const PGconn*) = nullptr;
    int (*socket)(const PGconn*) = nullptr;
    char* (*error)(const PGconn*) = nullptr;
    void (*finish)(PGconn*) = nullptr;
    PGVerbosity (*verbosity)(PGconn*, PGVerbosity) = nullptr;
    PQnoticeReceiver (*notices)(PGconn*, PQnoticeReceiver, void*) = nullptr;
    int (*ssl)(PGconn*) = nullptr;
    int (*nonblocking)(PGconn*, int) = nullptr;
    int (*send)(PGconn*, const char*) = nullptr;
    int (*flush)(PGconn*) = nullptr;
    int (*consume)(PGconn*) = nullptr;
    int (*busy)(PGconn*) = nullptr;
    PGresult* (*result)(PGconn*) = nullptr;
    ExecStatusType (*outcome)(const PGresult*) = nullptr;
    char* (*field)(const PGresult*, int) = nullptr;
    int (*rows)(const PGresult*) = nullptr;
    int (*columns)(const PGresult*) = nullptr;
    int (*null)(const PGresult*, int, int) = nullptr;
    char* (*value)(const PGresult*, int, int) = nullptr;
    void (*clear)(PGresult*) = nullptr;
    bool found = false;

    LibpqApi() {
        Library so{"libpq.so.5"};
        found = so.find("PQconnectStartParams", start) && so.find("PQconnectPoll", poll) &&
                so.find("PQstatus", status) && so.find("PQsocket", socket) && so.find("PQerrorMessage", error) &&
                so.find("PQfinish", finish) && so.find("PQsetErrorVerbosity", verbosity) &&
                so.find("PQsetNoticeReceiver", notices) && so.find("PQsslInUse", ssl) &&
                so.find("PQsetnonblocking", nonblocking) && so.find("PQsendQuery", send) && so.find("PQflush", flush) &&
                so.find("PQconsumeInput", consume) && so.find("PQisBusy", busy) && so.find("PQgetResult", result) &&
                so.find("PQresultStatus", outcome) && so.find("PQresultErrorField", field) &&
                so.find("PQntuples", rows) && so.find("PQnfields", columns) && so.find("PQgetisnull", null) &&
                so.find("PQgetvalue", value) && so.find("PQclear", clear);
    }
};

namespace {

constexpr int most_rows = 1000;

PGconn* as_connection(void* c) { return static_cast<PGconn*>(c); }

/// libpq would print them.
void ignore(void*, const PGresult*) {}

} // namespace

void Session::Close::operator()(void* connection) const { api->finish(as_connection(connection)); }

Result<std::unique_ptr<Session>> Session::begin(std::span<const std::pair<const char*, std::string>> settings,
                                                const Secret* password, Clock::time_point deadline,
                                                const volatile int* stop) {
    static const LibpqApi api;
    if (!api.found) return library_missing("libpq", {"which talks to PostgreSQL", "用于访问 PostgreSQL"}, "libpq5");
    std::vector<const char*> keys, values;
    for (auto& [key, value] : settings) keys.push_back(key), values.push_back(value.c_str());
    if (password)
        keys.push_back("password"),
            values.push_back(password->reveal().data()); // of a std::string: it ends with a null byte
    keys.push_back(nullptr), values.push_back(nullptr);
    auto s = std::unique_ptr<Session>{new Session{api, deadline, stop}};
    s->connection_.reset(api.start(keys.data(), values.data(), 0));
    if (!s->connection_) throw std::bad_alloc{};
    auto* c = as_connection(s->connection_.get());
    api.verbosity(c, PQERRORS_VERBOSE); // the only way to the SQLSTATE of a connection that fails
    api.notices(c, ignore, nullptr);
    return s;
}

std::optional<Error> Session::wait(short events) const {
    auto& api = *connection_.get_deleter().api;
    switch (wait_until(api.socket(as_connection(connection_.get())), events, deadline_, stop_)) {
    case Woken::ready: break;
    case Woken::stopped:
        return Error{Code::interrupted, Text{"interrupted", "已中断"}, Text{"Run it again.", "请重新运行。"}, {}};
    case Woken::late:
        return Error{Code::timed_out,
                     Text{"PostgreSQL gives no complete answer in time", "PostgreSQL 未在时限内给出完整应答"},
                     Text{"Is its host swapping or busy, or its disk slow? On it: `top`, `vmstat 1 5`, and the log "
                          "of PostgreSQL. A pooler (PgBouncer) waits so for a dead server.",
                          "其主机是否在换页、过于繁忙或磁盘缓慢？在其上执行 `top`、`vmstat 1 5`，并查看 PostgreSQL "
                          "日志。连接池（PgBouncer）在后端停止时也会这样一直等待。"},
                     {}};
    }
    return {};
}

Result<std::optional<Complaint>> Session::finish() {
    auto& api = *connection_.get_deleter().api;
    auto* c = as_connection(connection_.get());
    auto state = api.status(c) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        if (auto e = wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT)) return *e;
        state = api.poll(c);
    }
    if (state != PGRES_POLLING_OK) return std::optional{read_complaint(api.error(c))};
    api.nonblocking(c, 1);
    return std::optional<Complaint>{};
}

bool Session::encrypted() const { return connection_.get_deleter().api->ssl(as_connection(connection_.get())) != 0; }

Result<std::vector<Row>> Session::ask(const std::string& sql) {
    auto& api = *connection_.get_deleter().api;
    auto* c = as_connection(connection_.get());
    auto lost = [&] {
        return Error{Code::lost,
                     say("the connection broke: {}", "连接中断：{}", one_line(api.error(c), 200)),
                     Text{"Look into the log of PostgreSQL.", "请查看 PostgreSQL 的日志。"},
                     {}};
    };
    if (!api.send(c, sql.c_str())) return lost();
    for (int n; (n = api.flush(c)) != 0;) {
        if (n < 0) return lost();
        if (auto e = wait(POLLIN | POLLOUT)) return *e;
        if (!api.consume(c)) return lost();
    }
    std::vector<Row> rows;
    std::optional<Error> wrong;
    for (;;) {
        while (api.busy(c)) {
            if (auto e = wait(POLLIN)) return *e;
            if (!api.consume(c)) return lost();
        }
        std::unique_ptr<PGresult, void (*)(PGresult*)> r{api.result(c), api.clear};
        if (!r) break;
        auto outcome = api.outcome(r.get());
        if (outcome == PGRES_TUPLES_OK) {
            rows.clear();
            for (int i = 0; i < std::min(api.rows(r.get()), most_rows); ++i) {
                auto& row = rows.emplace_back();
                for (int k = 0; k < api.columns(r.get()); ++k)
                    row.push_back(api.null(r.get(), i, k) ? std::nullopt
                                                          : std::optional<std::string>{api.value(r.get(), i, k)});
            }
        } else if (outcome != PGRES_COMMAND_OK && outcome != PGRES_EMPTY_QUERY && !wrong) {
            auto* said = api.field(r.get(), PG_DIAG_MESSAGE_PRIMARY);
            auto* state = api.field(r.get(), PG_DIAG_SQLSTATE);
            wrong = Error{Code::remote,
                          say("PostgreSQL says {}: {}", "PostgreSQL 报告 {}：{}", state ? state : "?",
                              one_line(said ? said : "", 200)),
                          {},
                          {}};
        }
    }
    if (wrong) return *wrong;
    return rows;
}

} // namespace imops::client::postgres
