#include "core/client/mysql/client.hpp"
#include "core/base/library.hpp"
#include "core/loop/wait.hpp"
#include <cerrno>
#include <fcntl.h>
#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <sys/socket.h>

namespace imops::client {

/// The functions of MariaDB Connector/C that are used, found by name at run time.
struct MysqlApi {
    decltype(&::mysql_server_init) server_init = nullptr;
    decltype(&::mysql_init) init = nullptr;
    decltype(&::mysql_options) options = nullptr;
    decltype(&::mysql_real_connect) real_connect = nullptr;
    decltype(&::mysql_real_query) real_query = nullptr;
    decltype(&::mysql_store_result) store_result = nullptr;
    decltype(&::mysql_num_fields) num_fields = nullptr;
    decltype(&::mysql_fetch_fields) fetch_fields = nullptr;
    decltype(&::mysql_fetch_row) fetch_row = nullptr;
    decltype(&::mysql_fetch_lengths) fetch_lengths = nullptr;
    decltype(&::mysql_free_result) free_result = nullptr;
    decltype(&::mysql_errno) error_number = nullptr;
    decltype(&::mysql_error) error_text = nullptr;
    decltype(&::mysql_close) close = nullptr;
    decltype(&::mysql_get_client_version) client_version = nullptr;
    bool found = false;
    unsigned long version = 0; // 30308: 3.3.8

    MysqlApi() {
        Library so{"libmariadb.so.3"};
        found = so.find("mysql_server_init", server_init) && so.find("mysql_init", init) &&
                so.find("mysql_options", options) && so.find("mysql_real_connect", real_connect) &&
                so.find("mysql_real_query", real_query) && so.find("mysql_store_result", store_result) &&
                so.find("mysql_num_fields", num_fields) && so.find("mysql_fetch_fields", fetch_fields) &&
                so.find("mysql_fetch_row", fetch_row) && so.find("mysql_fetch_lengths", fetch_lengths) &&
                so.find("mysql_free_result", free_result) && so.find("mysql_errno", error_number) &&
                so.find("mysql_error", error_text) && so.find("mysql_close", close) &&
                so.find("mysql_get_client_version", client_version) && server_init(0, nullptr, nullptr) == 0;
        if (found) version = client_version();
    }
};

namespace {

constexpr int slice = 200;              // ms after which an interrupt is noticed
constexpr std::size_t flood = 64 << 20; // all answers together are a few hundred KiB

Result<const MysqlApi*> library() {
    static const MysqlApi api; // the library wants to be prepared once, before threads use it
    if (!api.found)
        return library_missing("libmariadb", {"which asks MySQL and MariaDB", "用于检查 MySQL 和 MariaDB"},
                               "libmariadb3");
    return &api;
}

/// Moves what has come. False: that side has ended.
bool fetch(int fd, std::string& into, std::size_t& bytes) {
    char buffer[65536];
    auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n > 0) into.assign(buffer, std::size_t(n)), bytes += std::size_t(n);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

bool deliver(int fd, std::string& from) {
    auto n = ::send(fd, from.data(), from.size(), MSG_NOSIGNAL);
    if (n > 0) from.erase(0, std::size_t(n));
    return n > 0 || errno == EAGAIN || errno == EINTR;
}

} // namespace

Relay::Relay(net::Door door, int far, std::string first, Clock::time_point deadline, const volatile int* stop)
    : door_{std::move(door)}, far_{far}, first_{std::move(first)}, deadline_{deadline}, stop_{stop}, thread_{[this] {
          end_ = carry();
      }} {}

Relay::End Relay::carry() {
    auto accepted = door_.accept(deadline_);
    if (!accepted) return End::late;
    auto near = *std::move(accepted);
    ::fcntl(near.get(), F_SETFL, ::fcntl(near.get(), F_GETFL) | O_NONBLOCK);
    std::string to_near = std::move(first_), to_far;
    std::size_t sent = 0, got = 0;
    for (;;) {
        auto events = [](const std::string& in, const std::string& out) {
            return short((in.empty() ? POLLIN : 0) | (out.empty() ? 0 : POLLOUT));
        };
        pollfd p[] = {{near.get(), events(to_far, to_near), 0}, {far_, events(to_near, to_far), 0}};
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
        // `end_` is set before `near` closes: whoever sees the close must also see why
        if (left <= 0) return end_ = End::late;
        if (stop_ && *stop_) return end_ = End::interrupted;
        wait_for(p, std::chrono::milliseconds{std::min<long long>(left, slice)});
        constexpr short readable = POLLIN | POLLHUP | POLLERR;
        if (to_far.empty() && (p[0].revents & readable) && !fetch(near.get(), to_far, sent)) return End::one_side;
        if (to_near.empty() && (p[1].revents & readable) && !fetch(far_, to_near, got)) return End::one_side;
        if (got > flood) return end_ = End::flooded;
        if (!to_far.empty() && !deliver(far_, to_far)) return End::one_side;
        if (!to_near.empty() && !deliver(near.get(), to_near)) return End::one_side;
    }
}

void MysqlClient::Close::operator()(st_mysql* m) const { api->close(m); }

Result<std::string> MysqlClient::fingerprint_of(const Stream& s) {
    auto api = library();
    if (!api) return api.error();
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    std::unique_ptr<X509, decltype(&::X509_free)> certificate{::SSL_get1_peer_certificate(s.tls()), ::X509_free};
    // the library compares SHA-1 alone before 3.4; a forged twin of a given certificate is out of reach with both
    ::X509_digest(certificate.get(), (*api)->version < 30400 ? ::EVP_sha1() : ::EVP_sha256(), bytes, &size);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02X}", bytes[i]);
    return hex;
}

