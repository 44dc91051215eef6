#include "core/client/matrix/homeserver.hpp"
#include "core/base/string.hpp"
#include "core/client/http_words.hpp"
#include "core/loop/wait.hpp"
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

namespace imops::client {

using nlohmann::json;

namespace {

std::chrono::milliseconds left(Clock::time_point deadline) {
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()),
                    std::chrono::milliseconds{1});
}

Cause rate_limited(const Line& where, double seconds) {
    return {"rate_limited",
            say("{}: the server asks to come again after {} s, later than there is time for",
                "{}：服务器要求 {} 秒后再试，超出时限", where, seconds),
            Text{"Ask less often (`--watch`), or give the probe's accounts a limit of their own: Synapse `rc_login`, "
                 "`rc_message`, and the admin API's `override_ratelimit`.",
                 "请降低探测频率（`--watch`），或为探测账号单独设置限额：Synapse 的 `rc_login`、`rc_message`，以及管理 "
                 "API 的 `override_ratelimit`。"}};
}

Cause store_broken(const Line& where, const Line& what, int status) {
    return {"store_broken",
            say("{}: {}: HTTP {}, while its health page says it is well: the process answers, but cannot store: look "
                "at its database",
                "{}：{}：HTTP {}，而健康检查页仍显示正常：进程有应答，但无法存储：请检查其数据库", where, what, status),
            Text{"Is PostgreSQL up, its disk not full, its connections not used up, and can the server log in there? "
                 "`imops preflight` asks the database itself; homeserver.log names the error.",
                 "PostgreSQL 是否在运行、磁盘是否已满、连接是否用尽、服务器能否登录？`imops preflight` "
                 "会直接检查数据库；homeserver.log 会写明原因。"}};
}

} // namespace

MatrixReply::MatrixReply() = default;
MatrixReply::~MatrixReply() = default;

bool MatrixReply::ok() const { return status == 200 && body; }

std::string MatrixReply::text(const char* key) const {
    auto it = body ? body->find(key) : json::iterator{};
    return body && it != body->end() && it->is_string() ? it->get<std::string>() : std::string{};
}

Line Homeserver::where() const {
    auto& s = *target_.service;
    auto at = s.at.empty() ? Line{s.url, s.url} : say("{} at {}", "{}（经 {}）", s.url, s.at);
    return target_.origin.via ? say("{} from {}", "{}（从 {}）", at, target_.origin.via->name) : at;
}

bool Homeserver::pause(double seconds) const {
    auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{seconds});
    if (end >= until_) return false;
    return pause_until(end, target_.origin.stop);
}

Step Homeserver::ask(const char* method, const std::string& path, const Secret* authorization, std::string_view body,
                     MatrixReply& into) {
    for (;;) {
        net::Request q;
        q.method = method;
        q.url = target_.service->url + path;
        q.headers = {{"Content-Type", "application/json"}};
        q.authorization = authorization;
        q.body = body;
        q.ca = target_.wish.ca;
        q.where = where();
        q.limit = left(until_);
        if (!target_.service->at.empty()) {
            q.at = target_.address;
            q.at_port = target_.port;
        }
        std::optional<net::Tunnel> tunnel;
        if (auto* via = target_.origin.via) {
            auto opened = target_.origin.tunnels->open(*via, target_.address, target_.port, until_);
            if (!opened) return Cause{opened.error()};
            tunnel.emplace(*std::move(opened));
            q.connected = tunnel->fd.get();
            q.limit = left(until_);
        }
        auto answer = http_.fetch(q, target_.origin.stop);
        if (!answer) return Cause{answer.error()};
        auto& r = *answer;
        auto parsed = json::parse(r.body, nullptr, false);
        ::OPENSSL_cleanse(r.body.data(), r.body.size()); // it may hold an access token
        into.status = r.status;
        into.body = parsed.is_object() ? std::make_unique<json>(std::move(parsed)) : nullptr;
        if (r.status != 429) return {};
        double seconds = 1;
        if (into.body && into.body->contains("retry_after_ms") && (*into.body)["retry_after_ms"].is_number())
            seconds = std::clamp((*into.body)["retry_after_ms"].get<double>() / 1000, 0.1, 86400.0);
        if (!pause(seconds)) return rate_limited(where(), seconds);
    }
}

