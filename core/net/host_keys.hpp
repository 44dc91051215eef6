#pragma once
#include "core/base/result.hpp"
#include "core/net/route.hpp"
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace imops::net {

/// One line of a known_hosts file. Lines that make no sense are skipped when reading, as ssh does.
struct KnownKey {
    enum class Marker { none, revoked, authority } marker = Marker::none;
    std::string hosts; // "a,b*,!c", "[h]:2222" or "|1|salt|hash"
    std::string type;  // "ssh-ed25519"
    std::string blob;  // the key, decoded
    std::string file;
    int line = 0;
};
std::vector<KnownKey> parse_known_hosts(std::string_view text, const std::string& file);

/// What a host is called in known_hosts: lower case, `[name]:port` for a port other than 22.
std::string known_name(std::string_view name, int port);
bool matches(const KnownKey&, std::string_view name); // plain, patterns, hashed

struct Verdict {
    enum class Trust {
        known,
        unknown,
        changed,
        revoked,
        other_type
    } trust = Trust::unknown; // other_type: known, but not by this kind of key
    std::string file;         // where the telling line stands
    int line = 0;
};
Verdict judge(const std::vector<KnownKey>&, std::string_view name, std::string_view type, std::string_view blob);
/// The types by which known_hosts knows that name, in the order of the file.
std::vector<std::string> known_types(const std::vector<KnownKey>&, std::string_view name);
bool has_authority(const std::vector<KnownKey>&, std::string_view name);

/// The LIBSSH2_METHOD_HOSTKEY preference: known types first, so that a server with several keys shows one that is
/// known. `supported` are the library's algorithms; `not_again` are types that were seen already (see fingerprints).
std::string preference(const std::vector<std::string>& known, const std::vector<std::string>& supported,
                       const std::vector<std::string>& not_again = {});

std::string fingerprint(std::string_view blob); // "SHA256:..."
std::string type_of(std::string_view blob);     // "ssh-ed25519"; empty if it is no key
/// A known_hosts line with the name hashed, as ssh writes it on Debian.
std::string hashed_line(std::string_view name, std::string_view type, std::string_view blob);

/// The known_hosts files of all hosts, each read once; what accept-new learns is written to the file and remembered.
class HostKeys {
  public:
    /// The lines of the route's files that speak of that name.
    std::vector<KnownKey> of(const Route&, std::string_view name);
    /// Appends to the first file of the route; makes folder (0700) and file (0600). Errors: Code::io.
    Result<std::string> learn(const Route&, std::string_view name, std::string_view blob);

  private:
    const std::vector<KnownKey>& file(const std::string& path);
    std::map<std::string, std::vector<KnownKey>> files_;
};

} // namespace imops::net
