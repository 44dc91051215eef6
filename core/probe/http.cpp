#include "core/probe/http.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/client/http_words.hpp"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <re2/re2.h>
#include <strings.h>

namespace imops::probe {

namespace {

std::string base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    text.resize(
        std::size_t(::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                      reinterpret_cast<const unsigned char*>(bytes.data()), int(bytes.size()))));
    return text;
}

std::string random_key() {
    std::string bytes(16, '\0');
    if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), int(bytes.size())) != 1) throw std::bad_alloc{};
    return base64(bytes);
}

/// "https://im.example.org" of a url.
std::string origin(std::string_view url) {
    return std::string{url.substr(0, url.find_first_of("/?#", url.find("://") + 3))};
}

bool has_word(const std::string* value, std::string_view word) { // "keep-alive, Upgrade"
    if (!value) return false;
    return std::ranges::any_of(split(*value, ','), [&](auto w) {
        w = trim(w);
        return w.size() == word.size() && ::strncasecmp(w.data(), word.data(), w.size()) == 0;
    });
}

/// The names by which a header is expected differ in case from how it is sent.
const std::string* expected(const Expect& e, std::string_view name) {
    for (auto& [n, expression] : e.headers)
        if (n.size() == name.size() && ::strncasecmp(n.data(), name.data(), n.size()) == 0) return &expression;
    return nullptr;
}

Error wrong(Line what, Line remedy) { return {Code::remote, std::move(what), std::move(remedy), {}}; }

std::optional<Error> wrong_body(const Expect& e, const net::Response& r, const Line& where) {
    if (e.body.empty() || re2::RE2::PartialMatch(r.body, re2::RE2{e.body, re2::RE2::Quiet})) return {};
    return wrong(
        say("{}: the body does not match {}: {}{}", "{}：响应体与 {} 不匹配：{}{}", where, one_line(e.body, 80),
            r.body.empty() ? Line{Text{"it is empty", "响应体为空"}}
                           : Line{one_line(r.body, 120), one_line(r.body, 120)},
            r.cut ? say(" (only the first {} were read)", "（只读取了前 {}）", show_bytes(double(r.body.size())))
                  : Line{}),
        Text{"Does another service or site answer at this address? `curl -sS URL` shows the whole body; correct the "
             "address, or the expression in `expect`.",
             "该地址是否由另一个服务或站点应答？用 `curl -sS URL` 查看完整内容，再改正地址或 `expect` 中的表达式。"});
}

std::string text_of(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>()
                             : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Error> wrong_json(const Expect& e, const net::Response& r, const Line& where) {
    if (e.json.empty()) return {};
    if (r.cut)
        return wrong(say("{}: the body is too long to be read as JSON: more than {}",
                         "{}：响应体过长，无法作为 JSON 读取：超过 {}", where, show_bytes(double(r.body.size()))),
                     Text{"Choose an address that gives a short answer.", "请改用返回内容较短的地址。"});
    auto body = nlohmann::json::parse(r.body, nullptr, false);
    if (body.is_discarded())
        return wrong(say("{}: the body is no JSON: {}", "{}：响应体不是 JSON：{}", where,
                         r.body.empty() ? Line{Text{"it is empty", "响应体为空"}}
                                        : Line{one_line(r.body, 120), one_line(r.body, 120)}),
                     Text{"Usually the web page of another site, or of the proxy, came instead: compare the path and "
                          "the proxy's location for it. `curl -sS URL` shows the whole body.",
                          "多半是另一个站点或代理自己的网页：请核对路径和代理中对应的 location。用 `curl -sS URL` "
                          "查看完整内容。"});
    for (auto& [pointer, value] : e.json) {
        std::optional<std::string> found;
        try {
            nlohmann::json::json_pointer at{pointer};
            if (body.contains(at)) found = text_of(body[at]);
        } catch (const nlohmann::json::exception&) { // not a pointer after all, such as "/~2": nothing is there
        }
        if (found == value) continue;
        return wrong(say("{}: {} of the JSON is {}, not {}", "{}：JSON 中的 {} 为 {}，而不是 {}", where,
                         one_line(pointer, 80),
                         found ? Line{one_line(*found, 80), one_line(*found, 80)} : Line{Text{"not there", "不存在"}},
                         one_line(value, 80)),
                     Text{"The service answers, but says something else than expected: `curl -sS URL` shows all of it, "
                          "its log why.",
                          "服务有应答，但内容与期望不符：用 `curl -sS URL` 查看完整内容，原因见其日志。"});
    }
    return {};
}

} // namespace

std::string websocket_accept(const std::string& key) {
    auto text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (::EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, ::EVP_sha1(),
                     nullptr) != 1)
        throw std::bad_alloc{};
    return base64(std::string_view{digest}.substr(0, size));
}

