#include "core/facts/script.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <sys/random.h>

namespace imops {

std::string random_nonce() {
    unsigned char bytes[16];
    if (::getrandom(bytes, sizeof bytes, 0) != ssize_t(sizeof bytes))
        throw Failure{Error{Code::internal, Text{"no random numbers", "无法获得随机数"}, {}, {}}};
    std::string nonce = "imops-";
    for (auto b : bytes) nonce += fmt::format("{:02x}", b);
    return nonce;
}

std::string fact_script(std::span<const FactDef* const> facts, const Variables& variables, std::string_view nonce) {
    std::string s = fmt::format("imops_mark={}\n", shell_quote(nonce));
    for (auto& [name, value] : variables) s += fmt::format("{}={}\n", name, shell_quote(value));
    // One function: the shell has read all of the script before any of it runs, and standard input is free for the
    // watcher.
    bool active = std::any_of(facts.begin(), facts.end(), [](auto* f) { return f->active; });
    s += active ? "# imops: these fragments write a small file or open a port on purpose, and remove it again.\n"
                : "# imops: this script only reads. Nothing is written to any disk; nothing stays behind.\n";
    s += "imops_main() {\n";
    s += embedded_prelude()[0].text;
    for (auto* f : facts) {
        if (!f->with.empty()) continue; // another fragment prints it
        auto limit = std::max(1, int(f->timeout.seconds));
        s += fmt::format("\nif begin {} {}{}; then (\n{}\n) 3<&- & finish $!; fi\n", shell_quote(f->id), limit,
                         f->root ? " root" : " ''", trim(f->sh));
    }
    s += "\ntrap '' TERM ALRM\nkill \"$imops_ticker\" \"$imops_link\" 2>/dev/null\nprintf '\\n%s over\\n' "
         "\"$imops_mark\"\nexit 0\n}\nimops_main\n";
    return s;
}

FrameReader::FrameReader(std::span<const FactDef* const> facts, std::string nonce, std::function<double()> clock)
    : mark_{"\n" + nonce + " "}, clock_{std::move(clock)} {
    for (auto* f : facts) {
        wanted_.insert(f->id);
        if (!f->with.empty()) with_[f->with].push_back(f->id);
    }
    out_.pending = err_.pending = "\n"; // a frame may begin with the very first byte
    out_.limit = out_limit;
    err_.limit = err_limit;
}

void FrameReader::text(Side& side, std::string_view bytes, bool is_out) {
    if (!side.into) {
        if (is_out && finished_) return;
        if (is_out) noise_ += trim(bytes).size();
        if (noise_text_.size() < 200) noise_text_ += bytes.substr(0, 200 - noise_text_.size());
        return;
    }
    auto room = side.limit - std::min(side.limit, side.into->size());
    if (bytes.size() > room) side.over = true;
    side.into->append(bytes.substr(0, room));
}

/// "begin ID", "also ID", "end ID STATUS" or "over".
void FrameReader::line(Side& side, std::string_view words, bool is_out) {
    auto parts = split(words, ' ');
    if (parts[0] == "over") {
        finished_ = true;
        side.into = nullptr;
        return;
    }
    if (parts.size() == 2 && parts[0] == "root") root_ = parts[1] == "1";
    if (parts.size() < 2 || !wanted_.contains(parts[1])) return;
    auto& raw = facts_[std::string{parts[1]}];
    if (parts[0] == "begin") {
        side.into = is_out ? &raw.out : &raw.err;
        side.over = false;
        if (is_out) current_ = parts[1];
    } else if (parts[0] == "also") {
        if (!is_out || !side.into) return;
        if (side.over) facts_[current_].got = Got::too_long;
        side.into = &raw.out;
        side.over = false;
        current_ = parts[1];
    } else if (parts[0] == "end") {
        side.into = nullptr;
        if (!is_out || parts.size() < 3) return;
        if (side.over) facts_[current_].got = Got::too_long;
        auto end = [&, at = clock_(), status = int(parse_number(parts[2]).value_or(0))](Raw& fact) {
            fact.at = at;
            fact.status = status;
            if (parts[2] == "timed_out")
                fact.got = Got::timed_out;
            else if (parts[2] == "needs_root")
                fact.got = Got::needs_root;
            else if (fact.got == Got::too_long)
                return;
            else if (status == 77)
                fact.got = Got::absent;
            else
                fact.got = status == 0 ? Got::ok : Got::failed;
        };
        end(raw);
        if (auto others = with_.find(parts[1]); others != with_.end()) // one process: they fare alike
            for (auto& id : others->second) {
                auto& other = facts_[id];
                end(other);
                if (other.got != Got::ok) other.err = raw.err;
            }
    }
}

void FrameReader::take(Side& side, std::string_view bytes, bool is_out) {
    side.pending += bytes;
    std::size_t done = 0;
    for (;;) {
        auto at = side.pending.find(mark_, done);
        if (at == side.pending.npos) {
            // all but what may be the beginning of a mark
            auto keep = std::min(side.pending.size() - done, mark_.size());
            auto last = side.pending.rfind('\n');
            auto flush = last != side.pending.npos && last >= side.pending.size() - keep ? last : side.pending.size();
            if (flush > done) text(side, std::string_view{side.pending}.substr(done, flush - done), is_out);
            done = std::max(done, flush);
            break;
        }
        text(side, std::string_view{side.pending}.substr(done, at - done), is_out);
        done = at;
        auto words = at + mark_.size();
        auto end = side.pending.find('\n', words);
        if (end == side.pending.npos) {
            if (side.pending.size() - words > 4096) side.pending.clear(), done = 0; // not ours: marks are short
            break;
        }
        line(side, std::string_view{side.pending}.substr(words, end - words), is_out);
        done = end + 1;
    }
    side.pending.erase(0, done);
}

Facts FrameReader::facts() {
    for (auto& id : wanted_) facts_.try_emplace(id);
    for (auto& [id, raw] : facts_) {
        while (raw.out.ends_with('\n')) raw.out.pop_back();
        raw.out = plain(raw.out, out_limit);
        raw.err = plain(trim(raw.err), err_limit);
    }
    return std::move(facts_);
}

} // namespace imops
