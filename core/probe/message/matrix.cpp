#include "core/base/string.hpp"
#include "core/client/matrix/homeserver.hpp"
#include "core/client/scram.hpp"
#include "core/probe/message/message.hpp"
#include <algorithm>
#include <nlohmann/json.hpp>

namespace imops::probe {

using nlohmann::json;

namespace {

constexpr auto client = "/_matrix/client/v3";
constexpr auto memory = "imops.probe"; // the sender's account data: which room it was last time

struct Login {
    std::string id;                      // "@alice:im.example.org"
    std::optional<Secret> authorization; // none: not logged in
};

/// Both accounts, the room of theirs, and the message in it.
class MatrixPassage {
    const Target& target_;
    Passage passage_;
    Homeserver server_;
    Login from_, to_;
    std::string room_, word_ = random_word(8), event_, since_;
    MatrixReply reply_; // the last one

    bool fail(Cause c) {
        passage_.fail(std::move(c));
        return false;
    }
    /// Asks, and has an answer of status 200, unless it `may` be otherwise.
    bool ask(const Login& as, const char* method, const std::string& path, const std::string& body, const Line& what,
             bool may = false) {
        if (auto wrong =
                server_.ask(method, client + path, as.authorization ? &*as.authorization : nullptr, body, reply_))
            return fail(std::move(*wrong));
        return reply_.ok() || may || fail(server_.refused(reply_, what));
    }
    std::string in_room(std::string_view rest) const {
        return fmt::format("/rooms/{}{}", percent_escaped(room_), rest);
    }

    bool log_in(Login& login, const std::string& user, const Secret& password) {
        auto account = say("{} at {}", "{}（{}）", user, server_.where());
        Secret body{json{{"type", "m.login.password"},
                         {"identifier", {{"type", "m.id.user"}, {"user", user}}},
                         {"password", password.reveal()},
                         {"device_id", "imops-probe"},
                         {"initial_device_display_name", "imops probe"}}
                        .dump(-1, ' ', false, json::error_handler_t::replace),
                    "login"};
        if (auto wrong = server_.ask("POST", fmt::format("{}/login", client), nullptr, body.reveal(), reply_))
            return fail(std::move(*wrong));
        if (!reply_.ok()) {
            auto refused = login_refused(reply_, account);
            return fail(refused ? std::move(*refused) : server_.refused(reply_, Text{"the log-in fails", "登录失败"}));
        }
        login.id = reply_.text("user_id");
        login.authorization.emplace("Bearer " + reply_.text("access_token"), "login");
        if (!login.id.empty()) return true;
        reply_.body = nullptr;
        return fail(server_.refused(reply_, Text{"the log-in fails", "登录失败"}));
    }

    /// The room of last time, when both are still in it.
    bool find_room() {
        auto path = fmt::format("/user/{}/account_data/{}", percent_escaped(from_.id), memory);
        if (!ask(from_, "GET", path, {}, {}, true)) return false;
        room_ = reply_.ok() ? reply_.text("room_id") : std::string{};
        if (room_.empty()) return true;
        if (!ask(from_, "GET", in_room("/joined_members"), {}, {}, true)) return false;
        bool both = reply_.ok() && reply_.body->contains("joined") && (*reply_.body)["joined"].contains(from_.id) &&
                    (*reply_.body)["joined"].contains(to_.id);
        if (!both) room_.clear();
        return true;
    }

    bool make_room() {
        json wanted{{"preset", "trusted_private_chat"},
                    {"is_direct", true},
                    {"name", "imops probe"},
                    {"invite", {to_.id}},
                    {"creation_content", {{"m.federate", false}}}};
        if (!ask(from_, "POST", "/createRoom", wanted.dump(),
                 Text{"no room can be made for the message", "无法为消息建立房间"}))
            return false;
        room_ = reply_.text("room_id");
        if (!ask(to_, "POST", in_room("/join"), "{}",
                 Text{"the receiver cannot join the room", "接收账号无法加入房间"}))
            return false;
        return ask(from_, "PUT", fmt::format("/user/{}/account_data/{}", percent_escaped(from_.id), memory),
                   json{{"room_id", room_}}.dump(), Text{"the room cannot be remembered", "无法记住该房间"});
    }

    bool sync(long long milliseconds) {
        json nothing{{"types", json::array()}};
        json filter{{"presence", nothing},
                    {"account_data", nothing},
                    {"room",
                     {{"rooms", {room_}},
                      {"timeline", {{"limit", 10}}},
                      {"state", nothing},
                      {"ephemeral", nothing},
                      {"account_data", nothing}}}};
        auto path = fmt::format("/sync?filter={}&set_presence=offline&timeout={}{}", percent_escaped(filter.dump()),
                                milliseconds, since_.empty() ? "" : "&since=" + percent_escaped(since_));
        if (auto wrong = server_.ask("GET", client + path, &*to_.authorization, {}, reply_)) {
            if (wrong->code == name(Code::timed_out) && !since_.empty())
                return fail(message_lost(server_.where(), from_.id, to_.id));
            return fail(std::move(*wrong));
        }
        if (reply_.ok() && !(since_ = reply_.text("next_batch")).empty()) return true;
        auto why = server_.refused(reply_, Text{"the receiver cannot synchronise", "接收账号无法同步"});
        if (why.code == "not_allowed" || why.code == "server_error") why.code = "sync_failed";
        return fail(std::move(why));
    }

