#pragma once
#include "core/facts/fact.hpp"
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

/// The script for `sh -s`: reads standard input only to notice that the link has died. Each fact runs in a process of
/// its own with its own limit and is framed by `nonce` on both streams. `facts` in the order given.
std::string fact_script(std::span<const FactDef* const> facts, const Variables&, std::string_view nonce);

/// 128 random bits in hexadecimal: a mark that no output can guess.
std::string random_nonce();

/// Takes the two streams of such a script, in pieces cut anywhere, and gives facts. Noise before, between and after
/// frames (banner, motd, a shell's own messages) is counted and dropped. Memory is bounded whatever the host prints.
class FrameReader {
    struct Side {
        std::string pending; // not yet judged
        std::string* into = nullptr;
        bool over = false; // the current fact exceeded its limit on this side
        bool inside = false;
        std::size_t limit = 0;
    };
    std::string mark_;
    std::set<std::string, std::less<>> wanted_;
    std::map<std::string, std::vector<std::string>, std::less<>> with_; // facts that the fragment of another prints
    std::function<double()> clock_;
    Side out_, err_;
    std::string current_; // what standard output belongs to
    Facts facts_;
    std::size_t noise_ = 0;
    std::string noise_text_;
    bool finished_ = false, root_ = false;

    void take(Side&, std::string_view, bool is_out);
    void line(Side&, std::string_view, bool is_out);
    void text(Side&, std::string_view, bool is_out);

  public:
    static constexpr std::size_t out_limit = 1u << 20, err_limit = 4096;

    FrameReader(std::span<const FactDef* const> facts, std::string nonce, std::function<double()> clock);
    void out(std::string_view bytes) { take(out_, bytes, true); }
    void err(std::string_view bytes) { take(err_, bytes, false); }
    bool finished() const { return finished_; }  // the script came to its end
    bool root() const { return root_; }          // it ran as root
    std::size_t noise() const { return noise_; } // bytes on standard output outside of frames
    const std::string& noise_text() const {
        return noise_text_;
    } // the first 200 of standard error and output outside of frames
    /// What has been read; facts that were asked for and never answered are `lost`. Text is made well-formed UTF-8.
    Facts facts();
};

} // namespace imops
