#include "core/remote/conversation.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <string.h>

namespace imops::remote {

namespace {

constexpr std::size_t longest_line = 65536, noise_kept = 200, preface_kept = 8192;

/// memmem: a dump of gigabytes goes through here, and string::find stops at each line feed.
std::size_t find(std::string_view in, std::string_view what, std::size_t from) {
    auto* at = ::memmem(in.data() + from, in.size() - from, what.data(), what.size());
    return at ? std::size_t(static_cast<const char*>(at) - in.data()) : in.npos;
}

/// Where the beginning of a mark may stand that is not there whole yet; the size if nowhere.
std::size_t may_begin(std::string_view text, std::string_view mark, std::size_t from) {
    auto at = std::max(from, text.size() - std::min(text.size(), mark.size() - 1));
    for (at = text.find('\n', at); at != text.npos; at = text.find('\n', at + 1))
        if (mark.starts_with(text.substr(at))) return at;
    return text.size();
}

} // namespace

Conversation::Conversation(std::string_view mark, Ears ears)
    : mark_{"\n" + std::string{mark} + " "}, ears_{std::move(ears)} {
    out_.pending = err_.pending = "\n"; // a line of ours may begin with the very first byte
}

void Conversation::hand_on(Stream stream, std::string_view bytes) {
    if (bytes.empty()) return;
    if (stream == Stream::err && !met_ && preface_.size() < preface_kept)
        preface_ += bytes.substr(0, preface_kept - preface_.size());
    if (ears_.bytes && ears_.bytes(stream, bytes)) return;
    if (stream == Stream::out && over_) return;
    if (stream == Stream::out) noise_ += trim(bytes).size();
    if (noise_text_.size() < noise_kept) noise_text_ += bytes.substr(0, noise_kept - noise_text_.size());
}

void Conversation::line(Stream stream, std::string_view words) {
    if (stream == Stream::err) met_ = true;
    if (stream == Stream::out && words == "over") over_ = true;
    ears_.told(stream, words);
}

void Conversation::add(Stream stream, std::string_view bytes) {
    auto& side = stream == Stream::out ? out_ : err_;
    side.pending += bytes;
    std::string_view all = side.pending;
    std::size_t done = 0;
    auto text = [&](std::size_t until) {
        if (until <= done) return;
        auto from = done + (side.after_mark ? 1 : 0);
        side.after_mark = false;
        hand_on(stream, all.substr(from, until - from));
        done = until;
    };
    for (;;) {
        auto at = find(all, mark_, done);
        if (at == all.npos) {
            text(may_begin(all, mark_, done));
            break;
        }
        text(at);
        auto words = at + mark_.size(), end = all.find('\n', words);
        if (end == all.npos) {
            if (all.size() - words > longest_line)
                done = all.size(), side.after_mark = false; // not ours: they are short
            break;
        }
        auto said = all.substr(words, end - words);
        line(stream, said.ends_with('\r') ? said.substr(0, said.size() - 1) : said);
        done = end; // the line feed may begin the next line of ours
        side.after_mark = true;
    }
    side.pending.erase(0, done);
}

std::optional<std::string> Conversation::refused() const {
    constexpr std::string_view says = "imops-sudo: refused: ";
    auto at = preface_.find(says);
    if (at == preface_.npos) return {};
    auto why = std::string_view{preface_}.substr(at + says.size());
    return one_line(why.substr(0, why.find('\n')), 1500);
}

std::string_view next_word(std::string_view& line) {
    auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    return word;
}

} // namespace imops::remote
