#include "core/loop/program.hpp"
#include "core/base/environment.hpp"
#include <csignal>
#include <unistd.h>

namespace imops {

namespace {

constexpr int interrupted = 130;
volatile int stopped = 0;

void on_signal(int) {
    if (stopped) ::_exit(interrupted);
    stopped = 1;
}

void handle(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler; // no SA_RESTART: the wait must return
    ::sigaction(signal, &action, nullptr);
}

} // namespace

void begin_program() {
    handle(SIGPIPE, SIG_IGN);
    hide_variables("PG");
}

void catch_signals() {
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, on_signal);
}

const volatile int* stop_flag() { return &stopped; }

void end_of_broken_pipe() {
    handle(SIGPIPE, SIG_DFL);
    ::raise(SIGPIPE);
    ::_exit(128 + SIGPIPE); // it was blocked
}

} // namespace imops
