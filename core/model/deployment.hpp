#pragma once
#include "core/base/log.hpp"
#include "core/model/expect.hpp"
#include "core/model/host.hpp"
#include "core/model/message.hpp"
#include "core/model/reader.hpp"
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace imops {

enum class Role { app, db, cache, proxy, media, turn, queue, search, monitor, backup, jump };
enum class Federation { none, small, open };
enum class ServiceType { postgres, mysql, redis, memcached, mongodb, kafka, s3, smtp, turn, http, xmpp, tls, tcp, dns };
/// What a product's probe proves: that the process answers, or that it can do its work.
enum class Depth { shallow, deep };

template <> struct Words<Role> {
    static constexpr std::array<std::pair<std::string_view, Role>, 11> of{{{"app", Role::app},
                                                                           {"db", Role::db},
                                                                           {"cache", Role::cache},
                                                                           {"proxy", Role::proxy},
                                                                           {"media", Role::media},
                                                                           {"turn", Role::turn},
                                                                           {"queue", Role::queue},
                                                                           {"search", Role::search},
                                                                           {"monitor", Role::monitor},
                                                                           {"backup", Role::backup},
                                                                           {"jump", Role::jump}}};
};
template <> struct Words<Federation> {
    static constexpr std::array<std::pair<std::string_view, Federation>, 3> of{
        {{"none", Federation::none}, {"small", Federation::small}, {"open", Federation::open}}};
};
template <> struct Words<ServiceType> {
    static constexpr std::array<std::pair<std::string_view, ServiceType>, 14> of{{{"postgres", ServiceType::postgres},
                                                                                  {"mysql", ServiceType::mysql},
                                                                                  {"redis", ServiceType::redis},
                                                                                  {"memcached", ServiceType::memcached},
                                                                                  {"mongodb", ServiceType::mongodb},
                                                                                  {"kafka", ServiceType::kafka},
                                                                                  {"s3", ServiceType::s3},
                                                                                  {"smtp", ServiceType::smtp},
                                                                                  {"turn", ServiceType::turn},
                                                                                  {"http", ServiceType::http},
                                                                                  {"xmpp", ServiceType::xmpp},
                                                                                  {"tls", ServiceType::tls},
                                                                                  {"tcp", ServiceType::tcp},
                                                                                  {"dns", ServiceType::dns}}};
};
template <> struct Words<LogLevel> {
    static constexpr std::array<std::pair<std::string_view, LogLevel>, 4> of{{{"debug", LogLevel::debug},
                                                                              {"info", LogLevel::info},
                                                                              {"warning", LogLevel::warning},
                                                                              {"error", LogLevel::error}}};
};
template <> struct Words<LogFormat> {
    static constexpr std::array<std::pair<std::string_view, LogFormat>, 2> of{
        {{"text", LogFormat::text}, {"json", LogFormat::json}}};
};
template <> struct Words<Depth> {
    static constexpr std::array<std::pair<std::string_view, Depth>, 2> of{
        {{"shallow", Depth::shallow}, {"deep", Depth::deep}}};
};
template <> struct Words<Transport> {
    static constexpr std::array<std::pair<std::string_view, Transport>, 4> of{{{"auto", Transport::automatic},
                                                                               {"local", Transport::local},
                                                                               {"libssh2", Transport::libssh2},
                                                                               {"openssh", Transport::openssh}}};
};
template <class E> std::string_view word(E e) {
    for (auto& [w, value] : Words<E>::of)
        if (value == e) return w;
    return "";
}

/// How many people, how much they write, how long it is kept.
struct Workload {
    double registered = 0; // accounts
    double concurrent = 0; // on line at the busiest time; 0: a tenth of the registered
    double messages = 0;   // a day, all users together; 0: 40 for each user on line
    Bytes media;           // a day, all users together
    Duration retention{365 * 86400.0};
    Share growth{0}; // more users a year
    Federation federation = Federation::none;
};

/// A component that the application talks to, or (`url` is given) an endpoint that answers somebody.
struct Service {
    std::string name;
    ServiceType type = ServiceType::postgres;
    std::string host;    // name of a host of the deployment, or
    std::string address; // where it is otherwise
    int port = 0;        // 0: the usual one
    std::string via;     // host from which it is asked
    std::string user, database;
    std::string region; // of an S3 store; empty: us-east-1
    SecretRef password;
    std::optional<bool> tls; // not said: whatever the kind of service does by itself
    std::string ca;          // file of the authorities that its certificate is trusted by; empty: the system's
    // of an endpoint
    std::string url, at; // `at`: ADDRESS[:PORT] to connect to instead of the url's
    Expect expect;
    Duration within{0};         // 0: any time
    bool reachable = true;      // no: nobody may get an answer from there
    std::optional<Depth> depth; // of a product's own probe
    std::optional<Account> to;  // of the message: who receives it; `user` sends it
};

/// "I know; it is accepted until then."
struct Waiver {
    Placed<std::string> check;
    std::string host; // empty: all hosts
    std::string reason;
    Date until;
};

/// A site's own opinion on a check.
struct Override {
    Placed<std::string> fail, warn; // expressions instead of the pack's
    std::string level;              // "warn": a failure counts as a warning
    std::string off;                // the reason why it is not judged at all
};

/// The usual port of a kind of service; 0: it has none.
int usual_port(ServiceType);

inline constexpr std::array<std::string_view, 10> service_groups{"postgres", "mysql", "redis", "memcached", "endpoint",
                                                                 "tls",      "turn",  "xmpp",  "smtp",      "message"};
/// The groups of facts that are asked of it: its type, or "endpoint" for what needs no client of its own, and its type
/// beside it where more than the answer is judged; and "tls" where it is spoken. Of the message: "message".
std::vector<std::string_view> groups(const Service&);
/// "NAME", "NAME:PORT", "[::1]:PORT"; `port` stays when none is given. False: not that.
bool split_authority(std::string_view text, std::string& host, int& port);
/// The scheme of a url: "turn" of "turn://im.example.com?transport=tcp".
std::string_view url_scheme(std::string_view url);
/// The value of a key behind the question mark: "tcp" for "transport". Empty: it is not there.
std::string_view url_parameter(std::string_view url, std::string_view key);
/// Whether a port stands in it, which then is meant and no usual one.
bool url_has_port(std::string_view url);
/// What is looked up by "dns:NAME?type=SRV" or "dns://SERVER/NAME?type=SRV".
struct DnsQuestion {
    std::string name, type = "A"; // of dns_types
};
inline constexpr std::array<std::string_view, 8> dns_types{"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"};
DnsQuestion dns_question(std::string_view url);
/// Fills type, address, port and tls from `url`; the address of a DNS question is its server, empty for the servers of
/// this machine. Empty, or why it is no endpoint.
std::optional<Objection> read_url(Service&);

/// Where imops writes what it does.
struct LogWish {
    std::string file; // absolute; empty: nowhere
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    Bytes size{10 << 20};
    int keep = 5;
};

struct Deployment {
    std::string file, text; // where it came from, as it was read
    int format = 1;
    std::string name;
    Placed<std::string> product;
    std::string language; // "", "en" or "zh": of reports
    bool airgap = false;
    std::string domain;             // what stands behind the @ of an account; not given: the first of `names`
    std::string ca;                 // for services and endpoints that name none of their own
    std::vector<std::string> names; // DNS names by which clients reach the service
    Workload workload;
    std::vector<Host> hosts;
    std::vector<Service> services, endpoints;
    std::optional<Placed<MessageProbe>> message;
    std::vector<Waiver> waivers;
    std::map<std::string, Placed<Override>> checks; // by check id
    Settings settings;
    LogWish log;

    const Host* host(std::string_view name) const;
    /// Where a service is: its own address, or that of its host; empty for a DNS question to whatever server this
    /// machine uses.
    const std::string& address(const Service&) const;
    std::vector<const Host*> with_role(std::string_view role) const;
};

/// Names that only the products and packs know; empty lists are not looked at.
struct KnownNames {
    std::vector<std::string> products, checks;
};

/// Reads and validates; all problems of the file are thrown together as one Failure (Code::config).
Deployment parse_deployment(std::string text, std::string file, const KnownNames& = {});
/// The JSON Schema of the same declaration.
nlohmann::ordered_json deployment_schema(Lang);

} // namespace imops
