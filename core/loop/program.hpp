#pragma once

namespace imops {

/// What a program of imops does once, first in `main`, before there is a thread: who writes to a pipe or a connection
/// whose reader has gone gets an error instead of ending the program (children get the default back), and the
/// operator's PG* variables are hidden from libpq (see hide_variables): what is asked stands in imops.yaml.
void begin_program();

/// From here on Ctrl-C, SIGTERM and SIGHUP set the flag; the second one ends the program at once with status 130.
void catch_signals();
/// Becomes non-zero then: everything that waits looks at it.
const volatile int* stop_flag();

/// Ends this program as writing to a closed standard output ends any other: by SIGPIPE, quietly.
[[noreturn]] void end_of_broken_pipe();

} // namespace imops