    bool arrived() const {
        json::json_pointer at{"/rooms/join"};
        if (!reply_.body || !reply_.body->contains(at) || !(*reply_.body)[at].contains(room_)) return false;
        auto& room = (*reply_.body)[at][room_];
        json::json_pointer events{"/timeline/events"};
        if (!room.contains(events) || !room[events].is_array()) return false;
        return std::ranges::any_of(
            room[events], [&](auto& e) { return e.is_object() && e.contains("event_id") && e["event_id"] == event_; });
    }

    /// The server may have stored the message all the same.
    void unanswered(Cause why) {
        passage_.leaves(
            {"unknown",
             say("whether the message is in the room {} is not known", "不清楚消息是否已写入房间 {}",
                 one_line(room_, 100)),
             Text{"It is one line of text that says what it is, and may be deleted with one of the two accounts.",
                  "如已写入，也只是一行说明自身用途的文本，可用其中一个账号删除。"}});
        passage_.fail(why.code == name(Code::timed_out) ? not_accepted(server_.where()) : std::move(why));
    }

    void deliver() {
        if (!sync(0)) return;
        passage_.sending();
        auto body =
            json{{"msgtype", "m.notice"}, {"body", message_text(word_)}}.dump(); // a notice: no push, no bot answers
        if (auto wrong = server_.ask("PUT", client + in_room("/send/m.room.message/imops-" + word_),
                                     &*from_.authorization, body, reply_))
            return unanswered(std::move(*wrong));
        event_ = reply_.text("event_id");
        if (!reply_.ok() || event_.empty())
            return passage_.fail(server_.refused(reply_, Text{"the message is not accepted", "消息未被接收"}));
        passage_.took("accepted");
        for (bool first = true; first || !arrived(); first = false) {
            if (!first) server_.pause(0.05); // a server that does not wait for news is not to be asked without end
            auto left = std::chrono::duration_cast<std::chrono::milliseconds>(server_.end() - Clock::now()).count();
            if (left < 100) return passage_.fail(message_lost(server_.where(), from_.id, to_.id));
            if (!sync(left - 50)) return;
        }
        passage_.took("delivered");
    }

    void redact() {
        auto wrong = server_.ask(
            "PUT", client + in_room(fmt::format("/redact/{}/imops-redact-{}", percent_escaped(event_), word_)),
            &*from_.authorization, "{}", reply_);
        if (!wrong && reply_.ok())
            return passage_.leaves({"nothing",
                                    say("the text is taken back; the probe's own room {} and an empty event in it stay",
                                        "正文已撤回；保留探测专用房间 {} 及其中的一个空事件", one_line(room_, 100)),
                                    {}});
        passage_.leaves(
            {"not_redacted",
             say("the message stays in the room {} of the two accounts, it could not be taken back",
                 "消息仍留在两个账号的房间 {} 中，未能撤回", one_line(room_, 100)),
             Text{"It is one line of text that says what it is. Delete it with one of the two accounts; the next probe "
                  "tries again with its own message.",
                  "留下的是一行说明自身用途的文本，可用其中一个账号删除；下次探测会重新发送并撤回自己的消息。"}});
    }

    void log_out(const Login& login) {
        if (!login.authorization) return;
        auto wrong = server_.ask("POST", fmt::format("{}/logout", client), &*login.authorization, "{}", reply_);
        if (wrong || !reply_.ok())
            passage_.leaves({"session",
                             say("{} could not be logged out: its session imops-probe stays",
                                 "{} 未能退出登录：会话 imops-probe 仍然有效", login.id),
                             Text{"The next log-in of the probe replaces it. To end it now, remove the device "
                                  "imops-probe of that account.",
                                  "下次探测登录时会替换它。要立即结束，请在该账号中删除设备 imops-probe。"}});
    }

  public:
    MatrixPassage(const Target& t, net::Http http)
        : target_{t}, server_{t, std::move(http), Passage::without_cleanup(t.deadline)} {}

    Told run() {
        auto& s = *target_.service;
        auto to_password = s.to->password.read();
        if (!to_password)
            passage_.fail(to_password.error());
        else if (log_in(from_, s.user, *target_.password) && log_in(to_, s.to->user, *to_password)) {
            passage_.took("login");
            if (find_room() && (!room_.empty() || make_room())) {
                passage_.took("room");
                deliver();
            }
        }
        server_.end_at(target_.deadline);
        if (!event_.empty()) redact();
        log_out(from_);
        log_out(to_);
        if (passage_.ok()) passage_.took("cleanup");
        return passage_.told(s);
    }
};

} // namespace

Told message_by_matrix(const Target& t) {
    auto http = net::Http::open();
    if (http) return MatrixPassage{t, *std::move(http)}.run();
    Passage p;
    p.fail(http.error());
    return p.told(*t.service);
}

} // namespace imops::probe
