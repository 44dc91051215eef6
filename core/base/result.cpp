#include "core/base/library.hpp"

namespace imops {

std::string_view name(Code c) {
    switch (c) {
    case Code::usage: return "usage";
    case Code::config: return "config";
    case Code::io: return "io";
    case Code::parse: return "parse";
    case Code::internal: return "internal";
    case Code::interrupted: return "interrupted";
    case Code::name_not_found: return "name_not_found";
    case Code::refused: return "refused";
    case Code::timed_out: return "timed_out";
    case Code::unreachable: return "unreachable";
    case Code::not_ssh: return "not_ssh";
    case Code::handshake: return "handshake";
    case Code::host_key_unknown: return "host_key_unknown";
    case Code::host_key_changed: return "host_key_changed";
    case Code::host_key_revoked: return "host_key_revoked";
    case Code::key_refused: return "key_refused";
    case Code::key_unreadable: return "key_unreadable";
    case Code::password_refused: return "password_refused";
    case Code::no_method: return "no_method";
    case Code::sudo_refused: return "sudo_refused";
    case Code::no_shell: return "no_shell";
    case Code::no_channel: return "no_channel";
    case Code::lost: return "lost";
    case Code::unsupported: return "unsupported";
    case Code::tls_untrusted: return "tls_untrusted";
    case Code::not_http: return "not_http";
    case Code::redirect_loop: return "redirect_loop";
    case Code::remote: return "remote";
    case Code::too_long: return "too_long";
    }
    return "internal";
}

Error library_missing(std::string_view name, Text what_for, std::string_view package) {
    return {Code::unsupported,
            say("{}, {}, cannot be loaded", "无法加载 {}（{}）", name, what_for),
            say("Run: apt-get install {}", "执行：apt-get install {}", package),
            {}};
}

} // namespace imops
