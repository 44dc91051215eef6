#include "core/check/run.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>

namespace imops {

using nlohmann::json;

namespace {

bool among(const std::vector<std::string>& list, std::string_view x) {
    return std::find(list.begin(), list.end(), x) != list.end();
}
bool chosen(const std::vector<std::string>& list, std::string_view x) { return list.empty() || among(list, x); }

json::json_pointer path_of(std::string_view dotted) {
    std::string p;
    for (auto part : split(dotted, '.')) p += "/" + std::string{part};
    return json::json_pointer{p};
}

json figure(double x) { return x > 0 ? json(x) : json{}; }
json demanded(const std::string& x) { return x.empty() ? json{} : json(x); }

json connections(double x) { return {{"minimum", figure(x)}, {"recommended", figure(x * 1.25 + (x > 0 ? 20 : 0))}}; }

} // namespace

void check_selection(const Selection& s, const Catalogue& c, const Deployment& d) {
    std::vector<Error> errors;
    auto refuse = [&](const std::vector<std::string>& given, const std::vector<std::string>& known, Text what) {
        for (auto& g : given) {
            if (among(known, g)) continue;
            auto near = nearest(g, known);
            errors.push_back(
                {Code::usage,
                 say("there is no {} '{}'", "没有{} '{}'", what, one_line(g, 60)),
                 near.empty()
                     ? say("Known: {}", "可选：{}",
                           fmt::join(known.begin(),
                                     known.begin() + std::min<std::ptrdiff_t>(known.end() - known.begin(), 20), ", "))
                     : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                 {}});
        }
    };
    std::vector<std::string> hosts, roles, services, packs, ids = c.check_ids();
    for (auto& h : d.hosts) hosts.push_back(h.name);
    for (auto& [w, r] : Words<Role>::of) roles.emplace_back(w);
    for (auto* list : {&d.services, &d.endpoints})
        for (auto& x : *list) services.push_back(x.name);
    for (auto& p : c.packs()) packs.push_back(p.name);
    refuse(s.hosts, hosts, {"host", "主机"});
    refuse(s.roles, roles, {"role", "角色"});
    refuse(s.services, services, {"service", "服务"});
    refuse(s.packs, packs, {"pack", "检查包"});
    auto all = ids;
    all.insert(all.end(), packs.begin(), packs.end());
    refuse(s.checks, ids, {"check", "检查"});
    refuse(s.skip, all, {"check or pack", "检查或检查包"});
    if (!errors.empty()) throw Failure{std::move(errors)};
}

std::vector<const Host*> selected_hosts(const Selection& s, const Deployment& d) {
    std::vector<const Host*> hosts;
    if (!s.ask_hosts || (!s.services.empty() && s.hosts.empty() && s.roles.empty())) return hosts;
    for (auto& h : d.hosts) {
        bool role =
            s.roles.empty() || std::any_of(h.roles.begin(), h.roles.end(), [&](auto& r) { return among(s.roles, r); });
        if (chosen(s.hosts, h.name) && role) hosts.push_back(&h);
    }
    return hosts;
}

std::vector<const Service*> selected_services(const Selection& s, const Deployment& d) {
    std::vector<const Service*> services;
    if (s.services.empty() && !(s.hosts.empty() && s.roles.empty())) return services;
    for (auto* list : {&d.services, &d.endpoints}) {
        if (!(list == &d.services ? s.ask_services : s.ask_endpoints)) continue;
        for (auto& x : *list)
            if (chosen(s.services, x.name)) services.push_back(&x);
    }
    return services;
}

std::vector<const Check*> selected_checks(const Selection& s, const Catalogue& c, const Product& p) {
    std::vector<const Check*> checks;
    for (auto& k : c.checks()) {
        if (!chosen(s.packs, k.pack) || !chosen(s.checks, k.id) || among(s.skip, k.id) || among(s.skip, k.pack))
            continue;
        if (std::find(k.when.begin(), k.when.end(), s.when) == k.when.end() || !chosen(k.products, p.id)) continue;
        bool active = std::any_of(k.facts.begin(), k.facts.end(), [&](auto& id) { return c.fact(id)->active; });
        if (!(s.passive && active)) checks.push_back(&k);
    }
    return checks;
}

bool applies(const Check& c, const Host& h) {
    if (!c.service.empty()) return false;
    return c.roles.empty() || std::any_of(c.roles.begin(), c.roles.end(), [&](auto& r) { return among(h.roles, r); });
}

std::vector<const FactDef*> needed_facts(const std::vector<const Check*>& checks, const Catalogue& c, const Host& h,
                                         bool active) {
    std::vector<const FactDef*> facts;
    std::set<std::string> seen;
    auto wanted = [&](const FactDef& f) {
        return !f.native && f.active == active &&
               (f.roles.empty() ||
                std::any_of(f.roles.begin(), f.roles.end(), [&](auto& r) { return among(h.roles, r); }));
    };
    for (auto* k : checks) {
        if (!applies(*k, h) || !k->off.empty()) continue;
        for (auto& id : k->facts)
            if (auto* f = c.fact(id); wanted(*f))
                if (auto* first = f->with.empty() ? f : c.fact(f->with); seen.insert(first->id).second)
                    facts.push_back(first);
    }
    for (auto& f : c.facts())
        if (seen.contains(f.with)) facts.push_back(&f);
    return facts;
}

Judge::Judge(const Catalogue& c, const Deployment& d, const Product& p, const Product& generic,
             std::vector<const Check*> checks, double now)
    : catalogue_{c}, deployment_{d}, product_{p}, placement_{d, p, generic}, checks_{std::move(checks)}, now_{now} {
    std::set<std::string> seen;
    for (auto* k : checks_)
        if (k->fleet)
            for (auto& id : k->facts)
                if (seen.insert(id).second) fleet_facts_.push_back(c.fact(id));
}

Sight Judge::make_sight(const Host& h, const Facts& facts) {
    Sight s;
    s.data = Language::constants();
    auto view = placement_.view(h);
    auto& n = view.need;
    s.data.update(host_data(view));
    s.data["need"] = {{"cores", {{"minimum", figure(n.cores_minimum)}, {"recommended", figure(n.cores)}}},
                      {"memory", {{"minimum", figure(n.memory_minimum)}, {"recommended", figure(n.memory)}}},
                      {"disk", {{"minimum", figure(n.disk_minimum)}, {"recommended", figure(n.disk)}}},
                      {"files", {{"minimum", figure(n.files_minimum)}, {"recommended", figure(n.files)}}},
                      {"connections", connections(n.connections)}};
    s.data["product"] = {{"id", product_.id}};
    s.data["workload"] = {{"registered", deployment_.workload.registered},
                          {"concurrent", deployment_.workload.concurrent}};
    s.data["airgap"] = deployment_.airgap;
    s.data["now"] = now_;
    add_facts(s, h.roles, "", facts);
    return s;
}

void Judge::add_facts(Sight& s, const std::vector<std::string>& roles, std::string_view service,
                      const Facts& facts) const {
    for (auto& f : catalogue_.facts()) {
        if (f.service != service) continue;
        auto it = facts.find(f.id);
        if (it == facts.end()) {
            bool for_host = f.roles.empty() ||
                            std::any_of(f.roles.begin(), f.roles.end(), [&](auto& r) { return among(roles, r); });
            s.unread.emplace(f.id, for_host
                                       ? Unread{false, Text{"it was not asked", "未采集"}}
                                       : Unread{true, Text{"not for the roles of this host", "不适用于该主机的角色"}});
            continue;
        }
        auto v = typed(f, it->second);
        if (auto* u = std::get_if<Unread>(&v))
            s.unread.emplace(f.id, std::move(*u));
        else
            s.data[path_of(f.id)] = std::move(std::get<json>(v));
    }
}

/// What the product asks of its database; nothing of other kinds of service.
json Judge::needs(const Service& x) const {
    auto& d = product_.database;
    if (!d || d->type != word(x.type)) return {};
    return {{"connections", connections(placement_.sizing().connections)},
            {"database",
             {{"oldest", demanded(d->oldest)},
              {"encoding", demanded(d->encoding)},
              {"collate", demanded(d->collate)},
              {"extensions", d->extensions.empty() ? json{} : json(d->extensions)}}}};
}

std::vector<Finding> Judge::add(const Service& x, const Facts& facts) {
    Sight s;
    s.data = Language::constants();
    auto groups = imops::groups(x);
    s.data["service"] = {{"name", x.name},
                         {"type", word(x.type)},
                         {"address", deployment_.address(x)},
                         {"port", x.port ? x.port : usual_port(x.type)},
                         {"user", x.user},
                         {"database", x.database},
                         {"url", x.url},
                         {"via", x.via},
                         {"tls", std::ranges::find(groups, "tls") != groups.end()}};
    s.data["need"] = needs(x);
    s.data["product"] = {{"id", product_.id}};
    s.data["workload"] = {{"registered", deployment_.workload.registered},
                          {"concurrent", deployment_.workload.concurrent}};
    s.data["airgap"] = deployment_.airgap;
    s.data["now"] = now_;
    s.brief = brief_;
    for (auto group : groups) add_facts(s, {}, group, facts);
    std::vector<Finding> all;
    for (auto* k : checks_) {
        if (std::ranges::find(groups, k->service) == groups.end()) continue;
        for (auto& f : judge(*k, s, x.name)) {
            waive(f);
            all.push_back(std::move(f));
        }
    }
    return all;
}

void Judge::waive(Finding& f) const {
    if (f.level < Level::warn) return;
    const Waiver* longest = nullptr; // one that was renewed may still stand there with its old date
    for (auto& w : deployment_.waivers)
        if (*w.check == f.id && (w.host.empty() || w.host == f.subject) &&
            (!longest || w.until.seconds > longest->until.seconds))
            longest = &w;
    if (!longest) return;
    auto until = show_date(longest->until.seconds), reason = one_line(longest->reason);
    if (now_ < longest->until.seconds + 86400) {
        f.level = Level::waived;
        f.text = say("{} (accepted until {}: {})", "{}（已接受，至 {}：{}）", f.text, until, reason);
    } else
        f.text = say("{} (the waiver \"{}\" ended on {})", "{}（豁免“{}”已于 {} 到期）", f.text, reason, until);
}

std::vector<Finding> Judge::judged(const Host& h, bool fleet) {
    std::vector<Finding> all;
    auto& sight = sights_.at(h.name);
    for (auto* k : checks_) {
        if (!applies(*k, h) || k->fleet != fleet) continue;
        for (auto& f : judge(*k, sight, h.name)) {
            waive(f);
            all.push_back(std::move(f));
        }
    }
    return all;
}

std::vector<Finding> Judge::add(const Host& h, const Facts& facts) {
    auto& sight = sights_[h.name] = make_sight(h, facts);
    sight.brief = brief_;
    return judged(h, false);
}

void Judge::gather_fleet() {
    for (auto* f : fleet_facts_) {
        auto path = path_of(f->id);
        for (auto& [host, sight] : sights_)
            if (sight.data.contains(path)) fleet_[path][host] = sight.data[path];
    }
}

std::vector<Finding> Judge::fleet() {
    gather_fleet();
    std::vector<Finding> all;
    for (auto& h : deployment_.hosts) {
        if (!sights_.contains(h.name)) continue;
        auto& data = sights_[h.name].data;
        data["fleet"] = std::move(fleet_); // lent: a copy for each host would cost the square of their number
        auto found = judged(h, true);
        fleet_ = std::move(data["fleet"]);
        data.erase("fleet");
        std::move(found.begin(), found.end(), std::back_inserter(all));
    }
    return all;
}

std::vector<Line> run_examples(const Check& c, const Catalogue& catalogue) {
    std::vector<Line> mistakes;
    int number = 0;
    for (auto& x : c.examples) {
        ++number;
        Sight s;
        s.data = Language::constants();
        s.data["now"] = x.now.seconds;
        for (auto& f : catalogue.facts())
            s.unread.emplace(f.id, Unread{false, Text{"the example does not give it", "示例没有给出"}});
        Problems problems{c.file};
        for (auto& [name, any] : x.given) {
            auto* type = catalogue.scope().find(name);
            auto* owner = catalogue.owner(name);
            bool whole = owner && owner->id == name;
            if (!type) {
                auto near = nearest(name, catalogue.scope().names());
                problems.add(any.node.place, say("unknown name '{}'", "未知的名称 '{}'", name),
                             near.empty() ? Line{} : say("Did you mean '{}'?", "是否想写 '{}'？", near));
            } else if (any.node.is_scalar() && (any.node.scalar == "absent" || any.node.scalar == "unknown") && whole)
                s.unread.insert_or_assign(
                    name, Unread{any.node.scalar == "absent", Text{"the example says so", "示例如此设定"}});
            else {
                s.data[path_of(name)] = typed(any.node, *type, problems);
                if (whole)
                    s.unread.erase(name);
                else if (owner)
                    s.unread.erase(owner->id);
            }
        }
        for (auto& e : problems.take()) mistakes.push_back(e.what);
        Finding worst;
        for (auto& f : judge(c, s, "example"))
            if (f.level >= worst.level) worst = f;
        if (name(worst.level) != x.is)
            mistakes.push_back(say("{}:{}: {} example {}: is {}, expected {}: {}",
                                   "{}:{}：{} 示例 {}：结果为 {}，应为 {}：{}", c.file, x.place.line, c.id, number,
                                   name(worst.level), x.is, worst.text));
    }
    return mistakes;
}

} // namespace imops