void MysqlClient::set_options(const Target& t, const std::string& fingerprint, bool trusted) {
    auto* m = my_.get();
    auto set = [&](mysql_option o, const void* value) { api_.options(m, o, value); };
    my_bool no = 0, tls = !fingerprint.empty();
    unsigned off = 0, protocol = MYSQL_PROTOCOL_TCP;
    auto left = std::chrono::duration_cast<std::chrono::seconds>(t.deadline - Clock::now()).count();
    unsigned limit = unsigned(std::max<long long>(left, 0)) + 2; // the relay ends earlier
    set(MYSQL_OPT_PROTOCOL, &protocol);
    for (auto o : {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT}) set(o, &limit);
    set(MYSQL_OPT_LOCAL_INFILE, &off);
    set(MYSQL_OPT_RECONNECT, &no);
    set(MYSQL_SET_CHARSET_NAME, "utf8mb4");
    set(MYSQL_OPT_CONNECT_ATTR_RESET, nullptr); // who asks is not told
    set(MYSQL_OPT_SSL_ENFORCE, &tls);
    set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
        &no); // we have verified it; the library meets it at the door of the loopback address
    if (tls) set(MARIADB_OPT_TLS_PEER_FP, fingerprint.c_str());
    set(MYSQL_DEFAULT_AUTH, "mysql_native_password");
    set(MARIADB_OPT_RESTRICTED_AUTH, trusted
                                         ? "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password"
                                         : "mysql_native_password,client_ed25519");
    set(MYSQL_OPT_CAN_HANDLE_EXPIRED_PASSWORDS, &no);
}

Result<std::unique_ptr<MysqlClient>> MysqlClient::open(std::unique_ptr<Stream> stream, std::string greeting,
                                                       const Target& t, const std::string& fingerprint, bool trusted,
                                                       std::optional<Trouble>& trouble) {
    auto api = library();
    if (!api) return api.error();
    auto door = net::Door::open();
    if (!door) return door.error();
    auto fd = stream->fd();
    std::unique_ptr<MysqlClient> c{new MysqlClient{**api, std::move(stream)}};
    c->relay_ = std::make_unique<Relay>(*std::move(door), fd, std::move(greeting), t.deadline, t.origin.stop);
    c->my_ = {(*api)->init(nullptr), Close{*api}};
    if (!c->my_) throw std::bad_alloc{};
    c->set_options(t, fingerprint, trusted);
    auto* password = t.password ? t.password->reveal().data() : ""; // ends with a zero: a Secret holds a string
    auto* database = t.database.empty() ? nullptr : t.database.c_str();
    if (!(*api)->real_connect(c->my_.get(), "127.0.0.1", t.user.c_str(), password, database,
                              unsigned(c->relay_->port()), nullptr, 0))
        trouble = Trouble{int((*api)->error_number(c->my_.get())), (*api)->error_text(c->my_.get()), c->relay_->end()};
    return c;
}

std::optional<MysqlClient::Trouble> MysqlClient::ask(const std::string& sql, MysqlRow& names, MysqlRows& rows) {
    auto* m = my_.get();
    auto failed = [&] { return Trouble{int(api_.error_number(m)), api_.error_text(m), relay_->end()}; };
    names.clear();
    rows.clear();
    if (api_.real_query(m, sql.data(), static_cast<unsigned long>(sql.size())) != 0) return failed();
    auto* result = api_.store_result(m);
    if (!result) return failed();
    auto columns = api_.num_fields(result);
    auto* fields = api_.fetch_fields(result);
    for (unsigned i = 0; i < columns; ++i) names.emplace_back(fields[i].name, fields[i].name_length);
    while (auto row = api_.fetch_row(result)) {
        auto* sizes = api_.fetch_lengths(result);
        auto& r = rows.emplace_back();
        for (unsigned i = 0; i < columns; ++i)
            r.emplace_back(row[i] ? std::string_view{row[i], sizes[i]} : std::string_view{});
    }
    api_.free_result(result);
    return {};
}

} // namespace imops::client
