#pragma once
#include "core/base/result.hpp"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace imops::change {

/// What is written before and after each thing that is done.
enum class Event {
    run,        // a run begins, or is resumed: who, where, command, digest
    begin,      // the action of a step is about to be started
    done,       // it has been done
    same,       // there was nothing to do
    failed,     // it was not done, or half
    back,       // the run turns round: what was done is taken back, the last first
    undo,       // the way back of a step is about to be started
    undone,     // it has been taken back
    not_undone, // it could not be: `note` says what is left
    over        // the run has come to its end; `note`: "done", "undone", "failed"
};
std::string_view name(Event);

/// One line of the journal. No field holds a secret: the writer masks what hosts have said.
struct Entry {
    Event event = Event::run;
    std::string run;                         // of which run
    std::string step, subject;               // not for run, back, over
    std::string note;                        // why, what is left; in English, on one line
    std::string who, where, command, digest; // of `run`
    double time = 0;                         // seconds since 1970; 0: now
};

/// Who did what to which host, when, and how it ended: a file of JSON lines on the machine where imops runs, mode 0600,
/// only ever added to, each line on the disk before what it announces is begun.
class Journal {
    std::string path_;
    int fd_ = -1;

  public:
    /// Opens it, or makes it with its folder. Throws Failure (Code::io). An empty path: nothing is kept.
    explicit Journal(std::string path);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    virtual ~Journal();
    /// Returns when it is on the disk. Throws Failure (Code::io): what was to be announced must then not be begun.
    virtual void add(Entry);
    const std::string& path() const { return path_; }
};

/// $XDG_STATE_HOME/imops/NAME.jsonl (~/.local/state where that is not set); for root /var/lib/imops/journal/NAME.jsonl.
std::string journal_path(const std::string& deployment);
/// "ops@laptop": the user (the one who called sudo) and this machine.
std::pair<std::string, std::string> who_and_where();

/// All whole lines. One that was cut by a kill is passed over, wherever it stands. No file: no entries.
Result<std::vector<Entry>> read_journal(const std::string& path);

/// How far a run had come.
struct Progress {
    enum class Step { begun, done, same, failed, undoing, undone, not_undone };
    std::string run, digest;
    std::map<std::string, Step> steps; // those that were begun, by id
    bool back = false;                 // it had turned round
    bool over = false;
};
/// Of the last run in these entries, or of the one that is named.
std::optional<Progress> progress(const std::vector<Entry>&, std::string_view run = {});

} // namespace imops::change
