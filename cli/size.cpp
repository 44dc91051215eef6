#include "cli/collect.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>

namespace imops {

namespace {

struct Options {
    bool products = false, measure = false;
    std::string from, product, media, retention, federation;
    double registered = 0, concurrent = 0, messages = 0;
};

void list_products(const Program& p) {
    for (auto& id : p.product_ids()) {
        auto x = p.product(id);
        std::cout << fmt::format("{:<12} {} — {}\n", x.id, x.title.in(p.lang), x.about.in(p.lang));
        std::string parts;
        for (auto& c : x.components)
            parts += (parts.empty() ? "" : ", ") +
                     fmt::format("{} ({}{})", c.name, word(c.role), c.optional ? p.in({", optional", "，可选"}) : "");
        std::cout << "             " << parts << '\n';
    }
}

Error bad(std::string_view option, std::string_view value, Text example) {
    return {Code::usage,
            say("{} {}: cannot be read", "{} {}：无法识别", option, one_line(value, 40)),
            say("For example: {}", "例如：{}", example),
            {}};
}

/// The workload of imops.yaml, with what the command line says instead.
void override_workload(Deployment& d, const Options& o) {
    auto& w = d.workload;
    if (o.registered) w.registered = o.registered;
    if (o.concurrent)
        w.concurrent = o.concurrent;
    else if (o.registered)
        w.concurrent = o.registered / 10;
    if (o.messages)
        w.messages = o.messages;
    else if (o.registered || o.concurrent)
        w.messages = w.concurrent * 40;
    if (w.registered < w.concurrent) w.registered = w.concurrent;
    if (!o.media.empty()) {
        auto b = parse_bytes(o.media);
        if (!b) throw Failure{bad("--media", o.media, {"2GiB", "2GiB"})};
        w.media.value = *b;
    }
    if (!o.retention.empty()) {
        auto t = parse_duration(o.retention);
        if (!t) throw Failure{bad("--retention", o.retention, {"365d", "365d"})};
        w.retention.seconds = *t;
    }
    for (auto& [name, f] : Words<Federation>::of)
        if (name == o.federation) w.federation = f;
    if (!o.product.empty()) d.product.value = o.product;
}

/// One machine for each role that the product has: what to buy when nothing is there yet.
void imagine_hosts(Deployment& d, const Product& p) {
    for (auto& c : p.components) {
        auto role = std::string{word(c.role)};
        if (c.optional || !d.with_role(role).empty()) continue;
        auto& h = d.hosts.emplace_back();
        h.name = role;
        h.roles = {role};
    }
}

std::string bits(double bytes_per_second) {
    return show_number(std::ceil(bytes_per_second * 8 / 1e5) / 10) + " Mbit/s";
}

std::string amount(const SizeLine& l) {
    auto& v = l.recommended.empty() ? l.minimum : l.recommended;
    if (v.empty()) return "–";
    return l.part == "bandwidth" ? bits(v.data.get<double>()) : v.show();
}

Line part_name(const std::string& part) {
    static const std::map<std::string, Text> names{{"cores", {"cores", "CPU 核"}},
                                                   {"memory", {"memory", "内存"}},
                                                   {"disk", {"disk", "磁盘"}},
                                                   {"hosts", {"machines", "机器数"}},
                                                   {"files", {"open files", "打开文件数"}},
                                                   {"connections", {"database connections", "数据库连接"}},
                                                   {"bandwidth", {"bandwidth", "带宽"}}};
    auto it = names.find(part);
    return it == names.end() ? Line{part, part} : Line{it->second};
}

/// What comes out for one role: the figures that hosts are judged by.
void add_role(Report& r, const RoleSize& size) {
    auto what = [&](double cores, double memory, double disk) {
        auto machine = size.cores ? say("{} cores, {} of memory, {} of disk", "{} 核、内存 {}、磁盘 {}", cores,
                                        show_bytes(memory), show_bytes(disk))
                                  : say("{} of disk", "磁盘 {}", show_bytes(disk));
        return machine;
    };
    r.notes.push_back(say("\n{}: at least {}", "\n{}：至少 {}", size.role,
                          what(size.cores_minimum, size.memory_minimum, size.disk_minimum)));
    r.notes.push_back(say("{}  advised {}{}", "{}  建议 {}{}", std::string(size.role.size(), ' '),
                          what(size.cores, size.memory, size.disk),
                          size.hosts > 1 ? fmt::format(" × {}", size.hosts) : ""));
    auto finding = [&](const char* part, Kind kind, double minimum, double advised) {
        if (advised == 0) return;
        Finding f;
        f.id = fmt::format("size.{}.{}", size.role, part);
        f.title = part_name(part);
        f.value = {kind, advised};
        f.limit = {kind, minimum};
        f.text = say("at least {}, advised {}", "至少 {}，建议 {}", f.limit.show(), f.value.show());
        r.findings.push_back(std::move(f));
    };
    finding("cores", Kind::number, size.cores_minimum, size.cores);
    finding("memory", Kind::bytes, size.memory_minimum, size.memory);
    finding("disk", Kind::bytes, size.disk_minimum, size.disk);
}

void add_line(Report& r, const SizeLine& l) {
    r.notes.push_back(say("  {:<20} {:<12} {}\n    source: {}", "  {:<12} {:<12} {}\n    来源：{}", part_name(l.part),
                          amount(l), l.arithmetic, l.source));
}

void add_lines(Report& r, const Sizing& s) {
    for (auto& size : s.roles) {
        add_role(r, size);
        for (auto& l : s.lines)
            if (l.role == size.role) add_line(r, l);
    }
    r.notes.push_back(Text{"\nwhole deployment", "\n整个部署"});
    for (auto& l : s.lines)
        if (l.role.empty()) add_line(r, l);
    r.notes.push_back(Text{"\nstorage, month by month (database with indexes, media, logs of 30 days)",
                           "\n按月累计的存储量（数据库含索引、媒体、30 天日志）"});
    for (auto& m : s.months)
        r.notes.push_back(say("  month {:>2}  {:>10} + {:>10} + {:>10} = {}",
                              "  第 {:>2} 个月  {:>10} + {:>10} + {:>10} = {}", m.month, show_bytes(m.database),
                              show_bytes(m.media), show_bytes(m.logs), show_bytes(m.database + m.media + m.logs)));
    r.notes.push_back(Line{" ", " "});
    for (auto& x : s.remarks) r.notes.push_back(say("note: {}", "注意：{}", x));
    r.notes.push_back(Line{" ", " "});
}

/// Short, enough or wasteful: a machine of more than four times what is advised is money.
void compare(Report& r, const Finding& measured, const char* part, double minimum, double advised) {
    Finding f;
    f.id = fmt::format("size.host.{}", part);
    f.subject = measured.subject;
    f.title = part_name(part);
    if (minimum == 0 && advised == 0) {
        f.level = Level::skip;
        f.text = Text{"no size is known for these roles", "这些角色没有已知的配置数据"};
        return r.findings.push_back(std::move(f));
    }
    if (!measured.value.data.is_number()) {
        f.level = Level::unknown;
        f.text = measured.text;
        return r.findings.push_back(std::move(f));
    }
    double has = measured.value.data.get<double>();
    auto kind = measured.value.kind;
    auto shown = [&](double x) { return Value{kind, x}.show(); };
    double allowance = kind == Kind::bytes ? 0.93 : 1; // a machine sold as 8 GB shows about 7.6
    f.value = measured.value;
    f.limit = {kind, minimum};
    if (has < minimum * allowance) {
        f.level = Level::fail;
        f.text = say("short: {}, at least {} needed, {} advised", "不足：{}，至少需要 {}，建议 {}", shown(has),
                     shown(minimum), shown(advised));
        f.remedy = Text{"Enlarge the machine or move a role to another one.", "扩容该主机，或把某个角色移到其他主机。"};
    } else if (has < advised * allowance) {
        f.level = Level::warn;
        f.text = say("enough to run, less than advised: {} of {}", "可运行，但低于建议：{} / {}", shown(has),
                     shown(advised));
        f.remedy = Text{"Plan to enlarge the machine before more users come.", "在用户增加之前安排扩容。"};
    } else if (has > advised * 4) {
        f.level = Level::warn;
        f.text = say("wasteful: {}, advised {}", "浪费：{}，建议 {}", shown(has), shown(advised));
        f.remedy = Text{"A smaller machine will do, or give it more roles.", "可换用更小的主机，或让它承担更多角色。"};
    } else
        f.text = say("enough: {}, advised {}", "足够：{}，建议 {}", shown(has), shown(advised));
    r.findings.push_back(std::move(f));
}

/// The measured values come from the same checks that preflight judges by.
void compare_host(Report& r, const Host& h, const Deployment& d, Judge& judge, const Facts& facts) {
    auto n = need_of(h, d, judge.sizing());
    for (auto& f : judge.add(h, facts)) {
        if (f.id == "cpu.cores") compare(r, f, "cores", n.cores_minimum, n.cores);
        if (f.id == "memory.total") compare(r, f, "memory", n.memory_minimum, n.memory);
        if (f.id == "disk.total") compare(r, f, "disk", n.disk_minimum, n.disk);
    }
}

void run_size(Program& p, const Options& o) {
    if (o.products) return list_products(p);
    p.check_outputs();
    Bundle bundle;
    Deployment d;
    if (!o.from.empty()) {
        bundle = read_bundle(o.from);
        d = parse_deployment(bundle.deployment, o.from + "/imops.yaml");
    } else if (!o.product.empty() && !std::filesystem::exists(p.config))
        d.name = o.product;
    else
        d = p.deployment();
    override_workload(d, o);
    if (d.workload.registered == 0)
        throw Failure{Error{Code::usage,
                            Text{"how many users?", "用户数是多少？"},
                            Text{"Give --registered N, and --concurrent N if it is known.",
                                 "请给出 --registered N；若已知在线数再加 --concurrent N。"},
                            {}}};
    auto product = p.product(*d.product, &d.product, d.file);
    if (d.hosts.empty()) imagine_hosts(d, product);
    auto it = p.open(std::move(d), o.measure ? p.config : "");
    Selection select;
    select.checks = {"cpu.cores", "memory.total", "disk.total"};
    select.passive = true;
    auto checks = it.checks(select);
    auto judge = it.judge(checks, wall_clock());
    Report r;
    r.command = "size";
    r.deployment = it.deployment().name;
    r.time = wall_clock();
    auto& w = it.deployment().workload;
    r.notes.push_back(say("{}: {} registered, {} on line, {} messages and {} of media a day, kept {}",
                          "{}：注册 {} 人，在线 {} 人，每日 {} 条消息、媒体 {}，保留 {}", product.title,
                          show_number(w.registered), show_number(w.concurrent), show_number(w.messages),
                          show_bytes(w.media.value), show_duration(w.retention.seconds)));
    add_lines(r, judge.sizing());
    if (o.measure) {
        auto fleet = fleet_of(it.deployment(), 32);
        std::vector<const Host*> hosts = selected_hosts({}, it.deployment());
        CollectOptions options;
        options.passive = true;
        r.interrupted = collect(*fleet, judge.placement(), it.catalogue(), hosts, checks, options, p,
                                [&](const Host& h, Facts facts) { compare_host(r, h, it.deployment(), judge, facts); });
    } else if (!o.from.empty())
        for (auto& h : it.deployment().hosts) compare_host(r, h, it.deployment(), judge, bundle.hosts[h.name]);
    p.finish(r);
}

} // namespace

void add_size(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("size", p.in({"hardware for so many users, with the arithmetic and its sources",
                                               "按用户规模计算硬件，列出算式与来源"}));
    auto o = std::make_shared<Options>();
    add_config_option(*c, p);
    add_output_options(*c, p);
    c->add_flag("--products", o->products, p.in({"list the products that are known", "列出已知产品"}));
    c->add_flag("--measure", o->measure,
                p.in({"ask the hosts and say short, enough or wasteful", "读取主机实际配置，指出不足、足够或浪费"}));
    c->add_option("--from", o->from, p.in({"compare with saved facts", "与已保存的事实比较"}))->type_name("BUNDLE|DIR");
    c->add_option("--product", o->product, p.in({"instead of the one in imops.yaml", "代替 imops.yaml 中的产品"}));
    c->add_option("--registered", o->registered, p.in({"accounts", "注册用户数"}))->check(not_negative(p));
    c->add_option("--concurrent", o->concurrent, p.in({"users on line at the busiest time", "高峰在线人数"}))
        ->check(not_negative(p));
    c->add_option("--messages", o->messages, p.in({"messages a day", "每日消息数"}))->check(not_negative(p));
    c->add_option("--media", o->media, p.in({"uploads a day, such as 2GiB", "每日上传量，如 2GiB"}));
    c->add_option("--retention", o->retention, p.in({"how long it is kept, such as 365d", "保留时长，如 365d"}));
    c->add_option("--federation", o->federation, p.in({"none, small or open", "none、small 或 open"}))
        ->check(CLI::IsMember({"none", "small", "open"}));
    c->callback([&p, o] { run_size(p, *o); });
}

} // namespace imops
