#pragma once
#include "core/remote/conversation.hpp"
#include "core/remote/script.hpp"
#include "core/render/render.hpp"

namespace imops::render {

/// A file as it is on its host.
struct LiveFile {
    enum class State {
        unknown,
        absent,
        unreadable,
        too_large,
        there
    } state = State::unknown; // unknown: the host did not say
    std::string text, mode, owner;
};

/// A script that prints those files; it only reads.
Script live_script(const std::vector<RenderedFile>&, std::string_view mark);

/// Takes its standard output.
class LiveReader {
    std::vector<LiveFile> files_;
    LiveFile* open_ = nullptr;
    remote::Conversation talk_;
    void told(std::string_view);

  public:
    LiveReader(std::size_t count, std::string_view mark);
    LiveReader(const LiveReader&) = delete;
    void out(std::string_view bytes) { talk_.add(Stream::out, bytes); }
    /// In the order of the files that were asked for.
    const std::vector<LiveFile>& files() const { return files_; }
};

/// How a live file stands to the one that belongs there.
enum class Standing {
    same,     // but for remarks
    missing,  // it is not there
    outdated, // imops wrote it, and imops.yaml, the template or a measured figure has changed
    edited,   // imops wrote it, and somebody has changed it by hand
    foreign,  // imops did not write it
    unreadable
};
Standing standing(const RenderedFile&, const LiveFile&);
Line words(Standing);

} // namespace imops::render
