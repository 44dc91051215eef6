#pragma once
#include "core/render/marked.hpp"
#include "core/render/render.hpp"
#include <chrono>

namespace imops::render {

/// POSIX sh that puts the files of one host in place (core/render/push.sh). After "waiting" it reads one line from
/// standard input: `commit` keeps them; anything else, and the end of the connection, takes all back. `try_only`: files
/// are laid beside their targets and checked, and nothing is replaced.
std::string push_script(const HostFiles&, std::string_view mark, bool try_only, std::chrono::seconds ready_within);

/// What one host told while files were put in place there.
class PushReader {
    MarkedLines lines_;
    std::string* said_ = nullptr; // of what the host tells more
    void told(std::string_view);

  public:
    struct Failed {
        std::string component, step, detail; // detail: the path, the program, the status
        std::string said;                    // what was printed, some lines
    };
    std::vector<std::pair<std::string, std::string>> replaced; // component, path
    std::vector<std::string> applied, same, back, stopped;     // components
    std::optional<Failed> failed;
    std::vector<Failed> not_back; // services that do not run as before after a rollback
    std::vector<Failed> left;     // files that did not come back: step "had" or "fresh", detail the path
    std::string step;             // that is being done now: "nginx check"
    bool recovered = false, waiting = false, committed = false, rolled_back = false, tried = false, ended = false;

    explicit PushReader(std::string mark);
    PushReader(const PushReader&) = delete;
    void out(std::string_view bytes) { lines_.add(bytes); }
};

} // namespace imops::render
