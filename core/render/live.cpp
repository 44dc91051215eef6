#include "core/render/live.hpp"
#include "core/base/string.hpp"
#include "core/render/scripts.hpp"
#include "core/render/stamp.hpp"
#include <algorithm>
#include <charconv>

namespace imops::render {

namespace {
constexpr std::size_t body_limit = 8u << 20; // the script refuses files of half of it: one may grow meanwhile
}

Script live_script(const std::vector<RenderedFile>& files, std::string_view mark) {
    std::string body{part_of_script("live.sh")};
    for (std::size_t i = 0; i < files.size(); ++i)
        body += fmt::format("imops_live {} {}\n", i, shell_quote(files[i].path));
    return remote::script(Effect::read, mark, {}, body + "imops_unwatch\n", std::chrono::seconds{60});
}

LiveReader::LiveReader(std::size_t count, std::string_view mark)
    : files_(count),
      talk_{mark,
            {[this](Stream stream, std::string_view line) {
                 if (stream == Stream::out) told(line);
             },
             [this](Stream stream, std::string_view bytes) {
                 if (stream == Stream::err || !open_) return false;
                 open_->text += bytes.substr(0, body_limit - std::min(body_limit, open_->text.size()));
                 return true;
             }}} {}

void LiveReader::told(std::string_view line) {
    auto word = remote::next_word(line), digits = remote::next_word(line);
    std::size_t number = files_.size();
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number >= files_.size()) return;
    auto& f = files_[number];
    if (word == "done") {
        bool whole = open_ == &f && line == "0" && f.text.size() < body_limit;
        f.state = whole ? LiveFile::State::there : LiveFile::State::unreadable;
        if (!whole) f.text.clear();
        open_ = nullptr;
        return;
    }
    if (word == "absent") f.state = LiveFile::State::absent;
    if (word == "unreadable") f.state = LiveFile::State::unreadable;
    if (word == "too_large") f.state = LiveFile::State::too_large;
    if (word == "file") open_ = &f, f.text.clear();
    f.mode = remote::next_word(line);
    f.owner = remote::next_word(line);
}

Standing standing(const RenderedFile& f, const LiveFile& live) {
    switch (live.state) {
    case LiveFile::State::absent: return Standing::missing;
    case LiveFile::State::unknown:
    case LiveFile::State::unreadable:
    case LiveFile::State::too_large: return Standing::unreadable;
    case LiveFile::State::there: break;
    }
    auto format = f.from->format;
    auto stamp = read_stamp(format, live.text);
    if (essence(format, f.text) == essence(format, live.text)) return Standing::same;
    if (!stamp) return Standing::foreign;
    return stamp->intact ? Standing::outdated : Standing::edited;
}

Line words(Standing s) {
    switch (s) {
    case Standing::same: return Text{"the same", "一致"};
    case Standing::missing: return Text{"not there yet", "尚不存在"};
    case Standing::outdated:
        return Text{"as imops wrote it before: imops.yaml, the template or a measured figure has changed since",
                    "仍是 imops 以前写的内容：此后 imops.yaml、模板或实测数据有变化"};
    case Standing::edited: return Text{"edited by hand since imops wrote it", "imops 写入后被人手工修改过"};
    case Standing::foreign: return Text{"not written by imops", "不是 imops 写的"};
    case Standing::unreadable: return Text{"could not be read", "无法读取"};
    }
    return {};
}

} // namespace imops::render
