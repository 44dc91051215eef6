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
    std::string_view name; // "human", "json", "junit", "prometheus", "zabbix", "nagios"
    Text about;
    void (*write)(const Report&, const WriteOptions&, std::ostream&);
    int (*status)(const Report&, const WriteOptions&);
};
const std::vector<Writer>& writers();
const Writer* find_writer(std::string_view name);

/// 0 fine (also with warnings), 1 something failed, 3 could not find out, 130 interrupted; strict lifts warnings to 1.
int plain_status(const Report&, const WriteOptions&);

namespace detail {
void write_human(const Report&, const WriteOptions&, std::ostream&);
void write_json(const Report&, const WriteOptions&, std::ostream&);
void write_junit(const Report&, const WriteOptions&, std::ostream&);
void write_prometheus(const Report&, const WriteOptions&, std::ostream&);
void write_zabbix(const Report&, const WriteOptions&, std::ostream&);
void write_nagios(const Report&, const WriteOptions&, std::ostream&);
} // namespace detail

/// One finding as the human writer shows it: several lines, wrapped, coloured. For progress too.
void write_finding(const Finding&, const WriteOptions&, std::ostream&);

} // namespace imops
