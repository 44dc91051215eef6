#include "core/net/command.hpp"

namespace imops::net {

namespace {

// sudo reads the password from standard input only if it wants one; this line tells where the script begins either way.
constexpr std::string_view begin_mark = "imops-go";

constexpr std::string_view plain = R"sh(exec sh -s)sh";

// The last line of sudo's message is the telling one: a lecture may stand before it.
constexpr std::string_view refused =
    R"sh(printf "imops-sudo: refused: %s\n" "$(printf "%s" "$e" | tail -n 1)" >&2; )sh";

constexpr std::string_view ask_begin =
    R"sh(if [ "$(id -u)" = 0 ]; then echo "imops-sudo: ok" >&2; exec sh -s; fi; )sh"
    R"sh(if e=$(LC_ALL=C sudo -n sh -c : 2>&1 </dev/null); then echo "imops-sudo: ok" >&2; exec sudo -n sh -s; fi; )sh";

// Standard input is: password, password, begin_mark, script. The first is read here and tried; the second is left for
// the sudo that stays. sudo -S takes its line byte by byte and leaves the rest. Whoever comes last skips to begin_mark,
// so a password that sudo did not want is dropped and never reaches the script's shell. -k: no cached credentials, so
// both calls behave alike. unset and set +a: an environment that exports imops_p, or everything, must not show the
// password. printf must be a builtin, for an external one would show it in ps.
constexpr std::string_view password_begin =
    R"sh(unset imops_p; set +a; IFS= read -r imops_p; )sh"
    R"sh(r="while IFS= read -r l; do case \$l in imops-go) exec sh -s;; esac; done"; )sh"
    R"sh(if [ "$(id -u)" = 0 ]; then unset imops_p; echo "imops-sudo: ok" >&2; eval "$r"; exit 0; fi; )sh"
    R"sh(if LC_ALL=C sudo -n sh -c : >/dev/null 2>&1 </dev/null; then unset imops_p; )sh"
    R"sh(echo "imops-sudo: ok" >&2; exec sudo -n sh -c "$r"; fi; )sh"
    R"sh(case $(command -v printf) in printf) )sh"
    R"sh(if e=$(printf "%s\n" "$imops_p" | LC_ALL=C sudo -S -k -p "" sh -c : 2>&1); then )sh"
    R"sh(unset imops_p; echo "imops-sudo: ok" >&2; )sh"
    R"sh(exec sudo -S -k -p "" sh -c "$r"; fi;; )sh"
    R"sh(*) e="printf is no builtin of this sh: it would show the password in ps";; esac; unset imops_p; )sh";

std::string body(Rise rise) {
    switch (rise) {
    case Rise::none: return std::string(plain);
    case Rise::ask: return std::string(ask_begin).append(refused).append(plain);
    case Rise::password: return std::string(password_begin).append(refused).append(R"sh(eval "$r")sh");
    }
    return {};
}

/// The body, with the one status that the carrier cannot show turned into another.
std::string showing(int status, const std::string& body) {
    return fmt::format("({}); s=$?; case $s in {}) exit {};; {}) exit 1;; esac; exit $s", body, status, hidden_status,
                       hidden_status);
}

} // namespace

std::string remote_command(Rise rise, Carrier carrier) {
    switch (carrier) {
    case Carrier::local: return rise == Rise::none ? std::string("sh -s") : fmt::format("sh -c '{}'", body(rise));
    case Carrier::openssh: return "sh -c 'echo imops-started >&2; " + showing(255, body(rise)) + "'";
    case Carrier::libssh2: return "sh -c '" + showing(0, body(rise)) + "'";
    }
    return {};
}

Result<std::string> input_prefix(Rise rise, const Secret* password) {
    if (rise != Rise::password || !password) return std::string{};
    if (password->reveal().find_first_of(std::string_view{"\n\0", 2}) != std::string_view::npos)
        return Error{Code::config,
                     say("the sudo password ({}) holds a line feed or a zero byte", "sudo 密码（{}）包含换行符或零字节",
                         password->origin()),
                     Text{"Store the password alone, on one line.", "请只保存密码本身，且只占一行。"},
                     {}};
    std::string lines;
    lines.reserve(2 * password->reveal().size() + begin_mark.size() +
                  3); // one block: no copy of the password stays in freed memory
    for (int i = 0; i < 2; ++i) lines.append(password->reveal()).push_back('\n');
    lines.append(begin_mark).push_back('\n');
    return lines;
}

} // namespace imops::net
