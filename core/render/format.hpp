#pragma once
#include "core/model/reader.hpp"
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace imops::render {

/// What a file is written in: how a value is quoted in it, and what begins a remark.
enum class Format {
    conf, // words: nothing can be quoted, so that only plain words pass (sysctl, limits.conf, chrony, logrotate,
          // nftables, ini files)
    line, // the rest of the line is the value (coturn, memcached)
    nginx,
    haproxy,
    postgres, // postgresql.conf
    hba,      // pg_hba.conf
    mysql,
    redis,
    yaml,
    lua,  // Prosody
    unit, // systemd
    env,  // files of variables that systemd reads
    sh,   // fragments of a component
};

/// A value as one whole word of the format; quoted where it must be. Numbers are written as they are; of a list each
/// item, with blanks between them ([a, b] in YAML, { a, b } in Lua). Throws std::runtime_error with both languages in
/// it ("English\x1f中文") for a value that the format cannot hold: the file is then not written, and nothing of the
/// value is in the message, since it may be a secret.
std::string written(Format, const nlohmann::json&);
/// "# " or "-- ".
std::string_view remark(Format);

} // namespace imops::render

namespace imops {
template <> struct Words<render::Format> {
    using F = render::Format;
    static constexpr std::array<std::pair<std::string_view, F>, 13> of{{{"conf", F::conf},
                                                                        {"line", F::line},
                                                                        {"nginx", F::nginx},
                                                                        {"haproxy", F::haproxy},
                                                                        {"postgres", F::postgres},
                                                                        {"hba", F::hba},
                                                                        {"mysql", F::mysql},
                                                                        {"redis", F::redis},
                                                                        {"yaml", F::yaml},
                                                                        {"lua", F::lua},
                                                                        {"unit", F::unit},
                                                                        {"env", F::env},
                                                                        {"sh", F::sh}}};
};
} // namespace imops
