#include "core/net/fleet.hpp"
#include "core/base/log.hpp"
#include "core/loop/wait.hpp"
#include "core/model/deployment.hpp"
#include "core/net/choose.hpp"
#include "core/net/process_session.hpp"
#include "core/net/question.hpp"
#include "core/net/ssh2_session.hpp"
#include "core/net/ssh_folder.hpp"
#include <algorithm>
#include <deque>
#include <list>
#include <map>

namespace imops {

using namespace net;

namespace {

/// A host may be named in two runs by two objects: sessions and routes belong to what it says.
std::string key_of(const Host& h) {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", h.name, h.address, h.port, h.user, h.via, int(h.transport),
                       h.host_key, h.known_hosts, fmt::join(h.identities, "\n"));
}

void note(const Outcome& o, Effect effect) {
    std::string_view does = effect == Effect::read ? "read" : "write";
    if (o.result)
        log(LogLevel::info, "script",
            {{"host", o.host->name},
             {"transport", word(o.transport)},
             {"effect", does},
             {"status", (*o.result).status},
             {"ms", o.took}});
    else
        log(LogLevel::warning, "script",
            {{"host", o.host->name},
             {"transport", word(o.transport)},
             {"effect", does},
             {"error", o.result.error().what.en},
             {"ms", o.took}});
}

/// One job on its way: first perhaps a question to `ssh -G`, then a session.
struct Slot {
    std::shared_ptr<const Job> job;
    std::shared_ptr<Running::State> state;
    Fleet::Done done;
    Clock::time_point begun{};
    std::unique_ptr<SshQuestion> question;
    std::unique_ptr<Session> session;
    std::optional<Error> error; // why there is no session
    std::optional<Error> first; // what libssh2 said, when ssh was tried after it
    Route route;
    bool ready = true; // to be stepped in this turn
    bool counts() const { return !session || !session->waiting(); }
};

class RealFleet final : public Fleet {
  public:
    explicit RealFleet(FleetOptions options)
        : options_{options}, home_{options.home.empty() ? home_folder() : options.home} {}
    Running begin(std::shared_ptr<const Job> job, Done done) override;
    bool turn(Clock::time_point latest) override;
    void abandon() override {
        slots_.clear();
        waiting_.clear();
    }

  private:
    void start(Slot& slot, Clock::time_point now);
    void resolved(Slot& slot, std::optional<SshSays> says, Clock::time_point now);
    void connect(Slot& slot, Clock::time_point now);
    std::unique_ptr<Session> make_session(Slot& slot);
    void give(Slot& slot, Clock::time_point now);
    bool step(Slot& slot, Clock::time_point now);
    bool try_again(Slot& slot, Clock::time_point now);
    std::optional<Outcome> outcome(Slot& slot, Clock::time_point now);
    bool admit(Clock::time_point now);
    bool step_all();
    void wait(bool at_once, Clock::time_point latest);
    bool stopped() const { return options_.stop && *options_.stop != 0; }
    Result<SshFolder*> folder();
    Result<Dialler*> dialler();
    bool ask_ssh();

