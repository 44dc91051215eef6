#pragma once
#include "core/base/result.hpp"
#include "core/model/host.hpp"
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace imops {

/// Whether a script changes anything on the host. The recording fleet runs reads and records writes.
enum class Effect { read, write };

/// One POSIX sh program, fed to `sh -s` on standard input: no quoting, no argv, nothing in `ps`.
struct Script {
    std::string text;
    Effect effect = Effect::read;
    std::chrono::milliseconds limit{60'000}; // for the whole script, from the moment the shell was started
    bool root = true;                        // use the host's sudo, if it has one
};

enum class Stream { out, err };

/// What a source answers when the loop asks for more standard input.
struct Feed {
    enum Kind { wait, data, end } kind = wait; // end closes standard input
    std::string bytes;                         // for data
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
    Script script;
    std::function<Feed()> in;
    std::function<void(Stream, std::string_view)> out;
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

/// Runs jobs on many hosts and returns when all are done: blocking for its caller, concurrent inside, one loop, one
/// wait, no thread. A host that fails is data in its Outcome; nothing is thrown for one host. Sessions stay open
/// between two calls of run() and are used again for the same host.
struct Fleet {
    virtual ~Fleet() = default;
    /// `done` is called for each outcome as it becomes known. Outcomes are returned in the order of the jobs.
    virtual std::vector<Outcome> run(std::span<const Job> jobs,
                                     const std::function<void(const Outcome&)>& done = {}) = 0;
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
