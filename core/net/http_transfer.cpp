#include "core/net/http_transfer.hpp"
#include <algorithm>
#include <openssl/evp.h>
#include <strings.h>

namespace imops::net {

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

/// "im.example.org:443" of a url; empty: it is none of http or https.
std::string authority(std::string_view url) {
    bool tls = url.starts_with("https://");
    if (!tls && !url.starts_with("http://")) return {};
    url.remove_prefix(tls ? 8 : 7);
    std::string found{url.substr(0, url.find_first_of("/?#"))};
    if (auto colon = found.rfind(':'); colon == found.npos || found.find(']', colon) != found.npos)
        found += tls ? ":443" : ":80";
    return found;
}

std::string bracketed(const std::string& address) {
    return address.find(':') == address.npos || address.starts_with('[') ? address : '[' + address + ']';
}

bool token(std::string_view s) {
    return !s.empty() && std::ranges::all_of(s, [](unsigned char c) {
        return std::isalnum(c) || std::string_view{"!#$%&'*+-.^_`|~"}.find(char(c)) != std::string_view::npos;
    });
}
bool one_value(std::string_view s) {
    return std::ranges::none_of(s, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

} // namespace

namespace {

extern "C" { // what libcurl calls
using Taken = std::size_t (*)(char*, std::size_t, std::size_t, void*);
using Socket = curl_socket_t (*)(void*, curlsocktype, curl_sockaddr*);
using Option = int (*)(void*, curl_socket_t, curlsocktype);
using Closed = int (*)(void*, curl_socket_t);
}

} // namespace

std::optional<Error> Http::Transfer::prepare() {
    auto host = authority(asked.url);
    where = asked.where;
    if (where.empty()) where = asked.at.empty() ? Line{host, host} : say("{} at {}", "{}（经 {}）", host, asked.at);
    auto refuse = [&](Line what) {
        return Error{Code::config,
                     std::move(what),
                     Text{"Correct url or headers; they hold no line breaks and no control characters.",
                          "请改正 url 或请求头，其中不能有换行和控制字符。"},
                     {}};
    };
    if (host.empty() || !one_value(asked.url))
        return refuse(say("'{}' is no http or https url", "'{}' 不是 http 或 https 的 url", one_line(asked.url, 80)));
    if (!token(asked.method))
        return refuse(say("'{}' is no method of HTTP", "'{}' 不是 HTTP 方法", one_line(asked.method, 20)));
    for (auto& [name, value] : asked.headers) {
        if (!token(name) || !one_value(value))
            return refuse(say("the header {} cannot be sent", "请求头 {} 无法发送", one_line(name, 40)));
        headers.add(value.empty() ? name + ';' : name + ": " + value);
    }
    if (asked.authorization) {
        if (!one_value(asked.authorization->reveal()))
            return refuse(say("the secret for Authorization ({}) holds a line break",
                              "用于 Authorization 的密钥（{}）含有换行", asked.authorization->origin()));
        std::string line = "Authorization: ";
        line.reserve(line.size() + asked.authorization->reveal().size());
        line += asked.authorization->reveal();
        headers.add(line);
        ::OPENSSL_cleanse(line.data(), line.size());
    }
    if (!asked.body.empty()) headers.add("Expect:"); // no waiting for a "100 Continue"
    if (asked.connected >= 0)
        connect_to.add("::127.0.0.1:9"); // an address, so that nothing is looked up; nobody dials it
    else if (!asked.at.empty())
        connect_to.add(
            fmt::format("{}:{}:{}", host, bracketed(asked.at), asked.at_port ? std::to_string(asked.at_port) : ""));
    return {};
}

std::optional<Error> Http::Transfer::set_key() {
    auto& key = asked.s3;
    if (!key.secret) return {};
    if (key.id.empty() || !one_value(key.id) || !one_value(key.secret->reveal()) || !token(key.region))
        return Error{
            Code::config,
            say("{}: the key ({}) or its region cannot be used to sign", "{}：密钥（{}）或其 region 无法用于签名",
                where, key.secret->origin()),
            Text{"They hold no line breaks and no control characters: correct `user`, `region` and the secret.",
                 "其中不能有换行和控制字符：请改正 `user`、`region` 和密钥。"},
            {}};
    auto* libcurl = api->version_info(CURLVERSION_NOW);
    if (libcurl->version_num < 0x075800 ||
        api->easy_setopt(easy, CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:s3", key.region).c_str()) != CURLE_OK)
        return Error{Code::unsupported,
                     say("{}: libcurl {} on this machine cannot sign a question to an S3 store",
                         "{}：本机的 libcurl {} 无法为 S3 请求签名", where, libcurl->version),
                     Text{"It takes 7.88 or newer: run imops on a newer system (Debian 12, Ubuntu 24.04 have it).",
                          "需要 7.88 或更新的版本：请在较新的系统上运行 imops（Debian 12、Ubuntu 24.04 已自带）。"},
                     {}};
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (::EVP_Digest(asked.body.data(), asked.body.size(), digest.data(), &size, ::EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc{};
    headers.add(
        fmt::format("x-amz-content-sha256: {:02x}", fmt::join(digest.begin(), digest.begin() + size,
                                                              ""))); // libcurl 7.88 signs it, but sends none of its own
    std::string secret{key.secret->reveal()};
    api->easy_setopt(easy, CURLOPT_USERNAME, key.id.c_str());
    api->easy_setopt(easy, CURLOPT_PASSWORD, secret.c_str());
    ::OPENSSL_cleanse(secret.data(), secret.size());
    return {};
}

void Http::Transfer::set_connection() {
    auto set = api->easy_setopt;
    if (connect_to.list) set(easy, CURLOPT_CONNECT_TO, connect_to.list);
    set(easy, CURLOPT_PROXY, ""); // those of the environment are not for what is to be looked at
    set(easy, CURLOPT_FRESH_CONNECT, 1L);
    set(easy, CURLOPT_FORBID_REUSE, 1L);
    set(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); // a session that is taken up again verifies nothing
    if (asked.connected < 0) return;
    auto* self = static_cast<void*>(this);
    set(easy, CURLOPT_OPENSOCKETDATA, self);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, Socket{[](void* t, curlsocktype, curl_sockaddr*) -> curl_socket_t {
            auto& transfer = *static_cast<Transfer*>(t);
            return std::exchange(transfer.given, true) ? CURL_SOCKET_BAD : transfer.asked.connected;
        }});
    set(easy, CURLOPT_SOCKOPTFUNCTION,
        Option{[](void*, curl_socket_t, curlsocktype) -> int { return CURL_SOCKOPT_ALREADY_CONNECTED; }});
    set(easy, CURLOPT_CLOSESOCKETFUNCTION, Closed{[](void*, curl_socket_t) -> int { return 0; }});
}

void Http::Transfer::set_all(const std::string& trusted) {
    auto set = api->easy_setopt;
    auto* self = static_cast<void*>(this);
    set(easy, CURLOPT_URL, asked.url.c_str());
    set(easy, CURLOPT_PRIVATE, self);
    set(easy, CURLOPT_ERRORBUFFER, error.data());
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_QUICK_EXIT, 1L); // do not wait for a hanging name look-up when giving up
    set(easy, CURLOPT_TIMEOUT_MS, std::max(1L, long(asked.limit.count())));
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, long(asked.limit.count())));
    set(easy, CURLOPT_USERAGENT, "imops/" IMOPS_VERSION);
    set(easy, CURLOPT_HTTP09_ALLOWED, 1L); // to see who it is that does not speak HTTP
    set(easy, CURLOPT_HTTP_VERSION, long(asked.http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
    set(easy, CURLOPT_SSLVERSION, long(CURL_SSLVERSION_TLSv1_2));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    // With a file alone libcurl reads the authorities once for all questions, which is most of the work otherwise.
    if (auto& file = asked.ca.empty() ? trusted : asked.ca; !file.empty()) {
        set(easy, CURLOPT_CAINFO, file.c_str());
        set(easy, CURLOPT_CAPATH, nullptr);
    }
    // A libcurl that cannot be kept to these protocols (before 7.85) follows nothing.
    bool kept = set(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
                set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
    set(easy, CURLOPT_FOLLOWLOCATION, long(asked.redirects > 0 && kept));
    set(easy, CURLOPT_MAXREDIRS, long(asked.redirects));
    if (asked.method == "HEAD")
        set(easy, CURLOPT_NOBODY, 1L);
    else if (!asked.body.empty()) {
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(asked.body.size()));
        set(easy, CURLOPT_POSTFIELDS, asked.body.data());
    }
    if (asked.method != "GET" || !asked.body.empty()) set(easy, CURLOPT_CUSTOMREQUEST, asked.method.c_str());
    if (headers.list) set(easy, CURLOPT_HTTPHEADER, headers.list);
    set(easy, CURLOPT_HEADERDATA, self);
    set(easy, CURLOPT_HEADERFUNCTION, Taken{[](char* data, std::size_t, std::size_t n, void* t) -> std::size_t {
            return static_cast<Transfer*>(t)->on_header({data, n});
        }});
    set(easy, CURLOPT_WRITEDATA, self);
    set(easy, CURLOPT_WRITEFUNCTION, Taken{[](char* data, std::size_t, std::size_t n, void* t) -> std::size_t {
            return static_cast<Transfer*>(t)->on_body({data, n});
        }});
    set_connection();
}

std::optional<Error> Http::Transfer::begin(Request question, const std::string& trusted) {
    api->easy_reset(easy);
    headers.clear();
    connect_to.clear();
    asked = std::move(question);
    answer = {};
    header_bytes = 0;
    end = End::libcurl;
    given = false;
    error[0] = '\0';
    if (auto e = prepare()) return e;
    if (auto e = set_key()) return e;
    set_all(trusted);
    if (api->multi_add_handle(multi, easy) != CURLM_OK) throw std::bad_alloc{};
    return {};
}

Failed Http::Transfer::how(CURLcode code) {
    Failed f;
    f.code = code;
    api->easy_getinfo(easy, CURLINFO_OS_ERRNO, &f.os_error);
    api->easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &f.verify);
    f.resolved = seconds(CURLINFO_NAMELOOKUP_TIME_T) > 0;
    long port = 0; // CURLINFO_CONNECT_TIME is not told until TLS is there
    api->easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
    f.connected = port > 0;
    f.encrypted = seconds(CURLINFO_APPCONNECT_TIME_T) > 0;
    f.tls = asked.url.starts_with("https://");
    f.body = answer.body.size();
    f.status = answer.status;
    f.detail = error[0] ? error.data() : api->easy_strerror(code);
    f.ca = asked.ca;
    return f;
}

Result<Response> Http::Transfer::finish(CURLcode code) {
    switch (end) {
    case End::libcurl:
        if (code != CURLE_OK) return http_error(how(code), where);
        break;
    case End::stranger: return not_http(where, answer.body);
    case End::headers: return long_headers(where);
    case End::cut:
        if (asked.whole) return long_body(where, asked.body_limit);
        break;
    case End::upgraded: break;
    }
    const char* url = nullptr;
    long version = 0;
    api->easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    api->easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (url) answer.url = url;
    answer.version = version == CURL_HTTP_VERSION_1_0   ? "HTTP/1.0"
                     : version == CURL_HTTP_VERSION_1_1 ? "HTTP/1.1"
                                                        : "HTTP/2";
    auto resolved = seconds(CURLINFO_NAMELOOKUP_TIME_T), connected = seconds(CURLINFO_CONNECT_TIME_T),
         encrypted = seconds(CURLINFO_APPCONNECT_TIME_T);
    auto& took = answer.took;
    took = {resolved, connected - resolved, encrypted > 0 ? encrypted - connected : 0,
            seconds(CURLINFO_STARTTRANSFER_TIME_T) - std::max(connected, encrypted), seconds(CURLINFO_TOTAL_TIME_T)};
    return std::move(answer);
}

} // namespace imops::net
