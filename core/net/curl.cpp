#include "core/net/curl.hpp"
#include "core/base/library.hpp"
#include "core/loop/wait.hpp"
#include "core/net/curl_api.hpp"
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <vector>

namespace imops::net {

namespace {

bool find_all(const Library& so, CurlApi& api) {
    return so.find("curl_global_init", api.global_init) && so.find("curl_version_info", api.version_info) &&
           so.find("curl_easy_init", api.easy_init) && so.find("curl_easy_cleanup", api.easy_cleanup) &&
           so.find("curl_easy_reset", api.easy_reset) && so.find("curl_easy_strerror", api.easy_strerror) &&
           so.find("curl_slist_append", api.slist_append) && so.find("curl_slist_free_all", api.slist_free_all) &&
           so.find("curl_easy_setopt", api.easy_setopt) && so.find("curl_easy_getinfo", api.easy_getinfo) &&
           so.find("curl_multi_init", api.multi_init) && so.find("curl_multi_cleanup", api.multi_cleanup) &&
           so.find("curl_multi_add_handle", api.multi_add_handle) &&
           so.find("curl_multi_remove_handle", api.multi_remove_handle) &&
           so.find("curl_multi_perform", api.multi_perform) && so.find("curl_multi_info_read", api.multi_info_read) &&
           so.find("curl_multi_poll", api.multi_poll);
}

/// libcurl takes a URL; an IPv6 zone (`fe80::1%eth0`) needs its percent sign escaped there.
std::string as_url(const std::string& address, int port) {
    std::string bare = address;
    if (bare.size() > 1 && bare.front() == '[' && bare.back() == ']') bare = bare.substr(1, bare.size() - 2);
    if (bare.find(':') == std::string::npos) return fmt::format("http://{}:{}/", bare, port);
    if (auto zone = bare.find('%'); zone != std::string::npos) bare.insert(zone + 1, "25");
    return fmt::format("http://[{}]:{}/", bare, port);
}

/// A host that loses its power says nothing: ask it, so that the run hears of it after about 20 s instead of at the
/// script's limit.
void watch_link(int fd) {
    auto set = [fd](int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 5);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 20'000);
}

} // namespace

Result<const CurlApi*> curl_api() {
    struct Opened {
        CurlApi api;
        bool is = find_all(Library{"libcurl.so.4"}, api) && api.global_init(CURL_GLOBAL_NOTHING) == CURLE_OK;
    };
    static const Opened opened;
    if (opened.is) return &opened.api;
    return library_missing("libcurl", {"which dials hosts and services", "用于建立连接"}, "libcurl4");
}

Result<std::unique_ptr<Dialler>> Dialler::open() {
    auto api = curl_api();
    if (!api) return api.error();
    auto dialler = std::unique_ptr<Dialler>(new Dialler);
    dialler->api_ = *api;
    dialler->multi_ = (*api)->multi_init();
    return dialler;
}

Dialler::~Dialler() {
    if (multi_) api_->multi_cleanup(static_cast<CURLM*>(multi_));
}

std::unique_ptr<Dial> Dialler::dial(const std::string& address, int port, std::chrono::milliseconds limit) {
    auto dial = std::make_unique<Dial>();
    auto* easy = api_->easy_init();
    auto url = as_url(address, port);
    dial->dialler_ = this;
    dial->easy_ = easy;
    auto set = api_->easy_setopt;
    set(easy, CURLOPT_URL, url.c_str());
    set(easy, CURLOPT_CONNECT_ONLY, 1L);
    set(easy, CURLOPT_PROXY, ""); // like ssh: http_proxy and its relatives are for HTTP
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, long(limit.count()));
    set(easy, CURLOPT_QUICK_EXIT, 1L); // do not wait for a hanging name look-up when giving up
    set(easy, CURLOPT_PRIVATE, dial.get());
    api_->multi_add_handle(static_cast<CURLM*>(multi_), easy);
    ++dialling_;
    return dial;
}