std::string root_url(const Target& t) {
    bool v6 = t.address.find(':') != t.address.npos;
    return fmt::format("{}://{}{}{}:{}/", t.tls ? "https" : "http", v6 ? "[" : "", t.address, v6 ? "]" : "", t.port);
}

HttpQuestion::HttpQuestion(const Target& t) : target_{t}, url_{t.service->url} {
    websocket_ = url_.starts_with("ws:") || url_.starts_with("wss:");
    if (websocket_) {
        url_.replace(0, 2, "http");
        key_ = random_key();
    }
    if (url_.empty()) url_ = root_url(t); // a service that is no endpoint
    if (!t.password) return;
    auto password = t.password->reveal();
    credentials_.emplace(t.user.empty() ? fmt::format("Bearer {}", password)
                                        : "Basic " + base64(fmt::format("{}:{}", t.user, password)),
                         t.password->origin());
}

net::Request HttpQuestion::request(std::chrono::milliseconds limit) const {
    net::Request q;
    q.url = url_;
    q.ca = target_.wish.ca;
    q.where = where();
    q.limit = limit;
    q.whole = false;
    q.authorization = credentials_ ? &*credentials_ : nullptr;
    if (!target_.service->at.empty()) {
        q.at = target_.address;
        q.at_port = target_.port;
    }
    if (!websocket_) return q;
    q.http1 = true; // over HTTP/2 an upgrade is something else (RFC 8441), which few servers know
    q.headers = {{"Connection", "Upgrade"},
                 {"Upgrade", "websocket"},
                 {"Sec-WebSocket-Version", "13"},
                 {"Sec-WebSocket-Key", key_},
                 {"Origin", origin(url_)}};
    // What is to be chosen must be offered: `expect: {headers: {Sec-WebSocket-Protocol: xmpp}}`.
    auto* protocol = expected(target_.service->expect, "Sec-WebSocket-Protocol");
    if (protocol && re2::RE2::FullMatch(*protocol, "[A-Za-z0-9_.-]+"))
        q.headers.push_back({"Sec-WebSocket-Protocol", *protocol});
    return q;
}

Line HttpQuestion::where() const {
    auto& s = *target_.service;
    auto url = one_line(s.url.empty() ? url_ : s.url, 200);
    auto at = s.at.empty() ? Line{url, url} : say("{} at {}", "{}（经 {}）", url, one_line(s.at, 80));
    return target_.origin.via ? say("{} from {}", "{}（从 {}）", at, target_.origin.via->name) : at;
}

std::optional<Error> HttpQuestion::wrong_upgrade(const net::Response& r) const {
    auto* accept = r.header("Sec-WebSocket-Accept");
    bool upgraded = has_word(r.header("Upgrade"), "websocket") && has_word(r.header("Connection"), "upgrade");
    if (upgraded && accept && *accept == websocket_accept(key_)) return {};
    return wrong(say("{}: says that it upgrades, but not to this WebSocket: {}",
                     "{}：声称已升级，但并不是本次的 WebSocket：{}", where(),
                     !upgraded ? Line{Text{"the headers Upgrade and Connection are not those of a WebSocket",
                                           "Upgrade 和 Connection 响应头不属于 WebSocket"}}
                     : accept  ? Line{Text{"Sec-WebSocket-Accept does not belong to the key that was sent",
                                          "Sec-WebSocket-Accept 与发送的 key 不对应"}}
                               : Line{Text{"Sec-WebSocket-Accept is missing", "缺少 Sec-WebSocket-Accept"}}),
                 Text{"Something between answers for the server: a cache or a proxy that rewrites headers. Ask the "
                      "server itself with `at: ADDRESS:PORT`, then each proxy in front of it.",
                      "中间有设备代替服务器应答：缓存，或会改写响应头的代理。请用 `at: 地址:端口` "
                      "直接访问服务器，再逐层检查前面的代理。"});
}

std::optional<Error> HttpQuestion::wrong_headers(const net::Response& r) const {
    for (auto& [name, expression] : target_.service->expect.headers) {
        re2::RE2 re{expression, re2::RE2::Quiet};
        bool there = false, matches = false;
        std::string last;
        for (auto& h : r.headers)
            if (h.name.size() == name.size() && ::strncasecmp(h.name.data(), name.data(), name.size()) == 0) {
                there = true;
                matches = matches || re2::RE2::PartialMatch(h.value, re);
                last = h.value;
            }
        if (matches) continue;
        auto shown = one_line(name, 60);
        return wrong(there
                         ? say("{}: the header {} is {}, which does not match {}", "{}：响应头 {} 为 {}，与 {} 不匹配",
                               where(), shown, one_line(last, 120), one_line(expression, 80))
                         : say("{}: the header {} is missing", "{}：缺少响应头 {}", where(), shown),
                     Text{"Set it where the answer is made: `add_header NAME VALUE always;` in nginx (a location with "
                          "an `add_header` of its own inherits none), `http-response set-header` in HAProxy, or the "
                          "service's own setting.",
                          "请在生成应答之处设置：nginx 的 `add_header 名称 值 always;`（location 中只要写了 add_header "
                          "就不再继承上层的），HAProxy 的 `http-response set-header`，或服务自身的配置。"});
    }
    return {};
}

