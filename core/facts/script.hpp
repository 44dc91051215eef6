#pragma once
#include "core/facts/fact.hpp"
#include "core/remote/conversation.hpp"
#include "core/remote/script.hpp"
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// All facts of a host in one POSIX script, and the way back from its two streams.
namespace imops {

/// What the pack's fragments may use: "$IMOPS_HOST" and the like, name and value.
using Variables = std::vector<std::pair<std::string, std::string>>;

/// One script that reads them: it reads standard input only to notice that the link has died. Each fact runs in a
/// process of its own with its own limit and is framed by `mark` on both streams. `facts` in the order given.
Script fact_script(std::span<const FactDef* const> facts, const Variables&, std::string_view mark,
                   std::chrono::milliseconds limit = std::chrono::seconds{60});

using remote::random_mark;

/// Takes the two streams of such a script, in pieces cut anywhere, and gives facts. Noise before, between and after
/// frames (banner, motd, a shell's own messages) is counted and dropped. Memory is bounded whatever the host prints.
class FrameReader {
    struct Side {
        std::string* into = nullptr; // the fact that is being read
        bool over = false;           // it exceeded its limit on this side
        std::size_t limit = 0;
    };
    remote::Conversation talk_;
    std::set<std::string, std::less<>> wanted_;
    std::map<std::string, std::vector<std::string>, std::less<>> with_; // facts that the fragment of another prints
    std::function<double()> clock_;
    Side out_, err_;
    std::string current_; // what standard output belongs to
    Facts facts_;
    bool root_ = false;

    Side& side(Stream s) { return s == Stream::out ? out_ : err_; }
    void told(Stream, std::string_view words);
    void ended(const std::string& id, std::string_view how);
    bool text(Stream, std::string_view bytes);

  public:
    static constexpr std::size_t out_limit = 1u << 20, err_limit = 4096;

    FrameReader(std::span<const FactDef* const> facts, std::string_view mark, std::function<double()> clock);
    FrameReader(const FrameReader&) = delete;
    void out(std::string_view bytes) { talk_.add(Stream::out, bytes); }
    void err(std::string_view bytes) { talk_.add(Stream::err, bytes); }
    bool finished() const { return talk_.over(); }          // the script came to its end
    bool root() const { return root_; }                     // it ran as root
    const std::string& current() const { return current_; } // the fact that was begun last
    const remote::Conversation& talk() const { return talk_; }
    std::size_t noise() const { return talk_.noise(); } // bytes on standard output outside of frames
    const std::string& noise_text() const { return talk_.noise_text(); }
    /// What has been read; facts that were asked for and never answered are `lost`. Text is made well-formed UTF-8.
    Facts facts();
};

} // namespace imops
