#pragma once
#include "core/net/fleet.hpp"
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace imops::remote {

/// The two streams of a script of ours, in pieces cut anywhere. A line that begins with the mark speaks to us; all
/// bytes between two such lines are handed on as they are, whatever they hold, but for the line feed before a mark. So
/// a file or a dump is what stands between two marks: no coding, no length that the host would have to know beforehand,
/// and one that is cut off has no mark at its end. Memory is bounded whatever the host prints.
class Conversation {
  public:
    struct Ears {
        std::function<void(Stream, std::string_view words)> told;
        /// Bytes between two marks. False: they belong to nothing, and are noise (banner, motd, a shell's own words).
        std::function<bool(Stream, std::string_view bytes)> bytes;
    };
    Conversation(std::string_view mark, Ears);
    void add(Stream, std::string_view bytes);

    bool over() const { return over_; }                           // it said `over`: the script came to its end
    std::size_t noise() const { return noise_; }                  // bytes of noise on standard output, before `over`
    const std::string& noise_text() const { return noise_text_; } // the first 200 of both streams
    /// Why sudo refused, if it did; the script runs without root then. One line, foreign text.
    std::optional<std::string> refused() const;

  private:
    struct Side {
        std::string pending;
        bool after_mark = true; // the first byte of `pending` is the line feed of a line of ours
    };
    void hand_on(Stream, std::string_view);
    void line(Stream, std::string_view words);
    std::string mark_;
    Ears ears_;
    Side out_, err_;
    bool over_ = false, met_ = false; // met_: a line of ours has come on standard error
    std::size_t noise_ = 0;
    std::string noise_text_, preface_; // preface_: standard error before that
};

/// The first word of a line, which is taken away with the blank behind it.
std::string_view next_word(std::string_view& line);

} // namespace imops::remote
