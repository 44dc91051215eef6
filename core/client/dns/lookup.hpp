#pragma once
#include "core/client/stream.hpp"
#include "core/model/deployment.hpp"
#include <cstdint>

namespace imops::client {

/// What a name server said to one question. Source: RFC 1035, 2782.
struct DnsAnswer {
    int code = 0;                    // RCODE: 0 fine, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
    bool cut = false;                // it did not fit: ask over TCP
    std::vector<std::string> values; // sorted; "5 0 5222 xmpp.example.com" of SRV, "10 mail.example.com" of MX; names
                                     // in small letters without their last dot
};

/// The question as a message. Empty: that is no name.
std::string dns_message(const DnsQuestion&, std::uint16_t id);
/// Nothing: it is no answer to that question. Meets whatever a network sends.
std::optional<DnsAnswer> read_dns_answer(std::string_view message, const DnsQuestion&, std::uint16_t id);

struct NameServer {
    std::string address;
    int port = 53;
};
/// Those of /etc/resolv.conf, as the C library reads it.
std::vector<NameServer> name_servers();

/// Asks one after another until one answers; over UDP, and over TCP what does not fit or goes through a host. A
/// server's refusal is an answer. Errors: Code::timed_out, refused, unreachable, lost, unsupported (what answers is no
/// name server), interrupted.
Result<DnsAnswer> look_up(const DnsQuestion&, const std::vector<NameServer>&, const Origin&,
                          Clock::time_point deadline);

} // namespace imops::client
