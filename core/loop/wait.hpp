#pragma once
#include <chrono>
#include <poll.h>
#include <span>

namespace imops {

/// Waits at most so long for one of `fds`; a signal ends it early. How many are ready: their `revents` say for what.
int wait_for(std::span<pollfd> fds, std::chrono::milliseconds at_most);
/// The same for one descriptor; below 0: just the time.
bool wait_for(int fd, short events, std::chrono::milliseconds at_most);

enum class Woken { ready, late, stopped };

/// Waits until one of `fds` is ready, whatever the time; else until the deadline, or until `stop` (may be null) has
/// become non-zero, which is noticed within 200 ms.
Woken wait_until(std::span<pollfd> fds, std::chrono::steady_clock::time_point deadline, const volatile int* stop);
Woken wait_until(int fd, short events, std::chrono::steady_clock::time_point deadline, const volatile int* stop);

/// Lets time pass. False: `stop` (may be null) has become non-zero before.
bool pause_until(std::chrono::steady_clock::time_point end, const volatile int* stop);

} // namespace imops
