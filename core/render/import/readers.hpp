#pragma once
#include "core/render/import/flat.hpp"

/// One reader for each format. All are pure, and take whatever stands in a file: what they do not understand is in
/// `unread`.
namespace imops::render {

// Of YAML: a list of plain values is one value; a list of tables goes by the port of each, "listen[5222].module", else
// by its place, "[#0]".

Flat read_plain_yaml(const Tree&, const std::string& main);
/// homeserver.yaml and the files of conf.d, whose keys replace those before them.
Flat read_synapse(const Tree&, const std::string& main);
/// ejabberd.yml, with define_macro in its place.
Flat read_ejabberd(const Tree&, const std::string& main);
/// A subset of Lua: values and tables, VirtualHost, Component, Include of files that were read.
Flat read_prosody(const Tree&, const std::string& main);
/// Blocks in blocks: "http > server im.example.org:443 > listen". Files that are included and were read stand in their
/// place.
Flat read_nginx(const Tree&, const std::string& main);
/// "frontend im > timeout client"
Flat read_haproxy(const Tree&, const std::string& main);
/// postgresql.conf and what include_dir names.
Flat read_postgres(const Tree&, const std::string& main);
/// pg_hba.conf: "host all all 127.0.0.1/32" is the key, the method its value.
Flat read_hba(const Tree&, const std::string& main);
Flat read_redis(const Tree&, const std::string& main);
/// KEY=VALUE lines: coturn, files of variables. A word alone has the value "yes".
Flat read_lines(const Tree&, const std::string& main);

/// A program whose configuration is known, and where it lies on Debian.
struct OldUnit {
    std::string_view service;           // "postgresql"
    std::string_view component;         // of the templates that write these files
    std::string_view main;              // a pattern: /etc/postgresql/*/*/postgresql.conf
    std::vector<std::string_view> more; // patterns of files that belong to it, from the folder of `main`
    Flat (*read)(const Tree&, const std::string& main);
};
const std::vector<OldUnit>& old_units();
/// Patterns of all files that are read.
std::vector<std::string> old_places();
bool matches(std::string_view pattern, const std::string& path);
/// Files of the tree that a pattern matches, in order.
std::vector<std::string> matching(const Tree&, const std::string& pattern);

} // namespace imops::render