void Dialler::perform() {
    int running = 0, left = 0;
    api_->multi_perform(static_cast<CURLM*>(multi_), &running);
    while (auto* message = api_->multi_info_read(static_cast<CURLM*>(multi_), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        auto* easy = message->easy_handle;
        Dial* dial = nullptr;
        api_->easy_getinfo(easy, CURLINFO_PRIVATE, &dial);
        if (!dial || dial->state_ != Dial::State::dialling) continue;
        --dialling_;
        double looked_up = 0;
        dial->code_ = message->data.result;
        api_->easy_getinfo(easy, CURLINFO_OS_ERRNO, &dial->os_error_);
        api_->easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME, &looked_up);
        dial->resolved_ = looked_up > 0;
        curl_socket_t fd = CURL_SOCKET_BAD;
        if (dial->code_ == CURLE_OK) api_->easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
        if (fd != CURL_SOCKET_BAD) watch_link(fd);
        dial->fd_ = fd;
        dial->state_ = fd == CURL_SOCKET_BAD ? Dial::State::failed : Dial::State::connected;
    }
}

void Dialler::wait(std::span<pollfd> fds, int milliseconds) {
    std::vector<curl_waitfd> extra;
    extra.reserve(fds.size());
    for (auto& f : fds) extra.push_back({f.fd, f.events, 0}); // CURL_WAIT_POLL* have poll's own values
    api_->multi_poll(static_cast<CURLM*>(multi_), extra.data(), unsigned(extra.size()), milliseconds, nullptr);
    // libcurl reports readable and writable but swallows a mere hang-up, on which the loop would spin.
    wait_for(fds, std::chrono::milliseconds{0});
}

Dial::~Dial() {
    if (state_ == State::dialling) --dialler_->dialling_;
    dialler_->api_->multi_remove_handle(static_cast<CURLM*>(dialler_->multi_), static_cast<CURL*>(easy_));
    dialler_->api_->easy_cleanup(static_cast<CURL*>(easy_));
}

Error Dial::error(const Line& where) const { return connect_error({CURLcode(code_), os_error_, resolved_}, where); }

Error connect_error(const Unmade& u, const Line& where) {
    if (u.code == CURLE_COULDNT_RESOLVE_HOST || (u.code == CURLE_OPERATION_TIMEDOUT && !u.resolved))
        return {Code::name_not_found,
                say("{}: the name cannot be resolved", "{}：域名无法解析", where),
                Text{"Check the spelling, /etc/hosts and the DNS server, or give the IP address in imops.yaml.",
                     "请检查拼写、/etc/hosts 和 DNS 服务器，或在 imops.yaml 中直接填写 IP 地址。"},
                {}};
    if (u.os_error == ECONNREFUSED)
        return {
            Code::refused,
            say("{}: connection refused, nothing listens on that port", "{}：连接被拒绝，该端口没有服务监听", where),
            Text{"Check the port in imops.yaml, and on the host's console that sshd runs: systemctl status ssh",
                 "请检查 imops.yaml 中的端口，并在主机控制台确认 sshd 正在运行：systemctl status ssh"},
            {}};
    if (u.code == CURLE_OPERATION_TIMEDOUT || u.os_error == ETIMEDOUT)
        return {Code::timed_out,
                say("{}: no answer to the attempt to connect", "{}：连接无响应", where),
                Text{"Check the address, whether the host is up, and whether a firewall drops packets to that port.",
                     "请检查地址、主机是否开机，以及防火墙是否丢弃了到该端口的数据包。"},
                {}};
    return {Code::unreachable,
            say("{}: cannot be reached: {}", "{}：无法到达：{}", where,
                u.os_error ? std::string(::strerror(int(u.os_error))) : fmt::format("libcurl error {}", int(u.code))),
            Text{"Check the route to that network (ip route get ADDRESS) and the firewalls between.",
                 "请检查到该网络的路由（ip route get 地址）以及途中的防火墙。"},
            {}};
}

} // namespace imops::net
