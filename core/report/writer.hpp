#pragma once
#include "core/report/report.hpp"
#include <ostream>
#include <string_view>
#include <vector>

namespace imops {

struct WriteOptions {
    Lang lang = Lang::en;
    bool colour = false; // human only
    bool all = false;    // human only: also what is ok or skipped
    bool strict = false; // warnings count as failures in the exit status
    int width = 100;     // human only: columns of the terminal
};

/// One output format, for every command. It also knows the exit status that the format's readers expect.
struct Writer {
    std::string_view name; // "human"
    Text about;
    void (*write)(const Report&, const WriteOptions&, std::ostream&);
    int (*status)(const Report&, const WriteOptions&);
    int misuse = 2; // exit status when the command line or imops.yaml is wrong
};
const std::vector<Writer>& writers();
const Writer* find_writer(std::string_view name);
/// "human, json or nagios" in both languages.
Line writer_names();

/// 0 fine (also with warnings), 1 something failed, 3 could not find out, 130 interrupted; strict lifts warnings to 1.
int plain_status(const Report&, const WriteOptions&);

/// One finding as the human writer shows it: several lines, wrapped, coloured. For progress too.
void write_finding(const Finding&, const WriteOptions&, std::ostream&);

} // namespace imops
