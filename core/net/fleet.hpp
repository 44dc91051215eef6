#pragma once
#include "core/base/result.hpp"
#include "core/model/host.hpp"
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace imops {

/// Whether a script changes anything on the host (files, services, listeners). The recording fleet runs reads and
/// records writes.
enum class Effect { read, write };

/// How long a script may run. A dump of six hours and one that hangs differ in their silence only.
struct Limit {
    std::optional<std::chrono::milliseconds> total;   // from the moment the shell was started
    std::optional<std::chrono::milliseconds> silence; // since it last printed or took a byte; a full sink is no silence
    template <class R, class P>
    Limit(std::chrono::duration<R, P> whole) : total{std::chrono::duration_cast<std::chrono::milliseconds>(whole)} {}
    Limit(std::optional<std::chrono::milliseconds> whole, std::optional<std::chrono::milliseconds> quiet)
        : total{whole}, silence{quiet} {}
};

/// One POSIX sh program, fed to `sh -s` on standard input: no quoting, no argv, nothing in `ps`. Who builds it says
/// what it does to the host: there is no default.
struct Script {
    std::string text;
    Effect effect;
    Limit limit;
    bool root; // use the host's sudo, if it has one
    Script(std::string program, Effect what, Limit how_long = std::chrono::seconds{60}, bool as_root = true)
        : text{std::move(program)}, effect{what}, limit{how_long}, root{as_root} {}
};

enum class Stream { out, err };

/// What a source answers when the loop asks for more standard input.
struct Feed {
    enum Kind { wait, data, end } kind = wait; // end closes standard input
    std::string bytes;                         // for data
};

/// Where standard input comes from after the script. `next` is asked without blocking. `fd` (may be empty): after
/// `wait`, the descriptor that becomes readable when there is more to ask for; without one (-1) it is asked at each
/// turn of the loop, at least each 200 ms.
class Source {
    std::function<Feed()> next_;
    std::function<int()> fd_;

  public:
    Source() = default;
    template <class F>
    requires std::is_invocable_r_v<Feed, F&> Source(F next, std::function<int()> fd = {})
        : next_{std::move(next)}, fd_{std::move(fd)} {}
    explicit operator bool() const { return bool(next_); }
    Feed operator()() const { return next_(); }
    int fd() const { return fd_ ? fd_() : -1; }
};

/// Whether a sink can take more.
enum class Room { yes, full };

/// Where the output of a script goes. It takes all that it is given, and answers whether it can take more; after `full`
/// nothing is read from the host (the link's own window then stops the writer there) until `has_room` says so. That is
/// asked at each turn of the loop, at least each 200 ms, and as soon as `fd` (may be empty) becomes writable.
class Sink {
    std::function<Room(Stream, std::string_view)> take_;
    std::function<bool()> has_room_;
    std::function<int()> fd_;

  public:
    Sink() = default;
    /// One that always has room.
    template <class F>
    requires std::is_same_v<void, std::invoke_result_t<F&, Stream, std::string_view>> Sink(F take)
        : take_{[take = std::move(take)](Stream s, std::string_view bytes) mutable {
              take(s, bytes);
              return Room::yes;
          }} {}
    template <class F>
    requires std::is_same_v<Room, std::invoke_result_t<F&, Stream, std::string_view>>
    Sink(F take, std::function<bool()> has_room, std::function<int()> fd = {})
        : take_{std::move(take)}, has_room_{std::move(has_room)}, fd_{std::move(fd)} {}
    explicit operator bool() const { return bool(take_); }
    Room operator()(Stream s, std::string_view bytes) const { return take_(s, bytes); }
    bool has_room() const { return !has_room_ || has_room_(); }
    int fd() const { return fd_ ? fd_() : -1; }
};

/// One script on one host. `in` (may be empty) is asked, without blocking, each time the loop turns once the script has
/// been sent; without it standard input stays open and silent until the script ends, so that the script's own watcher
/// sees the link die as end of file. A shell may read ahead. So a script that reads input itself first says so on
/// standard output, and its source answers `wait` until then; and it ends with `exit`, which is added only to the
/// script of a job without a source. `out` gets both streams in the order of arrival, cut anywhere. If root was wanted
/// through sudo, standard error begins with `imops-sudo: ok` or `imops-sudo: refused: WHY`; after a refusal the script
/// runs without root.
struct Job {
    const Host* host = nullptr;
    Script script{"", Effect::write};
    Source in;
    Sink out;
};

struct Exit {
    int status = 0; // of the script; 128 + signal if a signal ended it
};

struct Outcome {
    const Host* host = nullptr;
    Result<Exit> result;
    std::chrono::milliseconds took{};           // from dialling on
    Transport transport = Transport::automatic; // the one that was used
    Line why;                                   // why that one; for --verbose
};

/// A job that was started: a handle, which may be copied and thrown away; the job goes on.
class Running {
  public:
    struct State {
        bool cancelled = false;
        std::optional<Outcome> outcome;
    };
    explicit Running(std::shared_ptr<State> state) : state_{std::move(state)} {}
    /// Ends it in the next turn; its outcome is Code::interrupted. From callbacks too.
    void cancel() { state_->cancelled = true; }
    bool over() const { return state_->outcome.has_value(); }
    /// There once it is over.
    const Outcome& outcome() const { return *state_->outcome; }

  private:
    std::shared_ptr<State> state_;
};

/// Runs jobs on many hosts: concurrent inside, one loop, one wait, no thread. A host that fails is data in its Outcome;
/// nothing is thrown for one host. Sessions stay open after their job and are used again for the same host. For one
/// thread; its callbacks may start and cancel jobs, but neither turn nor run it.
struct Fleet {
    using Done = std::function<void(const Outcome&)>;
    virtual ~Fleet() = default;
    /// Starts one; it moves with turn(). `done` is called when its outcome is known, from turn().
    Running start(Job job, Done done = {}) {
        return begin(std::make_shared<const Job>(std::move(job)), std::move(done));
    }
    /// Moves what can be moved and waits for more, until `latest` or 200 ms. False: nothing runs any more.
    virtual bool turn(std::chrono::steady_clock::time_point latest = std::chrono::steady_clock::time_point::max()) = 0;
    /// Starts all and turns until they are over. `done` is called for each outcome as it becomes known. Outcomes are
    /// returned in the order of the jobs.
    virtual std::vector<Outcome> run(std::span<const Job> jobs, const Done& done = {});
    /// As start(), of a job that somebody keeps until it is over.
    virtual Running begin(std::shared_ptr<const Job> job, Done done) = 0;
    /// Ends all that runs, at once and without a word: an exception is on its way.
    virtual void abandon() = 0;
};

struct FleetOptions {
    int fan_out = 32; // hosts that are dialled, logged in or running at one time; waiting ones do not count
    std::chrono::milliseconds connect_limit{10'000}; // dialling, key exchange and log-in together
    std::span<const Host> hosts;                     // all hosts of the deployment: to find jump hosts by name
    const volatile int* stop = nullptr; // becomes non-zero on Ctrl-C: end everything, answer Code::interrupted
    std::string home;                   // whose ~/.ssh is used; empty: the current user's, as ssh sees it (not $HOME)
};

/// The real fleet: local processes, libssh2 sessions and the system's ssh, in one loop.
std::unique_ptr<Fleet> make_fleet(FleetOptions);

/// Passes reads on to `inner`; a write is not run but recorded (host, script) and answered with status 0.
struct Recorded {
    const Host* host;
    std::string script;
};
std::unique_ptr<Fleet> make_recording_fleet(Fleet& inner, std::vector<Recorded>& record);

} // namespace imops