Cause Homeserver::refused(const MatrixReply& r, const Line& what) {
    auto code = r.text("errcode"), said = one_line(r.text("error"), 200);
    if (r.status >= 500 && !code.empty()) { // the homeserver itself says so, and no proxy in front of it
        MatrixReply health;
        if (!ask("GET", "/health", nullptr, {}, health) && health.status == 200)
            return store_broken(where(), what, r.status);
    }
    if (code.empty()) {
        auto& words = status_words(r.status, false);
        if (r.status >= 500)
            return {words.code, say("{}: {}: HTTP {}: {}", "{}：{}：HTTP {}：{}", where(), what, r.status, words.what),
                    say("{}", "{}", words.remedy)};
        return {
            "not_matrix",
            say("{}: {}: what answers is no Matrix homeserver: HTTP {}", "{}：{}：应答的不是 Matrix 服务器：HTTP {}",
                where(), what, r.status),
            Text{"`url` under `message:` is the base address of the client API: `curl -sS URL/_matrix/client/versions` "
                 "must show versions. Does the proxy pass /_matrix on to the homeserver?",
                 "`message:` 下的 `url` 是客户端 API 的根地址：`curl -sS URL/_matrix/client/versions` "
                 "应列出版本。代理是否把 /_matrix 转发到了 Matrix 服务器？"}};
    }
    return {r.status >= 500 ? "server_error" : "not_allowed",
            say("{}: {}: HTTP {}: {} {}", "{}：{}：HTTP {}：{} {}", where(), what, r.status, one_line(code, 60), said),
            Text{"Look into the homeserver's log at this minute; a module or a rule (spam checker, invite rules) may "
                 "stop the probe's accounts.",
                 "请查看 Matrix 服务器这一分钟的日志；也可能是模块或规则（反垃圾、邀请限制）拦截了探测账号。"}};
}

std::optional<Cause> login_refused(const MatrixReply& r, const Line& account) {
    auto code = r.text("errcode"), said = one_line(r.text("error"), 200);
    if (code == "M_FORBIDDEN")
        return Cause{
            "password_wrong", say("{}: account or password is wrong", "{}：账号或密码错误", account),
            Text{"The server does not say which. Compare the password with the one referred to in imops.yaml; in the "
                 "server's admin API `/_synapse/admin/v2/users/@NAME:DOMAIN` shows whether the account exists.",
                 "服务器不会说明是哪一个。请核对 imops.yaml 所引用的密码；管理 API "
                 "`/_synapse/admin/v2/users/@账号:域名` 可查看账号是否存在。"}};
    if (code == "M_USER_DEACTIVATED" || code == "M_USER_LOCKED" || code == "M_USER_SUSPENDED")
        return Cause{
            "account_disabled", say("{}: the account is deactivated: {}", "{}：账号已停用：{}", account, code),
            Text{"Activate it again, or make another one for the probe.", "请重新启用该账号，或为探测另建一个。"}};
    if (r.status < 500 && (code == "M_UNKNOWN" || code == "M_INVALID_PARAM"))
        return Cause{
            "no_such_login",
            say("{}: the server does not let anybody in with a password: {}", "{}：服务器不允许使用密码登录：{}",
                account, said),
            Text{"Is `password_config: enabled` off (single sign-on only)? Allow passwords for local accounts, or "
                 "probe with endpoints alone.",
                 "是否关闭了 `password_config: enabled`（仅单点登录）？请允许本地账号使用密码，或只用端点探测。"}};
    return {};
}

} // namespace imops::client
