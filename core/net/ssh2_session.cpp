#include "core/net/ssh2_session.hpp"
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace imops::net {

namespace {
// A helper that the script left behind may keep the streams open for ever: the exit status ends the job, after so long
// a silence. Not sooner: sshd tells the status before the rest of the output, which may take its time on a slow link.
constexpr std::chrono::milliseconds silence{2000};
constexpr std::chrono::milliseconds turn_limit{50};
constexpr int reads_per_step = 64; // so that one flood does not starve the others

bool again(ssize_t rc) { return rc == LIBSSH2_ERROR_EAGAIN; }
} // namespace

Ssh2Session::~Ssh2Session() {
    login_.reset();
    if (ssh_ && (at_ == At::idle || at_ == At::close)) libssh2_session_disconnect(ssh_.get(), "done");
    abort();
}

void Ssh2Session::abort() {
    if (dial_ && dial_->fd() >= 0) ::shutdown(dial_->fd(), SHUT_RDWR); // nothing that libssh2 still does can wait now
    login_.reset();
    ssh_.reset();
    channel_ = nullptr;
    dial_.reset();
    at_ = At::dead;
}

void Ssh2Session::begin(const Job& job, std::string prefix, Rise rise, Clock::time_point now) {
    exchange_.emplace(job, std::move(prefix));
    since_ = {};
    result_.reset();
    rise_ = rise;
    end_sent_ = stale_ = false;
    drained_ = Clock::time_point::max();
    deadline_ = now + connect_limit_;
    reused_ = bool(ssh_);
    if (at_ == At::idle) at_ = At::open;
    if (!ssh_) redial();
}

void Ssh2Session::redial() {
    abort();
    events_ = {};
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    dial_ = dialler_.dial(route_.address, route_.port, std::max(left, std::chrono::milliseconds{1}));
    at_ = At::dial;
}

bool Ssh2Session::step(Clock::time_point now) {
    moved_ = false;
    events_.yield_at = now + turn_limit;
    if (result_ && at_ != At::close) return false;
    for (Go go = late(now) ? Go::wait : Go::on; go == Go::on;) {
        switch (at_) {
        case At::dial: go = dial(); break;
        case At::handshake: go = handshake(); break;
        case At::host_key: go = host_key(); break;
        case At::login: go = login(now); break;
        case At::open: go = open(); break;
        case At::exec: go = exec(now); break;
        case At::run: go = run(now); break;
        case At::drain: go = drain(now); break;
        case At::close: go = close(); break;
        case At::idle:
        case At::dead: go = Go::wait; break;
        }
    }
    return moved_;
}

Wants Ssh2Session::wants() const {
    Wants wants;
    wants.at(deadline());
    wants.at(drained_);
    wants.every_turn = at_ == At::dial;
    bool running = at_ == At::run || at_ == At::drain;
    if (exchange_ && running) wants.ask(*exchange_);
    if (!ssh_ || !dial_) return wants;
    int directions = libssh2_session_block_directions(ssh_.get());
    // A full sink: the window of the channel stops the writer there, and a dead link must not wake the loop for ever.
    short events = running && exchange_->full() ? 0 : POLLIN;
    if (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) events |= POLLOUT;
    if (events) wants.fd(dial_->fd(), events);
    if (login_ && at_ == At::login) login_->wants(wants);
    return wants;
}

/// Past the deadline of the way to the shell. That of the script is judged when what has come was read: a loop that was
/// busy elsewhere must not call a script silent.
bool Ssh2Session::late(Clock::time_point now) {
    if (now < deadline() || result_ || at_ == At::run || at_ == At::drain) return false;
    auto seconds = [](std::chrono::milliseconds ms) { return double(ms.count()) / 1000; };
    Line step = at_ == At::dial ? say("the connection was not made", "未能建立连接")
                : at_ == At::handshake && events_.greeting.empty()
                    ? say("it accepted the connection and said nothing", "已接受连接但没有任何响应")
                : at_ == At::handshake ? say("the key exchange did not end", "密钥交换未完成")
                : at_ == At::login     ? say("the log-in did not end", "登录未完成")
                                       : say("the shell did not start", "shell 未启动");
    if (at_ == At::handshake && !events_.greeting.empty() && !events_.greeting.starts_with("SSH-")) {
        fail(handshake_error());
        return true;
    }
    stale_ = reused_;
    fail({Code::timed_out,
          say("{}: {} within {} s", "{}：{}（时限 {} 秒）", where_, step, seconds(connect_limit_)),
          Text{"Check that the port belongs to sshd, the load of the host, its DNS (UseDNS in sshd_config), and the "
               "firewalls between.",
               "请检查该端口是否为 sshd、主机负载、主机 DNS（sshd_config 的 UseDNS）以及途中的防火墙。"},
          {}});
    return true;
}

Ssh2Session::Go Ssh2Session::finish(Result<Exit> result) {
    moved_ = true;
    deadline_ = drained_ = Clock::time_point::max();
    result_.emplace(std::move(result));
    return Go::wait;
}

Ssh2Session::Go Ssh2Session::fail(Error error) {
    abort();
    return finish(std::move(error));
}

Ssh2Session::Go Ssh2Session::lost() {
    stale_ = reused_ && at_ != At::run && at_ != At::drain;
    Line how = events_.goodbye.empty() ? Line{} : say(": {}", "：{}", events_.goodbye);
    return fail({Code::lost,
                 say("{}: the connection ended in the middle{}", "{}：连接中途断开{}", where_, how),
                 Text{"Check whether the host restarted, and the network; then run it again.",
                      "请检查主机是否重启以及网络状况，然后重试。"},
                 {}});
}

Ssh2Session::Go Ssh2Session::dial() {
    switch (dial_->state()) {
    case Dial::State::dialling: return Go::wait;
    case Dial::State::failed: return fail(dial_->error(where_));
    case Dial::State::connected: break;
    }
    ssh_ = make_ssh2(events_);
    if (!ssh_) return fail({Code::internal, Text{"libssh2 cannot make a session", "libssh2 无法创建会话"}, {}, {}});
    known_ = host_keys_.of(route_, name());
    const char** list = nullptr;
    int count = libssh2_session_supported_algs(ssh_.get(), LIBSSH2_METHOD_HOSTKEY, &list);
    std::vector<std::string> supported(list, list + std::max(count, 0));
    if (list) libssh2_free(ssh_.get(), list);
    auto order = preference(known_types(known_, name()), supported, seen_types_);
    libssh2_session_method_pref(ssh_.get(), LIBSSH2_METHOD_HOSTKEY, order.c_str());
    at_ = At::handshake;
    return Go::on;
}

Ssh2Session::Go Ssh2Session::handshake() {
    int rc = libssh2_session_handshake(ssh_.get(), dial_->fd());
    if (again(rc)) return Go::wait;
    if (rc == 0) {
        at_ = At::host_key;
        return Go::on;
    }
    return fail(handshake_error());
}

Error Ssh2Session::handshake_error() {
    auto& greeting = events_.greeting;
    if (!seen_fingerprints_.empty() && !events_.closed) return changed_key({}, {});
    if (greeting.find("MaxStartups") != greeting.npos || greeting.find("Not allowed at this time") != greeting.npos)
        return {Code::refused,
                say("{}: the server turned the connection away: {}", "{}：服务器拒绝了连接：{}", where_,
                    printable(greeting)),
                Text{"Too many log-ins at one time or after failures: lower --fan-out, or raise MaxStartups in its "
                     "sshd_config.",
                     "同时登录或失败次数过多：请调小 --fan-out，或调大其 sshd_config 中的 MaxStartups。"},
                {}};
    if (!greeting.empty() && !greeting.starts_with("SSH-"))
        return {Code::not_ssh,
                say("{}: this is not an SSH server, it answered: {}", "{}：这不是 SSH 服务，它的应答为：{}", where_,
                    printable(greeting, 80)),
                Text{"Correct the port of the host in imops.yaml.", "请修正 imops.yaml 中该主机的端口。"},
                {}};
    if (greeting.empty() || events_.closed)
        return {Code::handshake,
                say("{}: the server closed the connection before log-in{}", "{}：服务器在登录前关闭了连接{}", where_,
                    events_.goodbye.empty() ? Line{} : say(": {}", "：{}", events_.goodbye)),
                Text{"The host may be overloaded (MaxStartups), or forbid this address (hosts.deny, fail2ban): see its "
                     "log, journalctl -u ssh",
                     "主机可能过载（MaxStartups），或禁止了本机地址（hosts.deny、fail2ban）：请查看其日志 journalctl "
                     "-u ssh"},
                {}};
    openssh_could_ = true;
    return {Code::handshake,
            say("{}: no key exchange with {}: {}", "{}：与 {} 的密钥交换失败：{}", where_,
                printable(greeting.substr(0, greeting.find('\r'))), last_words(ssh_.get())),
            Text{"This libssh2 and the server may have no algorithm in common: set `transport: openssh`.",
                 "当前 libssh2 与服务器可能没有共同的算法：请设置 transport: openssh。"},
            {}};
}

Ssh2Session::Go Ssh2Session::login(Clock::time_point now) {
    switch (login_->step(now)) {
    case Ssh2Login::Got::wait: return Go::wait;
    case Ssh2Login::Got::in:
        login_.reset();
        connected("libssh2");
        at_ = At::open;
        return Go::on;
    case Ssh2Login::Got::refused: break;
    }
    openssh_could_ = login_->openssh_could();
    auto error = login_->error();
    return fail(std::move(error));
}

Ssh2Session::Go Ssh2Session::open() {
    channel_ = libssh2_channel_open_session(ssh_.get());
    if (channel_) {
        at_ = At::exec;
        return Go::on;
    }
    if (again(libssh2_session_last_errno(ssh_.get()))) return Go::wait;
    if (events_.closed || reused_) return lost();
    return fail(
        {Code::no_channel,
         say("{}: the server opens no channel: {}", "{}：服务器不允许打开通道：{}", where_, last_words(ssh_.get())),
         Text{"Check MaxSessions in its sshd_config.", "请检查其 sshd_config 中的 MaxSessions。"},
         {}});
}

Ssh2Session::Go Ssh2Session::exec(Clock::time_point now) {
    if (command_.empty()) command_ = remote_command(rise_, Carrier::libssh2);
    int rc = libssh2_channel_exec(channel_, command_.c_str());
    if (again(rc)) return Go::wait;
    command_.clear();
    if (rc == 0) {
        at_ = At::run;
        moved_ = true;
        exchange_->started(now);
        return Go::on;
    }
    if (events_.closed) return lost();
    return fail(
        {Code::no_channel,
         say("{}: the server starts no command: {}", "{}：服务器不允许执行命令：{}", where_, last_words(ssh_.get())),
         Text{"The account may be for file transfer only (ForceCommand internal-sftp); use another user.",
              "该账号可能仅允许文件传输（ForceCommand internal-sftp）；请换用其他用户。"},
         {}});
}

/// Writes as much standard input as goes. False: the connection is gone.
bool Ssh2Session::feed() {
    for (;;) {
        auto bytes = exchange_->next();
        if (bytes.empty()) break;
        auto n = libssh2_channel_write(channel_, bytes.data(), bytes.size());
        starved_ = n <= 0 && libssh2_channel_window_write(channel_) == 0;
        if (n <= 0)
            return n == 0 || again(n) || !events_.closed; // the shell may have closed its input: reading tells the end
        exchange_->sent(std::size_t(n));
        moved_ = true;
    }
    if (exchange_->closes() && !end_sent_) end_sent_ = !again(libssh2_channel_send_eof(channel_));
    return true;
}

/// Reads what has come of one stream. True if there was anything.
bool Ssh2Session::read(Stream stream) {
    char buffer[32768];
    auto n =
        libssh2_channel_read_ex(channel_, stream == Stream::err ? SSH_EXTENDED_DATA_STDERR : 0, buffer, sizeof buffer);
    if (n <= 0) return false;
    exchange_->received(stream, {buffer, std::size_t(n)});
    moved_ = true;
    return true;
}

/// Reads both streams by turns. True if there is more than one step may take.
bool Ssh2Session::read_both() {
    // Reading one stream may take packets of the other off the socket, where poll() no longer sees them: so ask
    // libssh2's own queue.
    auto queued = [&] {
        return libssh2_poll_channel_read(channel_, 0) > 0 ||
               libssh2_poll_channel_read(channel_, SSH_EXTENDED_DATA_STDERR) > 0;
    };
    for (int i = 0; i < reads_per_step && !exchange_->full(); ++i) {
        bool out = read(Stream::out), err = read(Stream::err);
        if (!out && !err && !queued()) return false;
    }
    return true;
}

/// Both streams and the input in one step: reading one stream to its end first would dead-lock with a script that
/// floods the other.
Ssh2Session::Go Ssh2Session::run(Clock::time_point now) {
    if (!feed()) return lost();
    bool more =
        !exchange_->has_room(now) || read_both(); // the others get their turn; moved_ brings the loop back at once
    if (!more) {
        bool over = libssh2_channel_eof(channel_);
        if (events_.closed && !over) return lost();
        if (over || libssh2_channel_get_exit_status(channel_) != 0) {
            at_ = At::drain;
            drained_ = now + silence;
            return Go::on;
        }
    }
    // Reading took the word that there is room to write off the socket, where poll() no longer sees it.
    if (starved_ && libssh2_channel_window_write(channel_) > 0) moved_ = true;
    return now < deadline() ? Go::wait : fail(exchange_->too_late(where_));
}

/// 128 + signal if a signal ended it; 0 if nothing has come yet.
int Ssh2Session::exit_status() {
    char* signal = nullptr;
    std::size_t length = 0;
    libssh2_channel_get_exit_signal(channel_, &signal, &length, nullptr, nullptr, nullptr, nullptr);
    int number = 0;
    for (int i = 1; signal && i < 32; ++i)
        if (auto* name = ::sigabbrev_np(i); name && std::string_view{signal, length} == name) number = 128 + i;
    if (signal) libssh2_free(ssh_.get(), signal);
    return number ? number : libssh2_channel_get_exit_status(channel_);
}

/// The exit status or the end of the streams has come: wait, not for ever, for the other one.
Ssh2Session::Go Ssh2Session::drain(Clock::time_point now) {
    if (!exchange_->has_room(now)) {
        drained_ = now + silence;
        return Go::wait;
    }
    bool more = read_both();
    if (moved_) drained_ = now + silence;
    bool enough = now >= drained_ || now >= deadline();
    if (more && !enough) return Go::wait;
    int status = exit_status();
    bool over = libssh2_channel_eof(channel_);
    if (!enough && (!over || (status == 0 && !events_.closed))) return Go::wait;
    if (status == 0 && events_.closed) return lost();
    if (status == 0) // ours would have come as hidden_status
        return fail({Code::no_shell,
                     say("{}: the server ran something else than sh, and it ended at once",
                         "{}：服务器执行的不是 sh，且已立即结束", where_),
                     Text{"Look for ForceCommand in its sshd_config and for command= in its authorized_keys.",
                          "请检查其 sshd_config 的 ForceCommand 和 authorized_keys 中的 command=。"},
                     {}});
    at_ = At::close;
    finish(exchange_->ended(status == hidden_status ? 0 : status, where_));
    return Go::on;
}

/// Not waited for by the job: the outcome is there already. The next job of this connection waits for it.
Ssh2Session::Go Ssh2Session::close() {
    int rc = channel_ ? libssh2_channel_free(channel_) : 0;
    if (again(rc)) return Go::wait;
    channel_ = nullptr;
    at_ = result_ ? At::idle : At::open;
    return result_ ? Go::wait : Go::on;
}

} // namespace imops::net
