#include "core/net/ssh2.hpp"
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>

namespace imops::net {

namespace {

constexpr std::size_t greeting_kept = 120;

Ssh2Events& events_of(void** abstract) { return **reinterpret_cast<Ssh2Events**>(abstract); }

ssize_t receive(libssh2_socket_t fd, void* buffer, std::size_t size, int flags, void** abstract) {
    auto& events = events_of(abstract);
    if (Clock::now() >= events.yield_at) return -EAGAIN;
    auto n = ::recv(fd, buffer, size, flags);
    if (n < 0) {
        bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        events.closed |= !later;
        return later ? -EAGAIN : -errno;
    }
    if (n == 0)
        events.closed = true;
    else if (events.greeting.size() < greeting_kept)
        events.greeting.append(static_cast<char*>(buffer),
                               std::min(std::size_t(n), greeting_kept - events.greeting.size()));
    return n;
}

void disconnected(LIBSSH2_SESSION*, int, const char* message, int length, const char*, int, void** abstract) {
    auto& events = events_of(abstract);
    events.closed = true;
    if (message && length > 0) events.goodbye = printable({message, std::size_t(length)});
}

} // namespace

void FreeSsh2::operator()(LIBSSH2_SESSION* s) const {
    // With the socket shut nothing can make it wait; the loop is for the one answer "again" that may be left over.
    for (int i = 0; i < 100 && libssh2_session_free(s) == LIBSSH2_ERROR_EAGAIN; ++i) {}
}

Ssh2 make_ssh2(Ssh2Events& events) {
    Ssh2 ssh{libssh2_session_init_ex(nullptr, nullptr, nullptr, &events)};
    if (!ssh) return ssh;
    libssh2_session_set_blocking(ssh.get(), 0);
    libssh2_session_callback_set(ssh.get(), LIBSSH2_CALLBACK_RECV, reinterpret_cast<void*>(&receive));
    libssh2_session_callback_set(ssh.get(), LIBSSH2_CALLBACK_DISCONNECT, reinterpret_cast<void*>(&disconnected));
    return ssh;
}

std::string last_words(LIBSSH2_SESSION* ssh) {
    char* words = nullptr;
    int size = 0;
    libssh2_session_last_error(ssh, &words, &size, 0);
    return words && size > 0 ? printable({words, std::size_t(size)}) : std::string{};
}

bool rsa_works() { return libssh2_version(0x010b00) != nullptr; }

} // namespace imops::net
