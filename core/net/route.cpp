#include "core/net/route.hpp"
#include <pwd.h>
#include <unistd.h>

namespace imops::net {

Line place(const Host& host, const Route& route) {
    switch (route.transport) {
    case Transport::local: return say("{} (this machine)", "{}（本机）", host.name);
    case Transport::automatic:
    case Transport::libssh2:
    case Transport::openssh: break;
    }
    bool v6 = route.address.find(':') != std::string::npos;
    auto at = v6 ? fmt::format("[{}]:{}", route.address, route.port) : fmt::format("{}:{}", route.address, route.port);
    return say("{} ({})", "{}（{}）", host.name, at);
}

std::string printable(std::string_view foreign, std::size_t most) {
    std::string shown;
    for (unsigned char c : foreign.substr(0, most)) {
        if (c >= 0x20 && c < 0x7f)
            shown += char(c);
        else if (c == '\t' || c == '\r' || c == '\n')
            shown += ' ';
        else
            shown += fmt::format("\\x{:02x}", c);
    }
    while (!shown.empty() && shown.back() == ' ') shown.pop_back();
    if (foreign.size() > most) shown += "...";
    return shown;
}

namespace {
std::string from_passwd(char* passwd::*member) {
    passwd entry{}, *found = nullptr;
    std::string buffer(16384, '\0');
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
    return found->*member;
}
} // namespace

std::string home_folder() { return from_passwd(&passwd::pw_dir); }
std::string user_name() { return from_passwd(&passwd::pw_name); }

} // namespace imops::net
