#include "core/change/journal.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace imops::change {

namespace {

constexpr std::array<std::pair<Event, std::string_view>, 10> events{{{Event::run, "run"},
                                                                     {Event::begin, "begin"},
                                                                     {Event::done, "done"},
                                                                     {Event::same, "same"},
                                                                     {Event::failed, "failed"},
                                                                     {Event::back, "back"},
                                                                     {Event::undo, "undo"},
                                                                     {Event::undone, "undone"},
                                                                     {Event::not_undone, "not_undone"},
                                                                     {Event::over, "over"}}};

using Member = std::pair<std::string_view, std::string Entry::*>;
constexpr std::array<Member, 8> members{{{"run", &Entry::run},
                                         {"step", &Entry::step},
                                         {"subject", &Entry::subject},
                                         {"note", &Entry::note},
                                         {"who", &Entry::who},
                                         {"where", &Entry::where},
                                         {"command", &Entry::command},
                                         {"digest", &Entry::digest}}};

Failure cannot(const std::string& path, int e) {
    return Failure{Error{Code::io,
                         say("the journal {} cannot be written: {}", "无法写入操作日志 {}：{}", path, std::strerror(e)),
                         Text{"Nothing is changed without a journal: make its folder writable, or set XDG_STATE_HOME.",
                              "没有操作日志就不做任何改动：请使该目录可写，或设置 XDG_STATE_HOME。"},
                         {}}};
}

std::optional<Entry> entry_of(std::string_view line) {
    auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("event") || !json["event"].is_string()) return {};
    Entry e;
    auto word = json["event"].get<std::string>();
    bool known = false;
    for (auto& [event, text] : events)
        if (text == word) {
            e.event = event;
            known = true;
        }
    if (!known) return {}; // of a later imops
    for (auto& [key, member] : members)
        if (auto at = json.find(key); at != json.end() && at->is_string()) e.*member = at->get<std::string>();
    if (auto at = json.find("time"); at != json.end() && at->is_number()) e.time = at->get<double>();
    return e;
}

/// Whether the last line was cut off: the next one then begins a line of its own.
bool is_cut(int fd) {
    char last = '\n';
    auto size = ::lseek(fd, 0, SEEK_END);
    return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

} // namespace

std::string_view name(Event wanted) {
    for (auto& [event, text] : events)
        if (event == wanted) return text;
    return "";
}

Journal::Journal(std::string path) : path_{std::move(path)} {
    if (path_.empty()) return;
    auto folder = std::filesystem::path{path_}.parent_path().string();
    make_folder(folder);
    fd_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd_ < 0) throw cannot(path_, errno);
    struct stat st {};
    // its name must outlast a power cut as well
    int dir = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        ::fsync(dir);
        ::close(dir);
    }
    if (::fstat(fd_, &st) != 0 || !S_ISREG(st.st_mode) || ::fchmod(fd_, 0600) != 0) {
        int e = errno ? errno : EINVAL;
        ::close(fd_);
        fd_ = -1;
        throw cannot(path_, e);
    }
}

Journal::~Journal() {
    if (fd_ >= 0) ::close(fd_);
}

void Journal::add(Entry e) {
    if (fd_ < 0) return;
    if (e.time == 0)
        e.time = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    nlohmann::json json{{"event", name(e.event)}, {"time", e.time}};
    for (auto& [key, member] : members)
        if (!(e.*member).empty()) json[key] = one_line(e.*member, 2000);
    auto text = (is_cut(fd_) ? "\n" : "") + json.dump() + "\n";
    // in one piece: two runs may write at one time
    auto wrote = ::write(fd_, text.data(), text.size());
    if (wrote < 0) throw cannot(path_, errno);
    if (std::size_t(wrote) != text.size()) throw cannot(path_, ENOSPC);
    if (::fdatasync(fd_) != 0) throw cannot(path_, errno);
}

std::string journal_path(const std::string& deployment) {
    auto file = percent_escaped(deployment.empty() ? "unnamed" : deployment) + ".jsonl";
    if (::geteuid() == 0) return "/var/lib/imops/journal/" + file;
    auto* state = std::getenv("XDG_STATE_HOME");
    // one that is not absolute counts as none (XDG Base Directory Specification)
    std::string base = state && *state == '/' ? state : expand_home("~/.local/state");
    return base + "/imops/" + file;
}

std::pair<std::string, std::string> who_and_where() {
    auto* caller = std::getenv("SUDO_USER");
    std::string who = caller && ::geteuid() == 0 ? caller : "";
    if (who.empty()) {
        auto* user = ::getpwuid(::geteuid());
        who = user ? user->pw_name : std::to_string(::geteuid());
    }
    char machine[256] = "";
    ::gethostname(machine, sizeof machine - 1);
    return {who, machine};
}

Result<std::vector<Entry>> read_journal(const std::string& path) {
    std::vector<Entry> all;
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return all;
    auto text = read_file(path, 1u << 30);
    if (!text) return text.error();
    for (auto line : split(*text, '\n'))
        if (auto e = entry_of(line)) all.push_back(std::move(*e));
    return all;
}

std::optional<Progress> progress(const std::vector<Entry>& entries, std::string_view run) {
    using S = Progress::Step;
    std::optional<Progress> p;
    for (auto& e : entries) {
        bool known = p && p->run == e.run; // it was resumed
        if (e.event == Event::run && !known && (run.empty() || e.run == run))
            p = Progress{e.run, e.digest, {}, false, false};
        if (!p || e.run != p->run) continue;
        switch (e.event) {
        case Event::run: p->over = false; break;
        case Event::begin: p->steps[e.step] = S::begun; break;
        case Event::done: p->steps[e.step] = S::done; break;
        case Event::same: p->steps[e.step] = S::same; break;
        case Event::failed: p->steps[e.step] = S::failed; break;
        case Event::undo: p->steps[e.step] = S::undoing; break;
        case Event::undone: p->steps[e.step] = S::undone; break;
        case Event::not_undone: p->steps[e.step] = S::not_undone; break;
        case Event::back: p->back = true; break;
        case Event::over: p->over = true; break;
        }
    }
    return p;
}

} // namespace imops::change
