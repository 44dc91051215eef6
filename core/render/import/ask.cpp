#include "core/render/import/ask.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>
#include <array>

namespace imops::render {

namespace {

constexpr std::string_view script = R"sh(
# imops: this script only reads. Nothing is written to any disk; nothing stays behind.
LC_ALL=C
export LC_ALL
left=@HOST_LIMIT@
say() { printf '\n%s %s\n' "$mark" "$*"; }
file() {
    [ -e "$1" ] || [ -L "$1" ] || return 0
    case $1 in *[!A-Za-z0-9._/@%+,=:-]*) say odd; return ;; esac
    [ -e "$1" ] || { say unreadable "$1"; return; }
    [ -f "$1" ] || { [ -d "$1" ] || say irregular "$1"; return; }
    [ -r "$1" ] || { say unreadable "$1"; return; }
    size=$(wc -c <"$1") || { say unreadable "$1"; return; }
    if [ "$size" -gt @FILE_LIMIT@ ] || [ "$size" -gt "$left" ]; then say large "$1" $size; return; fi
    left=$((left - size))
    say file "$1"
    head -c @FILE_LIMIT@ <"$1" | base64
    say end
}
unit() { # service, unit...
    service=$1
    shift
    for u in "$@"; do
        if systemctl is-active --quiet "$u" 2>/dev/null; then say runs "$service"; return; fi
    done
}
main() {
    command -v base64 >/dev/null || { say nobase64; say over; exit 0; }
    for f in @PLACES@; do file "$f"; done
    for p in /proc/[0-9]*; do
        comm=
        read -r comm 2>/dev/null <"$p/comm" || continue
        case $comm in
        nginx) say runs nginx ;;
        haproxy) say runs haproxy ;;
        postgres) say runs postgresql ;;
        redis-server) say runs redis ;;
        turnserver) say runs coturn ;;
        beam* | lua* | prosody | python*)
            case $(tr '\0' ' ' 2>/dev/null <"$p/cmdline") in
            *ejabberd*) say runs ejabberd ;;
            *prosody*) say runs prosody ;;
            *synapse.app.*) say runs synapse ;;
            esac ;;
        esac
    done
    if command -v systemctl >/dev/null; then
        unit synapse matrix-synapse
        unit ejabberd ejabberd
        unit prosody prosody
        unit nginx nginx
        unit haproxy haproxy
        unit postgresql postgresql
        unit redis redis-server redis
        unit coturn coturn
    fi
    say over
    exit 0
}
main </dev/null
)sh";

void replace(std::string& s, std::string_view what, const std::string& by) {
    for (auto at = s.find(what); at != s.npos; at = s.find(what, at + by.size())) s.replace(at, what.size(), by);
}

/// Takes the lines of the answer in order.
class Answer {
    OldHost& into_;
    std::string path_, body_;
    bool open_ = false;
    std::size_t total_ = 0;

    void unread(const std::string& file, Line why) { into_.unread.push_back({file, 0, std::move(why)}); }

    void close() {
        auto text = from_base64(body_);
        total_ += text ? text->size() : 0;
        if (!text || text->size() > old_file_limit || total_ > old_host_limit)
            unread(path_, Text{"did not arrive whole", "没有完整收到"});
        else
            into_.files[path_] = std::move(*text);
        body_.clear();
        open_ = false;
    }

  public:
    bool over = false, base64 = true;
    explicit Answer(OldHost& into) : into_{into} {}

    void text(std::string_view line) {
        if (open_ && body_.size() < old_file_limit * 2) body_.append(line);
    }
    void line(std::string_view words) {
        auto parts = split(words, ' ');
        bool ours = parts.size() > 1 && std::ranges::any_of(old_places(), [&](auto& place) {
                        return matches(place, std::string{parts[1]});
                    });
        auto path = ours ? std::string{parts[1]} : std::string{};
        auto verb = parts[0];
        if (verb == "end" && open_) close();
        if (verb == "file" && ours) path_ = path, open_ = true, body_.clear();
        if (verb == "unreadable" && ours) unread(path, Text{"may not be read by this user", "当前用户无权读取"});
        if (verb == "irregular" && ours) unread(path, Text{"is no regular file", "不是普通文件"});
        if (verb == "large" && ours)
            unread(path, say("is too large: at most {} of one file and {} of a host are read",
                             "过大：单个文件最多读取 {}，每台主机最多 {}", show_bytes(double(old_file_limit)),
                             show_bytes(double(old_host_limit))));
        if (verb == "odd")
            unread("/etc", Text{"a file whose name has odd characters was left out", "有文件名含特殊字符，未读取"});
        if (verb == "nobase64") base64 = false;
        if (verb == "over") over = true;
        if (verb == "runs" && parts.size() > 1)
            for (auto& u : old_units())
                if (u.service == parts[1]) into_.running.emplace(parts[1]);
    }
};

} // namespace

std::string ask_script(std::string_view nonce) {
    std::string s{script}, places;
    for (auto& p : old_places()) places += (places.empty() ? "" : " ") + p; // patterns of our own: nothing to quote
    replace(s, "@PLACES@", places);
    replace(s, "@FILE_LIMIT@", std::to_string(old_file_limit));
    replace(s, "@HOST_LIMIT@", std::to_string(old_host_limit));
    return fmt::format("mark={}{}", shell_quote(nonce), s);
}

void read_answer(std::string_view nonce, std::string_view answer, OldHost& into) {
    Answer a{into};
    auto mark = std::string{nonce} + " ";
    for (auto line : split(answer, '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with(mark))
            a.line(line.substr(mark.size()));
        else
            a.text(line);
    }
    into.looked = true;
    if (!a.base64)
        into.error = Error{Code::no_shell,
                           Text{"there is no program base64 on the host", "主机上没有 base64 程序"},
                           Text{"Install coreutils or busybox there.", "请在主机上安装 coreutils 或 busybox。"},
                           {}};
    else if (!a.over)
        into.error =
            Error{Code::no_shell,
                  Text{"the script did not come to its end", "脚本未能执行完毕"},
                  Text{"Log in by hand and run `sh -c 'echo fine'`: the user needs a POSIX sh and must not be forced "
                       "into another command.",
                       "请手工登录并执行 `sh -c 'echo fine'`：该用户需要 POSIX sh，且不能被强制执行其他命令。"},
                  {}};
}

} // namespace imops::render