void HttpQuestion::judge(const net::Response& r, Answer& answer) const {
    auto& s = *target_.service;
    auto& e = s.expect;
    auto listed = [&] { return std::ranges::find(e.status, r.status) != e.status.end(); };
    if (!s.reachable) { // a server that refuses everybody hides what is behind it; whatever else it says, it was
                        // reached
        if (e.status.empty() ? r.status == 401 || r.status == 403 || r.status == 404 : listed())
            answer.fail("hidden", wrong({}, {}));
        return;
    }
    bool fine = e.status.empty() ? (websocket_ ? r.status == 101 : r.status >= 200 && r.status <= 299) : listed();
    if (!fine) {
        auto& words = status_words(r.status, websocket_);
        auto* to = r.header("Location");
        auto leads = r.status >= 300 && r.status <= 399 && to ? say(" to {}", "到 {}", one_line(*to, 200)) : Line{};
        answer.fail(std::string{words.code},
                    wrong(say("{}: HTTP {}: {}{}", "{}：HTTP {}：{}{}", where(), r.status, words.what, leads),
                          say("{}", "{}", words.remedy)));
    } else if (auto upgrade = r.status == 101 ? wrong_upgrade(r) : std::nullopt)
        answer.fail("no_upgrade", *std::move(upgrade));
    else if (auto header = wrong_headers(r))
        answer.fail("header_wrong", *std::move(header));
    else if (auto body = wrong_body(e, r, where()))
        answer.fail("body_wrong", *std::move(body));
    else if (auto json = wrong_json(e, r, where()))
        answer.fail("json_wrong", *std::move(json));
}

Told HttpQuestion::told(const Result<net::Response>& result) const {
    Answer answer;
    if (!result) {
        auto e = result.error();
        // Nothing was said to who asked: `return 444;` of nginx.
        if (!target_.service->reachable && e.code == Code::lost)
            answer.fail("hidden", std::move(e));
        else
            answer.fail(std::move(e));
        return answer.told(*target_.service);
    }
    auto& r = *result;
    answer.seen(
        fmt::format("HTTP {}, {}{}, {}", r.status, r.cut ? "> " : "", show_bytes(double(r.body.size())), r.version));
    tell_times(r, answer);
    judge(r, answer);
    return answer.told(*target_.service);
}

void tell_times(const net::Response& r, Answer& answer) {
    for (auto [phase, seconds] : {std::pair{"resolve", r.took.resolve},
                                  {"connect", r.took.connect},
                                  {"tls", r.took.tls},
                                  {"first", r.took.first},
                                  {"total", r.took.total}})
        if (seconds > 0) answer.took(phase, seconds);
}

Result<net::Response> fetch(const Target& t, net::Request q) {
    std::optional<net::Tunnel> tunnel;
    if (t.origin.via) {
        auto opened = t.origin.tunnels->open(*t.origin.via, t.address, t.port, t.deadline);
        if (!opened) return opened.error();
        q.connected = tunnel.emplace(*std::move(opened)).fd.get();
    }
    q.limit = std::chrono::duration_cast<std::chrono::milliseconds>(t.deadline - Clock::now());
    return net::fetch(q, t.origin.stop);
}

Told ask_http(const Target& t) {
    HttpQuestion question{t};
    return question.told(fetch(t, question.request({})));
}

void ask_http(const std::vector<Target>& targets, std::chrono::milliseconds limit,
              const std::function<void(std::size_t, Told)>& done) {
    std::map<std::size_t, HttpQuestion> open; // those on their way
    auto http = net::Http::open();
    if (!http) {
        for (std::size_t i = 0; i < targets.size(); ++i) done(i, HttpQuestion{targets[i]}.told(http.error()));
        return;
    }
    (*http).run(
        targets.size(), [&](std::size_t i) { return open.try_emplace(i, targets[i]).first->second.request(limit); },
        [&](std::size_t i, Result<net::Response> answer) {
            auto it = open.find(i); // none: interrupted before it was asked
            auto told = it == open.end() ? HttpQuestion{targets[i]}.told(answer) : it->second.told(answer);
            if (it != open.end()) open.erase(it);
            done(i, std::move(told));
        },
        targets.empty() ? nullptr : targets.front().origin.stop);
}

} // namespace imops::probe
