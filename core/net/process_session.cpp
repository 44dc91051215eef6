#include "core/net/process_session.hpp"
#include "core/net/ssh_errors.hpp"
#include <cerrno>
#include <fstream>
#include <unistd.h>

namespace imops::net {

namespace {
constexpr std::chrono::milliseconds drain_limit{500};
constexpr int reads_per_step = 64;
constexpr std::size_t preface_kept = 65536;
} // namespace

void ProcessSession::begin(const Job& job, std::string prefix, Rise rise, Clock::time_point now) {
    exchange_.emplace(job, std::move(prefix));
    since_ = {};
    auto command = remote_command(rise, remote() ? Carrier::openssh : Carrier::local);
    auto child = remote() ? Child::start({"ssh", "-F", config_, "-T", "--", host_.address, command})
                          : Child::start({"/bin/sh", "-c", command});
    deadline_ = now + connect_limit_;
    started_ = !remote();
    if (started_) exchange_->started(now);
    if (child) {
        child_.emplace(*std::move(child));
        return;
    }
    Error error = child.error();
    if (remote())
        error = {Code::unsupported,
                 say("{}: the program ssh is not on this machine", "{}：本机没有 ssh 程序", where_),
                 Text{"Run: apt-get install openssh-client", "执行：apt-get install openssh-client"},
                 {}};
    result_.emplace(std::move(error));
}

bool ProcessSession::step(Clock::time_point now) {
    moved_ = false;
    now_ = now;
    if (result_) return false;
    auto status = child_->status(); // before reading: what it wrote before its end is then there to be read
    feed();
    bool more = exchange_->has_room(now);
    if (!more && status) drained_ = now + drain_limit; // what is still in the pipes is waited for
    for (int i = 0; more && !exchange_->full() && i < reads_per_step; ++i) {
        bool out = read(child_->out, Stream::out), err = read(child_->err, Stream::err);
        more = out || err;
    }
    if (status && drained_ == Clock::time_point::max()) drained_ = now + drain_limit;
    // A helper that the script left behind may hold the pipes open for ever.
    if (status && ((!child_->out && !child_->err) || now >= drained_))
        finish(*status);
    else if (!status && now >= deadline()) {
        auto limit = double(connect_limit_.count()) / 1000;
        fail(started_ ? exchange_->too_late(where_)
                      : Error{Code::timed_out,
                              say("{}: ssh did not log in within {} s", "{}：ssh 在 {} 秒内未完成登录", where_, limit),
                              Text{"Try it by hand with ssh -v; check the load of the host and the firewalls between.",
                                   "请用 ssh -v 手工测试；检查主机负载及途中的防火墙。"},
                              {}});
    }
    return moved_;
}

Wants ProcessSession::wants() const {
    Wants wants;
    wants.at(drained_);
    wants.ask(*exchange_);
    if (!child_) return wants;
    if (drained_ == Clock::time_point::max()) {
        wants.at(deadline());
        wants.fd(child_->ending(), POLLIN);
    }
    for (auto* fd : {&child_->out, &child_->err})
        if (*fd && !exchange_->full()) wants.fd(fd->get(), POLLIN);
    if (blocked_) wants.fd(child_->in.get(), POLLOUT);
    return wants;
}

void ProcessSession::feed() {
    blocked_ = false;
    while (child_->in) {
        auto bytes = exchange_->next();
        if (bytes.empty()) break;
        auto n = ::write(child_->in.get(), bytes.data(), bytes.size());
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            blocked_ = true;
            return;
        }
        if (n < 0) return child_->in.close(); // the shell closed its input: its status tells the rest
        exchange_->sent(std::size_t(n));
        moved_ = true;
    }
    if (exchange_->closes()) child_->in.close();
}

/// True if there may be more.
bool ProcessSession::read(Fd& from, Stream stream) {
    if (!from) return false;
    char buffer[65536];
    auto n = ::read(from.get(), buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    moved_ = true;
    if (n <= 0) {
        from.close();
        return false;
    }
    received(stream, {buffer, std::size_t(n)});
    return true;
}

/// Standard error of ssh is its own until started_mark, and the script's from there on.
void ProcessSession::received(Stream stream, std::string_view bytes) {
    if (stream == Stream::out || !remote()) return exchange_->received(stream, bytes);
    if (!started_) {
        preface_.append(bytes);
        auto mark = preface_.starts_with(started_mark) ? 0 : preface_.find("\n" + std::string(started_mark));
        if (mark == preface_.npos) {
            if (preface_.size() > preface_kept) preface_.erase(0, preface_.size() - preface_kept / 2);
            return;
        }
        started_ = true;
        connected("openssh");
        exchange_->started(now_);
        std::string rest = preface_.substr(mark + (mark ? 1 : 0) + started_mark.size());
        if (!rest.empty()) received(stream, rest);
        return;
    }
    exchange_->received(stream, bytes);
}

void ProcessSession::finish(int status) {
    moved_ = true;
    if (remote() && status == 255 && !started_) {
        std::ifstream jump(config_ + ".err", std::ios::binary);
        std::string said{std::istreambuf_iterator<char>(jump), {}};
        result_.emplace(read_ssh_error(said + preface_, host_, where_));
    } else if (remote() && status == 255)
        result_.emplace(Error{Code::lost,
                              say("{}: the connection ended in the middle", "{}：连接中途断开", where_),
                              Text{"Check whether the host restarted, and the network; then run it again.",
                                   "请检查主机是否重启以及网络状况，然后重试。"},
                              {}});
    else if (remote() && !started_ && status != 126 && status != 127)
        result_.emplace(Error{Code::no_shell,
                              say("{}: the server ran something else than sh, and it ended at once",
                                  "{}：服务器执行的不是 sh，且已立即结束", where_),
                              Text{"Look for ForceCommand in its sshd_config and for command= in its authorized_keys.",
                                   "请检查其 sshd_config 的 ForceCommand 和 authorized_keys 中的 command=。"},
                              {}});
    else
        result_.emplace(exchange_->ended(remote() && status == hidden_status ? 255 : status, where_));
    child_.reset();
}

void ProcessSession::fail(Error error) {
    moved_ = true;
    child_.reset();
    result_.emplace(std::move(error));
}

} // namespace imops::net
