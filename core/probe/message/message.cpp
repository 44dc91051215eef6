#include "core/probe/message/message.hpp"

namespace imops::probe {

namespace {
double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }
} // namespace

void Passage::fail(Cause c) {
    if (!failed_) failed_ = std::move(c);
}

void Passage::took(std::string_view phase) {
    auto now = Clock::now();
    times_.emplace_back(phase, seconds(now - phase_));
    if (phase != "accepted") phase_ = now;
}

void Passage::sending() {
    phase_ = Clock::now();
    sent_ = true;
}

void Passage::leaves(Cause c) {
    if (!left_ || left_->code == "nothing") left_ = std::move(c);
}

Told Passage::told(const Service& s) const {
    Told told;
    told["message.login"].text = login_text(failed_ ? failed_->code : "ok", failed_ ? &failed_->error : nullptr);
    if (sent_ || left_)
        told["message.left"].text = login_text(left_ ? left_->code : "nothing", left_ ? &left_->error : nullptr);
    if (failed_) return told;
    auto& time = told["message.time"].text;
    for (auto& [phase, took] : times_) time += fmt::format("{} {:.6f}\n", phase, took);
    time += fmt::format("total {:.6f}\nwithin {}\n", seconds(Clock::now() - begun_), s.within.seconds);
    return told;
}

std::string message_text(std::string_view word) {
    return fmt::format("imops probe {}: a test message, which may be deleted", word);
}

Cause message_lost(const Line& where, std::string_view from, std::string_view to) {
    return {"message_lost",
            say("{}: the server took the message from {}, but {} did not get it in time",
                "{}：服务器已接收 {} 发出的消息，但 {} 未在时限内收到", where, from, to),
            Text{"People lose messages now. Look into the server's log at this minute: is a queue or a worker stuck, "
                 "the database slow, a cluster split? Then try it with two clients.",
                 "此刻用户也在丢消息。请查看服务器这一分钟的日志：是否有队列或工作进程卡住、数据库变慢、集群分裂？再用"
                 "两个客户端实际试发。"}};
}

Cause not_accepted(const Line& where) {
    return {"not_accepted",
            say("{}: both accounts are logged in, but the server did not take the message in time",
                "{}：两个账号都已登录，但服务器未在时限内接收消息", where),
            Text{"The server answers, but cannot work: look at its database (`imops probe --depth deep`, `imops "
                 "preflight`) and into its log at this minute.",
                 "服务器有应答，但无法正常工作：请检查其数据库（`imops probe --depth deep`、`imops "
                 "preflight`），并查看这一分钟的日志。"}};
}

} // namespace imops::probe
