#pragma once
#include "core/base/text.hpp"
#include "core/model/deployment.hpp"
#include <string>
#include <vector>

namespace imops {

/// What the configuration of a monitoring system is made from.
struct Monitored {
    const Deployment& deployment;
    std::vector<std::string> comparisons; // ids of the checks that compare hosts
    std::string program, config;          // absolute paths, any characters but control characters
    std::string user;                     // whose keys imops uses
    Lang lang = Lang::en;

    std::string in(Text t) const { return std::string{t.in(lang)}; }
};

/// A configuration file, and where it belongs on the machine that runs imops or the monitoring; what is imported has no
/// folder.
struct MonitoringFile {
    std::string path, text;
};

std::vector<MonitoringFile> nagios_files(const Monitored&);
std::vector<MonitoringFile> zabbix_files(const Monitored&);
std::vector<MonitoringFile> prometheus_files(const Monitored&);

/// A systemd service named imops-DEPLOYMENT-KIND that runs `imops health`, with its timer. `output` is the value of
/// --output, `then` a second command line or empty, `note` a comment.
std::vector<MonitoringFile> timer_files(const Monitored&, std::string_view kind, const std::string& output,
                                        const std::string& then, const std::string& note);

} // namespace imops
