#include "core/model/deployment_file.hpp"
#include <algorithm>
#include <set>

namespace imops {

void validate_hosts(const DeploymentFile& f, Problems& problems) {
    std::map<std::string, Place> seen;
    std::vector<std::string> names;
    for (auto& h : f.hosts) names.push_back(h->name);
    if (f.hosts.empty())
        problems.add({}, Text{"there are no hosts", "没有主机"},
                     Text{"List at least one under `hosts:`.", "请在 `hosts:` 下至少列出一台。"});
    for (auto& h : f.hosts) {
        if (auto [it, fresh] = seen.emplace(h->name, h.place); !fresh && !h->name.empty())
            problems.add(h.place,
                         say("host '{}' is declared twice, first in line {}", "主机 '{}' 重复定义，首次在第 {} 行",
                             h->name, it->second.line),
                         Text{"Give each host a name of its own.", "每台主机要有自己的名称。"});
        if (h->via.empty()) continue;
        if (std::find(names.begin(), names.end(), h->via) == names.end()) {
            auto near = nearest(h->via, names);
            problems.add(h.place,
                         say("host '{}' goes via '{}', which is not declared", "主机 '{}' 的跳板机 '{}' 未定义",
                             h->name, h->via),
                         near.empty() ? Line{Text{"Declare the jump host under `hosts:` with roles: [jump].",
                                                  "请在 `hosts:` 下定义该跳板机，roles: [jump]。"}}
                                      : say("Did you mean '{}'?", "是否想写 '{}'？", near));
            continue;
        }
        auto at = h->via;
        for (std::size_t steps = 0; !at.empty(); ++steps) {
            auto next = std::find_if(f.hosts.begin(), f.hosts.end(), [&](auto& x) { return x->name == at; });
            if (at == h->name || steps > f.hosts.size()) {
                problems.add(h.place, say("host '{}' is reached through itself", "主机 '{}' 经过自己跳转", h->name),
                             Text{"Break the circle of `via:`.", "请断开 `via:` 的循环。"});
                break;
            }
            at = next == f.hosts.end() ? "" : next->value.via;
        }
    }
}

void validate_references(DeploymentFile& f, Problems& problems) {
    std::vector<std::string> names;
    for (auto& h : f.hosts) names.push_back(h->name);
    auto known = [&](Place p, const std::string& name) {
        if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
        auto near = nearest(name, names);
        problems.add(p, say("there is no host '{}'", "没有主机 '{}'", name),
                     near.empty() ? say("Hosts are: {}", "主机有：{}", fmt::join(names, ", "))
                                  : say("Did you mean '{}'?", "是否想写 '{}'？", near));
    };
    std::set<std::string> taken{names.begin(), names.end()};
    auto fresh = [&](Place p, const std::string& name) {
        if (taken.insert(name).second || name.empty()) return;
        problems.add(p, say("the name '{}' is taken", "名称 '{}' 已被使用", name),
                     Text{"Hosts, services and endpoints are told apart by name in reports: choose another.",
                          "报告中用名称区分主机、服务和端点：请换一个。"});
    };
    for (auto& s : f.services) {
        fresh(s.place, s->name);
        known(s.place, s->host);
        known(s.place, s->via);
        if (s->host.empty() == s->address.empty())
            problems.add(s.place,
                         say("service '{}' needs `host` or `address`", "服务 '{}' 需要 `host` 或 `address`", s->name),
                         Text{"Give exactly one of the two.", "两者必须且只能给出一个。"});
        if (s->port == 0 && usual_port(s->type) == 0)
            problems.add(s.place, say("service '{}' needs `port`", "服务 '{}' 需要 `port`", s->name),
                         Text{"This kind of service has no usual port.", "此类服务没有常用端口。"});
    }
    for (auto& e : f.endpoints) {
        fresh(e.place, e->name);
        known(e.place, e->via);
        if (auto o = read_url(e.value)) problems.add(e.place, o->what, o->remedy);
        std::string host;
        int port = 0;
        if (!e->at.empty() && !split_authority(e->at, host, port))
            problems.add(e.place, say("`at: {}` is no address", "`at: {}` 不是地址", e->at),
                         Text{"Write 10.0.0.5, 10.0.0.5:8443 or [fd00::5]:8443.",
                              "请写 10.0.0.5、10.0.0.5:8443 或 [fd00::5]:8443。"});
    }
    if (auto& m = f.d.message) {
        fresh(m->place, std::string{message_name});
        known(m->place, m->value.via);
        if (auto o = objection(m->value)) problems.add(m->place, o->what, o->remedy);
    }
    for (auto& w : f.waivers) known(w.place, w->host);
    auto& w = f.d.workload;
    if (w.concurrent > w.registered)
        problems.add({},
                     say("workload: {} users on line, but only {} registered", "workload：在线 {} 人，但注册只有 {} 人",
                         w.concurrent, w.registered),
                     Text{"Correct one of the two numbers.", "请更正其中一个数字。"});
}

void validate_names(const DeploymentFile& f, const KnownNames& names, Problems& problems) {
    auto known = [&](const Placed<std::string>& given, const std::vector<std::string>& all, Text what, Text where) {
        if (all.empty() || given->empty() || std::find(all.begin(), all.end(), *given) != all.end()) return;
        auto near = nearest(*given, all);
        problems.add(given.place, say("there is no {} '{}'", "没有{} '{}'", what, one_line(*given, 60)),
                     near.empty() ? say("{}", "{}", where) : say("Did you mean '{}'?", "是否想写 '{}'？", near));
    };
    known(f.d.product, names.products, {"product", "产品"},
          {"`imops size --products` lists them; for another product write `generic`.",
           "`imops size --products` 列出全部；其他产品请写 `generic`。"});
    for (auto& w : f.waivers)
        known(w->check, names.checks, {"check", "检查"},
              {"`imops checks list` shows them all.", "`imops checks list` 列出全部检查。"});
    for (auto& [id, o] : f.d.checks)
        known({id, o.place}, names.checks, {"check", "检查"},
              {"`imops checks list` shows them all.", "`imops checks list` 列出全部检查。"});
}

} // namespace imops
