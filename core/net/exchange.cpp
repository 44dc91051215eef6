#include "core/net/exchange.hpp"
#include <string.h>

namespace imops::net {

/// Standard input stays open, so a shell would wait for more program after the text. With a source, what follows
/// belongs to the script's own commands, and the script itself must exit.
std::string_view Exchange::ending() const {
    if (job_->in) return job_->script.text.ends_with('\n') ? "" : "\n";
    return "\nexit\n";
}

std::string_view Exchange::next() {
    switch (part_) {
    case Part::prefix:
        if (sent_ < prefix_.size()) return std::string_view(prefix_).substr(sent_);
        wipe();
        part_ = Part::script;
        sent_ = 0;
        [[fallthrough]];
    case Part::script:
        if (sent_ < job_->script.text.size()) return std::string_view(job_->script.text).substr(sent_);
        part_ = Part::ending;
        sent_ = 0;
        [[fallthrough]];
    case Part::ending:
        if (sent_ < ending().size()) return ending().substr(sent_);
        part_ = Part::feed;
        sent_ = 0;
        [[fallthrough]];
    case Part::feed: break;
    }
    if (feed_.empty() && !closing_ && job_->in) {
        Feed feed = job_->in();
        waiting_ = feed.kind == Feed::wait;
        closing_ = feed.kind == Feed::end;
        if (feed.kind == Feed::data) feed_ = std::move(feed.bytes);
    }
    return std::string_view(feed_).substr(sent_);
}

void Exchange::sent(std::size_t n) {
    sent_ += n;
    moved_ = Clock::now();
    if (part_ == Part::feed && sent_ == feed_.size()) {
        feed_.clear();
        sent_ = 0;
    }
}

void Exchange::received(Stream stream, std::string_view bytes) {
    if (stream == Stream::out) spoke_ = true;
    moved_ = Clock::now();
    if (job_->out && job_->out(stream, bytes) == Room::full) full_ = true;
}

bool Exchange::has_room(Clock::time_point now) {
    if (full_) moved_ = now;
    full_ = full_ && !job_->out.has_room();
    return !full_;
}

Clock::time_point Exchange::deadline() const {
    auto& limit = job_->script.limit;
    auto end = Clock::time_point::max();
    if (begun_ == end) return end;
    if (limit.total) end = begun_ + *limit.total;
    if (limit.silence && !full_) end = std::min(end, moved_ + *limit.silence);
    return end;
}

Error Exchange::too_late(const Line& where) const {
    auto seconds = [](std::chrono::milliseconds ms) { return double(ms.count()) / 1000; };
    auto& limit = job_->script.limit;
    if (limit.total && Clock::now() >= begun_ + *limit.total)
        return {Code::timed_out,
                say("{}: the script did not end in {} s", "{}：脚本在 {} 秒内未结束", where, seconds(*limit.total)),
                Text{"Raise the limit, or look at the load of the host.", "请调大时限，或检查主机负载。"},
                {}};
    return {Code::timed_out,
            say("{}: the script was silent for {} s", "{}：脚本 {} 秒没有任何动静", where,
                seconds(limit.silence.value_or(std::chrono::milliseconds{0}))),
            Text{"Look on the host at what it waits for: a lock, a disk, a service that does not answer?",
                 "请在主机上查看它在等待什么：锁、磁盘，还是没有应答的服务？"},
            {}};
}

Result<Exit> Exchange::ended(int status, const Line& where) const {
    if ((status == 126 || status == 127) && !spoke_)
        return Error{Code::no_shell,
                     say("{}: sh could not be started there (status {})", "{}：无法在该主机上启动 sh（状态码 {}）",
                         where, status),
                     Text{"Log in by hand with the same user and run: sh -s. The log-in shell or a forced command of "
                          "the key may forbid it.",
                          "请用同一用户手工登录并执行：sh -s。登录 shell 或密钥的强制命令（command=）可能禁止了它。"},
                     {}};
    return Exit{status};
}

void Exchange::wipe() {
    ::explicit_bzero(prefix_.data(), prefix_.size());
    prefix_.clear();
}

} // namespace imops::net