    FleetOptions options_;
    std::string home_;
    HostKeys host_keys_;
    std::unique_ptr<Dialler> dialler_; // before the sessions, which use it
    std::unique_ptr<SshFolder> folder_;
    std::optional<bool> plain_;
    std::map<std::string, Route> routes_;
    std::multimap<std::string, std::unique_ptr<Session>> idle_; // connections kept between two jobs
    std::list<Slot> slots_;                                     // what runs
    std::deque<Slot> waiting_;                                  // what was started and has no place yet
};

Result<Dialler*> RealFleet::dialler() {
    if (!dialler_) {
        auto opened = Dialler::open();
        if (!opened) return opened.error();
        dialler_ = *std::move(opened);
    }
    return dialler_.get();
}

Result<SshFolder*> RealFleet::folder() {
    if (!folder_) {
        auto made = SshFolder::make(home_, options_.connect_limit, options_.hosts);
        if (!made) return made.error();
        folder_ = *std::move(made);
    }
    return folder_.get();
}

/// Whether ssh's own configuration may have something to say.
bool RealFleet::ask_ssh() {
    if (!plain_) plain_ = machine_is_plain(home_) || !in_path("ssh");
    return !*plain_;
}

void RealFleet::start(Slot& slot, Clock::time_point now) {
    auto& host = *slot.job->host;
    slot.begun = now;
    slot.route.address = host.address;
    slot.route.port = host.port;
    slot.route.transport = host.transport;
    auto odd = [](const std::string& s) {
        return s.starts_with('-') || std::ranges::any_of(s, [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
    };
    if (odd(host.address) || odd(host.user) ||
        odd(host.name)) { // validated when it was read; here it would become an option of ssh
        slot.error = Error{Code::config,
                           say("{}: address or user begins with `-` or holds a space",
                               "{}：地址或用户名以 `-` 开头或包含空格", printable(host.name)),
                           Text{"Correct it in imops.yaml.", "请在 imops.yaml 中修正。"},
                           {}};
        return;
    }
    if (host.transport == Transport::local) {
        slot.route.why = Text{"imops.yaml says so", "imops.yaml 中指定"};
        slot.session = std::make_unique<ProcessSession>(host, slot.route, "", options_.connect_limit);
        return give(slot, now);
    }
    if (auto kept = idle_.find(key_of(host)); kept != idle_.end()) {
        slot.session = std::move(kept->second);
        slot.route = slot.session->route();
        idle_.erase(kept);
        return give(slot, now);
    }
    if (auto known = routes_.find(key_of(host)); known != routes_.end()) {
        slot.route = known->second;
        return connect(slot, now);
    }
    if (host.transport == Transport::openssh || !host.via.empty() || !ask_ssh()) return resolved(slot, {}, now);
    auto config = [&]() -> Result<std::string> {
        auto made = folder();
        if (!made) return made.error();
        Host asked = host;
        asked.host_key = "strict"; // a fingerprint is no matter of ssh's configuration
        return (*made)->config_of(asked);
    }();
    if (config) slot.question = SshQuestion::ask(*config, host.address, now);
    if (!slot.question) resolved(slot, {}, now);
}

void RealFleet::resolved(Slot& slot, std::optional<SshSays> says, Clock::time_point now) {
    auto& host = *slot.job->host;
    slot.route = complete(host, says, home_);
    choose(slot.route, host, says, host.transport == Transport::automatic ? find_means(slot.route) : Means{});
    routes_[key_of(host)] = slot.route;
    connect(slot, now);
}

std::unique_ptr<Session> RealFleet::make_session(Slot& slot) {
    auto& host = *slot.job->host;
    switch (slot.route.transport) {
    case Transport::local:
    case Transport::automatic: break;
    case Transport::libssh2: {
        if (!host.via.empty()) {
            slot.error = Error{
                Code::unsupported,
                say("{}: libssh2 cannot use the jump host {}", "{}：libssh2 不支持跳板机 {}", host.name, host.via),
                Text{"Remove `transport: libssh2` of that host.", "请去掉该主机的 transport: libssh2。"},
                {}};
            return nullptr;
        }
        auto dialler = this->dialler();
        if (dialler)
            return std::make_unique<Ssh2Session>(host, slot.route, **dialler, host_keys_, options_.connect_limit);
        slot.error = dialler.error();
        break;
    }
    case Transport::openssh: {
        auto made = folder();
        auto config = made ? (*made)->config_of(host) : Result<std::string>{made.error()};
        if (config) return std::make_unique<ProcessSession>(host, slot.route, *config, options_.connect_limit);
        slot.error = config.error();
        break;
    }
    }
    return nullptr;
}

void RealFleet::connect(Slot& slot, Clock::time_point now) {
    slot.session = make_session(slot);
    if (slot.session) give(slot, now);
}

/// Gives the job to the slot's session, with the lines for sudo before the script.
void RealFleet::give(Slot& slot, Clock::time_point now) {
    auto& host = slot.session->host();
    // ssh's own configuration may name the user of an openssh host; the remote command looks for itself then.
    bool root_already = host.user == "root" ||
                        (host.user.empty() && slot.route.transport == Transport::libssh2 && slot.route.user == "root");
    bool rises = slot.job->script.root && host.sudo != Sudo::none && !root_already;
    Rise rise = !rises ? Rise::none : host.sudo == Sudo::password ? Rise::password : Rise::ask;
    std::string prefix;
    if (rise == Rise::password) {
        auto password = host.sudo_password.read();
        auto lines = password ? input_prefix(rise, &*password) : Result<std::string>{password.error()};
        if (!lines) {
            slot.error = Error{lines.error()}.during(
                say("reading the sudo password of {}", "读取 {} 的 sudo 密码时", host.name));
            slot.session.reset();
            return;
        }
        prefix = *std::move(lines);
    }
    slot.session->begin(*slot.job, std::move(prefix), rise, now);
}

bool RealFleet::step(Slot& slot, Clock::time_point now) {
    if (slot.question) {
        auto says = slot.question->step(now);
        if (!slot.question->over()) return false;
        slot.question.reset();
        resolved(slot, std::move(says), now);
        return true;
    }
    return slot.session && slot.session->step(now);
}

/// A kept connection that had gone stale is dialled anew; what only ssh can do is given to ssh, once.
bool RealFleet::try_again(Slot& slot, Clock::time_point now) {
    auto& host = *slot.job->host;
    if (slot.session->stale()) {
        connect(slot, now);
        return true;
    }
    bool ssh = slot.session->openssh_could() && host.transport == Transport::automatic &&
               slot.route.transport == Transport::libssh2 && in_path("ssh") && !host.host_key.starts_with("SHA256:");
    if (!ssh) return false;
    slot.first = slot.session->result()->error();
    slot.route.transport = Transport::openssh;
    slot.route.why = say("libssh2 could not: {}", "libssh2 无法完成：{}", slot.first->what);
    routes_[key_of(host)] = slot.route;
    connect(slot, now);
    return true;
}

std::optional<Outcome> RealFleet::outcome(Slot& slot, Clock::time_point now) {
    auto made = [&](Result<Exit> result) {
        Outcome o{slot.job->host, std::move(result),
                  std::chrono::duration_cast<std::chrono::milliseconds>(now - slot.begun), slot.route.transport,
                  slot.route.why};
        note(o, slot.job->script.effect);
        return o;
    };
    if (!slot.error && slot.session && slot.session->result()) {
        if (!*slot.session->result() && try_again(slot, now)) {
            if (!slot.error) return {};
        } else {
            auto result = *slot.session->result();
            if (!result && slot.first)
                result = Error{result.error()}.during(
                    say("libssh2 was tried before: {}", "此前尝试过 libssh2：{}", slot.first->what));
            return made(std::move(result));
        }
    }
    if (slot.error) return made(*slot.error);
    if (!stopped() && !slot.state->cancelled) return {};
    if (slot.session) slot.session->abort();
    slot.question.reset();
    if (!stopped())
        return made(Error{Code::interrupted, say("{}: cancelled", "{}：已取消", slot.job->host->name), {}, {}});
    return made(Error{Code::interrupted,
                      say("{}: interrupted", "{}：已中断", slot.job->host->name),
                      Text{"Run it again.", "请重新运行。"},
                      {}});
}

/// The only wait of the program.
void RealFleet::wait(bool at_once, Clock::time_point latest) {
    std::vector<pollfd> fds;
    std::vector<Slot*> owner;
    auto now = Clock::now();
    // sources and sinks are asked, and the stop flag is seen, at least so often
    auto wake = std::min(latest, now + std::chrono::milliseconds{200});
    for (auto& slot : slots_) {
        auto wants = slot.question ? slot.question->wants() : slot.session ? slot.session->wants() : Wants{};
        slot.ready = wants.every_turn || (at_once && slot.ready);
        wake = std::min(wake, wants.wake);
        for (auto& fd : wants.fds) {
            fds.push_back(fd);
            owner.push_back(&slot);
        }
    }
    auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - now).count();
    std::chrono::milliseconds at_most{at_once ? 0 : std::max<long>(left, 0)};
    if (dialler_ && dialler_->dialling())
        dialler_->wait(fds, int(at_most.count()));
    else
        wait_for(fds, at_most);
    for (std::size_t i = 0; i < fds.size(); ++i)
        if (fds[i].revents) owner[i]->ready = true;
    now = Clock::now();
    for (auto& slot : slots_) { // a deadline wakes its own session
        auto wants = slot.question ? slot.question->wants() : slot.session ? slot.session->wants() : Wants{};
        slot.ready |= wants.wake <= now;
    }
}

Running RealFleet::begin(std::shared_ptr<const Job> job, Done done) {
    auto& slot = waiting_.emplace_back();
    slot.route.transport = job->host->transport;
    slot.job = std::move(job);
    slot.state = std::make_shared<Running::State>();
    slot.done = std::move(done);
    return Running{slot.state};
}

/// Gives places to those that wait for one. True if any got one.
bool RealFleet::admit(Clock::time_point now) {
    auto busy = std::ranges::count_if(slots_, &Slot::counts);
    bool any = false;
    for (; !waiting_.empty() && (busy < std::max(1, options_.fan_out) || stopped()); ++busy, any = true) {
        auto& slot = slots_.emplace_back(std::move(waiting_.front()));
        waiting_.pop_front();
        slot.begun = now;
        if (!stopped() && !slot.state->cancelled) start(slot, now);
    }
    return any;
}

/// Steps those that are ready. True if anything moved: others may wait for just that.
bool RealFleet::step_all() {
    bool moved = false;
    for (auto it = slots_.begin(); it != slots_.end();) {
        auto& slot = *it++;
        bool ends = stopped() || slot.state->cancelled;
        if (!slot.ready && !ends) continue;
        slot.ready = !ends && step(slot, Clock::now()); // what moved is stepped again before anything is waited for
        moved |= slot.ready;
        auto result = outcome(slot, Clock::now());
        if (!result) continue;
        moved = true;
        if (slot.session && slot.session->usable() && result->result)
            idle_.emplace(key_of(slot.session->host()), std::move(slot.session));
        Slot over = std::move(slot);
        slots_.erase(std::prev(it));
        over.state->outcome = std::move(result);
        if (over.done) over.done(*over.state->outcome);
    }
    return moved;
}

bool RealFleet::turn(Clock::time_point latest) {
    bool moved = admit(Clock::now());
    if (dialler_ && dialler_->dialling()) dialler_->perform();
    moved |= step_all();
    if (!slots_.empty()) wait(moved, latest);
    return !slots_.empty() || !waiting_.empty();
}

} // namespace

std::vector<Outcome> Fleet::run(std::span<const Job> jobs, const Done& done) try {
    std::vector<Running> all;
    for (auto& job : jobs) all.push_back(begin({std::shared_ptr<void>{}, &job}, done)); // the caller keeps them
    while (!std::ranges::all_of(all, &Running::over)) turn();
    std::vector<Outcome> outcomes;
    for (auto& one : all) outcomes.push_back(one.outcome());
    return outcomes;
} catch (...) {
    abandon();
    throw;
}

std::unique_ptr<Fleet> make_fleet(FleetOptions options) { return std::make_unique<RealFleet>(options); }

} // namespace imops
