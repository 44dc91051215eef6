#include "core/probe/dns.hpp"
#include "core/base/string.hpp"
#include "core/client/dns/lookup.hpp"
#include "core/probe/endpoint.hpp"
#include <algorithm>
#include <arpa/nameser.h>

namespace imops::probe {

namespace {

/// Upper and lower case, the last dot and runs of spaces mean nothing in a name; in a text they do.
std::vector<std::string> wanted_values(const std::vector<std::string>& values, std::string_view type) {
    std::vector<std::string> all;
    for (auto v : values) {
        if (type != "TXT") {
            std::string tidy;
            for (auto word : split(v, ' '))
                if (!word.empty()) tidy += (tidy.empty() ? "" : " ") + std::string{word};
            while (tidy.size() > 1 && tidy.ends_with('.')) tidy.pop_back();
            std::ranges::transform(tidy, tidy.begin(), [](unsigned char c) { return char(std::tolower(c)); });
            v = std::move(tidy);
        }
        all.push_back(std::move(v));
    }
    std::ranges::sort(all);
    return all;
}

std::string shown(const std::vector<std::string>& values) {
    return one_line(fmt::format("{}", fmt::join(values, ", ")), 160);
}

void refuse(Answer& answer, const DnsQuestion& q, const DnsAnswer& got, const Line& server) {
    auto what = fmt::format("{} {}", one_line(q.name, 80), q.type);
    auto fail = [&](const char* code, Line l, Text remedy) {
        answer.fail(code, Error{Code::remote, std::move(l), remedy, {}});
    };
    switch (got.code) {
    case ns_r_noerror:
        return fail("no_record",
                    say("{}: the name has no record of this type (asked {})", "{}：该域名没有这种类型的记录（询问 {}）",
                        what, server),
                    Text{"Add the record in the zone of this domain, then wait for the time to live of the old answer. "
                         "For XMPP: `_xmpp-client._tcp` and `_xmpp-server._tcp`, type SRV.",
                         "请在该域名的解析中添加此记录，并等待旧结果的 TTL 过期。XMPP 需要 SRV 记录 "
                         "`_xmpp-client._tcp` 和 `_xmpp-server._tcp`。"});
    case ns_r_nxdomain:
        return fail("nxdomain", say("{}: there is no such name (asked {})", "{}：域名不存在（询问 {}）", what, server),
                    Text{"Is it spelt as in the zone, and has the zone been published? `dig NAME @SERVER` for each "
                         "name server of the domain shows which one lags behind. For an internal name: does this "
                         "machine ask the internal server?",
                         "拼写是否与解析配置一致？解析是否已生效？对该域的每台域名服务器执行 `dig 域名 "
                         "@服务器`，可看出哪台没有更新。内部域名还要确认本机询问的是内部服务器。"});
    case ns_r_refused:
        return fail("refused_by_server",
                    say("{}: the name server refuses to answer ({})", "{}：域名服务器拒绝应答（{}）", what, server),
                    Text{"It does not serve this domain, or not for this client: correct the server's address, or "
                         "allow this network in its `allow-query` and `allow-recursion`.",
                         "该服务器不负责此域名，或不为本客户端服务：请改正服务器地址，或在其 "
                         "`allow-query`、`allow-recursion` 中放行本网段。"});
    default:
        return fail(
            "servfail",
            say("{}: the name server failed (code {}, asked {})", "{}：域名服务器出错（代码 {}，询问 {}）", what,
                got.code, server),
            Text{"It reaches none of the servers of this domain, or its signature (DNSSEC) does not hold: `dig +trace "
                 "NAME` and the server's log show which.",
                 "它连不上该域名的权威服务器，或 DNSSEC 签名校验失败：用 `dig +trace 域名` 和该服务器的日志确认。"});
    }
}

} // namespace

Told ask_dns(const Target& t) {
    Answer answer;
    auto& s = *t.service;
    bool any = s.url.empty(); // only a server is named: the root has an answer everywhere
    auto q = any ? DnsQuestion{".", "NS"} : dns_question(s.url);
    auto servers = t.address.empty() ? name_servers() : std::vector<NameServer>{{t.address, t.port}};
    if (t.origin.via && t.address.empty()) {
        answer.fail("needs_server",
                    Error{Code::config,
                          say("{}: which name server {} uses cannot be seen from here",
                              "{}：从这里看不到 {} 使用哪台域名服务器", s.url, t.origin.via->name),
                          Text{"Name it in the url: dns://SERVER/NAME?type=A. It is then asked over TCP, because UDP "
                               "does not go through SSH.",
                               "请在 url 中写明：dns://服务器/域名?type=A。此时用 TCP 询问，因为 UDP 不能经由 SSH。"},
                          {}});
        return answer.told(s);
    }
    Line server = t.address.empty() ? Line{Text{"the name server of this machine", "本机的域名服务器"}}
                                    : Line{t.address, t.address};
    auto got = look_up(q, servers, t.origin, t.deadline);
    if (!got) {
        if (got.error().code == Code::unsupported)
            answer.fail("not_dns", got.error());
        else
            answer.fail(got.error());
        return answer.told(s);
    }
    auto wanted = wanted_values(s.expect.values, q.type);
    if (got->code != ns_r_noerror || (got->values.empty() && !any))
        refuse(answer, q, *got, server);
    else if (!wanted.empty() && wanted != got->values)
        answer.fail(
            "wrong_values",
            Error{Code::remote,
                  say("{} {}: is {}, not {} (asked {})", "{} {}：实际为 {}，应为 {}（询问 {}）", one_line(q.name, 80),
                      q.type, shown(got->values), shown(wanted), server),
                  Text{"Correct the record in the zone (and in every view of it: inside and outside), or `expect: "
                       "{values: [...]}` in imops.yaml. After a change wait for the time to live of the old record.",
                       "请改正该域名的解析记录（内网和外网视图都要检查），或 imops.yaml 中的 `expect: {values: "
                       "[...]}`。修改后需等旧记录的 TTL 过期。"},
                  {}});
    answer.seen(fmt::format("{}{}", shown(got->values), t.origin.via ? " (TCP)" : ""));
    return answer.told(s);
}

} // namespace imops::probe
