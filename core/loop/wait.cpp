#include "core/loop/wait.hpp"
#include <algorithm>

namespace imops {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds slice{200}; // after which an interrupt is noticed

/// Rounded up: a wait that ends just before its deadline would spin until then.
milliseconds left(Clock::time_point deadline) {
    auto now = Clock::now();
    if (deadline <= now) return milliseconds{0};
    if (deadline - now > slice) return slice;
    return std::chrono::ceil<milliseconds>(deadline - now);
}

} // namespace

int wait_for(std::span<pollfd> fds, milliseconds at_most) {
    constexpr milliseconds most{3'600'000}; // what poll() takes is an int
    int ready = ::poll(fds.data(), fds.size(), int(std::clamp(at_most, milliseconds{0}, most).count()));
    if (ready < 0) // what stands in `revents` is of before
        for (auto& p : fds) p.revents = 0;
    return std::max(ready, 0);
}

bool wait_for(int fd, short events, milliseconds at_most) {
    pollfd p{fd, events, 0};
    return wait_for({&p, 1}, at_most) > 0;
}

Woken wait_until(std::span<pollfd> fds, Clock::time_point deadline, const volatile int* stop) {
    for (;;) {
        auto at_most = left(deadline);
        if (wait_for(fds, at_most) > 0) return Woken::ready;
        if (stop && *stop) return Woken::stopped;
        if (at_most == milliseconds{0}) return Woken::late;
    }
}

Woken wait_until(int fd, short events, Clock::time_point deadline, const volatile int* stop) {
    pollfd p{fd, events, 0};
    return wait_until({&p, 1}, deadline, stop);
}

bool pause_until(Clock::time_point end, const volatile int* stop) { return wait_until({}, end, stop) == Woken::late; }

} // namespace imops
