#include "core/facts/script.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/string.hpp"
#include <algorithm>

namespace imops {

Script fact_script(std::span<const FactDef* const> facts, const Variables& variables, std::string_view mark,
                   std::chrono::milliseconds limit) {
    std::string head, body{embedded_prelude()[0].text};
    for (auto& [name, value] : variables) head += fmt::format("{}={}\n", name, shell_quote(value));
    bool active = std::any_of(facts.begin(), facts.end(), [](auto* f) { return f->active; });
    head += active ? "# imops: these fragments write a small file or open a port on purpose, and remove it again.\n"
                   : "# imops: this script only reads. Nothing is written to any disk; nothing stays behind.\n";
    for (auto* f : facts) {
        if (!f->with.empty()) continue; // another fragment prints it
        auto seconds = std::max(1, int(f->timeout.seconds));
        body += fmt::format("\nif begin {} {}{}; then (\n{}\n) 3<&- & finish $!; fi\n", shell_quote(f->id), seconds,
                            f->root ? " root" : " ''", trim(f->sh));
    }
    body += "\ntrap '' TERM ALRM\nimops_unwatch\nimops_clock_off\ntell over";
    return remote::script(Effect::read, mark, head, body, limit);
}

FrameReader::FrameReader(std::span<const FactDef* const> facts, std::string_view mark, std::function<double()> clock)
    : talk_{mark,
            {[this](Stream s, std::string_view words) { told(s, words); },
             [this](Stream s, std::string_view bytes) { return text(s, bytes); }}},
      clock_{std::move(clock)} {
    for (auto* f : facts) {
        wanted_.insert(f->id);
        if (!f->with.empty()) with_[f->with].push_back(f->id);
    }
    out_.limit = out_limit;
    err_.limit = err_limit;
}

bool FrameReader::text(Stream stream, std::string_view bytes) {
    auto& to = side(stream);
    if (!to.into) return false;
    auto room = to.limit - std::min(to.limit, to.into->size());
    if (bytes.size() > room) to.over = true;
    to.into->append(bytes.substr(0, room));
    return true;
}

/// "begin ID", "also ID", "end ID STATUS" or "over".
void FrameReader::told(Stream stream, std::string_view words) {
    auto& to = side(stream);
    bool is_out = stream == Stream::out;
    auto parts = split(words, ' ');
    if (parts[0] == "over") to.into = nullptr;
    if (parts.size() == 2 && parts[0] == "root") root_ = parts[1] == "1";
    if (parts.size() < 2 || !wanted_.contains(parts[1])) return;
    auto id = std::string{parts[1]};
    auto& raw = facts_[id];
    if (parts[0] == "begin") {
        to.into = is_out ? &raw.out : &raw.err;
        to.over = false;
        if (is_out) current_ = id;
    } else if (parts[0] == "also") {
        if (!is_out || !to.into) return;
        if (to.over) facts_[current_].got = Got::too_long;
        to.into = &raw.out;
        to.over = false;
        current_ = id;
    } else if (parts[0] == "end") {
        to.into = nullptr;
        if (!is_out || parts.size() < 3) return;
        if (to.over) facts_[current_].got = Got::too_long;
        ended(id, parts[2]);
    }
}

/// The process of a fact has ended, and with it those that it printed for others: they fare alike.
void FrameReader::ended(const std::string& id, std::string_view how) {
    auto end = [&, at = clock_(), status = int(parse_number(how).value_or(0))](Raw& fact) {
        fact.at = at;
        fact.status = status;
        if (how == "timed_out")
            fact.got = Got::timed_out;
        else if (how == "needs_root")
            fact.got = Got::needs_root;
        else if (fact.got == Got::too_long)
            return;
        else if (status == 77)
            fact.got = Got::absent;
        else
            fact.got = status == 0 ? Got::ok : Got::failed;
    };
    auto& raw = facts_[id];
    end(raw);
    auto others = with_.find(id);
    if (others == with_.end()) return;
    for (auto& other_id : others->second) {
        auto& other = facts_[other_id];
        end(other);
        if (other.got != Got::ok) other.err = raw.err;
    }
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
