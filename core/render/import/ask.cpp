#include "core/render/import/ask.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/render/scripts.hpp"
#include <algorithm>

namespace imops::render {

Script ask_script(std::string_view mark) {
    // Patterns of our own: nothing to quote. They are expanded there.
    auto places = fmt::format("imops_places='{}'\nimops_file_limit={}\nimops_host_limit={}\n",
                              fmt::join(old_places(), " "), old_file_limit, old_host_limit);
    return remote::script(Effect::read, mark, places, part_of_script("ask.sh"), std::chrono::seconds{60});
}

AnswerReader::AnswerReader(std::string_view mark, OldHost& into)
    : into_{into},
      talk_{mark,
            {[this](Stream stream, std::string_view words) {
                 if (stream == Stream::out) told(words);
             },
             [this](Stream stream, std::string_view bytes) {
                 if (stream == Stream::err || !open_) return false;
                 body_ += bytes.substr(0, old_file_limit + 1 - std::min(old_file_limit + 1, body_.size()));
                 return true;
             }}} {}

void AnswerReader::unread(const std::string& file, Line why) { into_.unread.push_back({file, 0, std::move(why)}); }

void AnswerReader::close(std::string_view status) {
    total_ += body_.size();
    if (status != "0" || body_.size() > old_file_limit || total_ > old_host_limit)
        unread(path_, Text{"did not arrive whole", "没有完整收到"});
    else
        into_.files[path_] = std::move(body_);
    body_.clear();
    open_ = false;
}

void AnswerReader::told(std::string_view words) {
    auto parts = split(words, ' ');
    bool ours = parts.size() > 1 &&
                std::ranges::any_of(old_places(), [&](auto& place) { return matches(place, std::string{parts[1]}); });
    auto path = ours ? std::string{parts[1]} : std::string{};
    auto verb = parts[0];
    if (verb == "end" && open_) close(parts.size() > 1 ? parts[1] : "");
    if (verb == "file" && ours) path_ = path, open_ = true, body_.clear();
    if (verb == "unreadable" && ours) unread(path, Text{"may not be read by this user", "当前用户无权读取"});
    if (verb == "irregular" && ours) unread(path, Text{"is no regular file", "不是普通文件"});
    if (verb == "large" && ours)
        unread(path, say("is too large: at most {} of one file and {} of a host are read",
                         "过大：单个文件最多读取 {}，每台主机最多 {}", show_bytes(double(old_file_limit)),
                         show_bytes(double(old_host_limit))));
    if (verb == "odd")
        unread("/etc", Text{"a file whose name has odd characters was left out", "有文件名含特殊字符，未读取"});
    if (verb == "runs" && parts.size() > 1)
        for (auto& u : old_units())
            if (u.service == parts[1]) into_.running.emplace(parts[1]);
}

void AnswerReader::finish() {
    into_.looked = true;
    if (!talk_.over())
        into_.error =
            Error{Code::no_shell,
                  Text{"the script did not come to its end", "脚本未能执行完毕"},
                  Text{"Log in by hand and run `sh -c 'echo fine'`: the user needs a POSIX sh and must not be forced "
                       "into another command.",
                       "请手工登录并执行 `sh -c 'echo fine'`：该用户需要 POSIX sh，且不能被强制执行其他命令。"},
                  {}};
    if (auto why = talk_.refused())
        unread("sudo", say("refused, so only what everybody may read was read: {}",
                           "被拒绝，只能读取所有人可读的文件：{}", one_line(*why, 200)));
}

} // namespace imops::render
