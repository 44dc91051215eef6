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
        for (auto& c : x.components) parts += (parts.empty() ? "" : ", ") + fmt::format("{} ({}{})", c.name, word(c.role), c.optional ? p.in({", optional", "，可选"}) : "");
        std::cout << "             " << parts << '\n';
    }
}

Error bad(std::string_view option, std::string_view value, Text example) {
    return {Code::usage, say("{} {}: cannot be read", "{} {}：无法识别", option, one_line(value, 40)), say("For example: {}", "例如：{}", example), {}};
}

/// The workload of imops.yaml, with what the command line says instead.
void override_workload(Deployment& d, const Options& o) {
    auto& w = d.workload;
    if (o.registered) w.registered = o.registered;
    if (o.concurrent) w.concurrent = o.concurrent;
    else if (o.registered) w.concurrent = o.registered / 10;
    if (o.messages) w.messages = o.messages;
    else if (o.registered || o.concurrent) w.messages = w.concurrent * 40;
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

std::string amount(const Value& v, const std::string& part) { return v.empty() ? "–" : part == "bandwidth" ? show_number(std::ceil(v.data.get<double>() * 8 / 1e5) / 10) + " Mbit/s" : v.show(); }

Line part_name(const std::string& part) {
    static const std::map<std::string, Text> names{{"cores", {"cores", "CPU 核"}},   {"memory", {"memory", "内存"}}, {"disk", {"disk", "磁盘"}},       {"hosts", {"machines", "机器数"}},
                                                   {"files", {"open files", "打开文件数"}}, {"connections", {"database connections", "数据库连接"}}, {"bandwidth", {"bandwidth", "带宽"}}};
    auto it = names.find(part);
    return it == names.end() ? Line{part, part} : Line{it->second};
}

void add_lines(Report& r, const Sizing& s) {
    std::string role = "-";
    for (auto& l : s.lines) {
        if (l.role != role) r.notes.push_back(l.role.empty() ? Line{Text{"\nwhole deployment", "\n整个部署"}} : Line{"\n" + l.role, "\n" + l.role});
        role = l.role;
        auto minimum = amount(l.minimum, l.part), advised = amount(l.recommended, l.part);
        r.notes.push_back(say("  {:<22} at least {:<10} advised {:<10} {}\n    source: {}", "  {:<14} 至少 {:<10} 建议 {:<10} {}\n    来源：{}", part_name(l.part), minimum, advised, l.arithmetic, l.source));
        Finding f;
        f.id = fmt::format("size.{}{}", l.role.empty() ? "" : l.role + ".", l.part);
        f.title = part_name(l.part);
        f.text = l.arithmetic;
        f.value = l.recommended;
        f.limit = l.minimum;
        r.findings.push_back(std::move(f));
    }
    r.notes.push_back(Text{"\nstorage, month by month (database with indexes, media, logs of 30 days)", "\n按月累计的存储量（数据库含索引、媒体、30 天日志）"});
    for (auto& m : s.months)
        r.notes.push_back(say("  after {:>2} months  {:>10} + {:>10} + {:>10} = {}", "  {:>2} 个月后  {:>10} + {:>10} + {:>10} = {}", m.month, show_bytes(m.database), show_bytes(m.media), show_bytes(m.logs), show_bytes(m.database + m.media + m.logs)));
    if (!s.remarks.empty()) r.notes.push_back(Line{" ", " "});
    for (auto& x : s.remarks) r.notes.push_back(say("note: {}", "注意：{}", x));
    r.notes.push_back(Line{" ", " "});
}

/// Short, enough or wasteful: a machine of more than four times what is advised is money.
void compare(Report& r, const Host& h, const Catalogue& c, const Facts& facts, const char* fact, Text what, Kind kind, double minimum, double advised) {
    Finding f;
    f.id = fmt::format("size.{}", fact);
    f.subject = h.name;
    f.title = what;
    auto* def = c.fact(fact);
    auto it = facts.find(fact);
    std::variant<nlohmann::json, Unread> v = Unread{false, Text{"it was not read", "未读取"}};
    if (def && it != facts.end()) v = typed(*def, it->second);
    if (auto* u = std::get_if<Unread>(&v)) {
        f.level = Level::unknown;
        f.text = u->why;
        return r.findings.push_back(std::move(f));
    }
    double has = std::get<nlohmann::json>(v).get<double>();
    auto shown = [&](double x) { return Value{kind, x}.show(); };
    double allowance = kind == Kind::bytes ? 0.93 : 1; // a machine sold as 8 GB shows about 7.6
    f.value = {kind, has};
    f.limit = {kind, minimum};
    if (minimum == 0 && advised == 0) {
        f.level = Level::skip;
        f.text = Text{"no size is known for these roles", "这些角色没有已知的配置数据"};
    } else if (has < minimum * allowance) {
        f.level = Level::fail;
        f.text = say("short: {}, at least {} needed, {} advised", "不足：{}，至少需要 {}，建议 {}", shown(has), shown(minimum), shown(advised));
        f.remedy = Text{"Enlarge the machine or move a role to another one.", "扩容该主机，或把某个角色移到其他主机。"};
    } else if (has < advised * allowance) {
        f.level = Level::warn;
        f.text = say("enough to run, less than advised: {} of {}", "可运行，但低于建议：{} / {}", shown(has), shown(advised));
        f.remedy = Text{"Plan to enlarge the machine before more users come.", "在用户增加之前安排扩容。"};
    } else if (has > advised * 4 && has > minimum * 4) {
        f.level = Level::warn;
        f.text = say("wasteful: {}, advised {}", "浪费：{}，建议 {}", shown(has), shown(advised));
        f.remedy = Text{"A smaller machine will do, or give it more roles.", "可换用更小的主机，或让它承担更多角色。"};
    } else f.text = say("enough: {}, advised {}", "足够：{}，建议 {}", shown(has), shown(advised));
    r.findings.push_back(std::move(f));
}

void compare_host(Report& r, const Host& h, const Deployment& d, const Sizing& s, const Catalogue& c, const Facts& facts) {
    auto n = need_of(h, d, s);
    compare(r, h, c, facts, "cpu.cores", {"cores", "CPU 核"}, Kind::number, n.cores_minimum, n.cores);
    compare(r, h, c, facts, "memory.total", {"memory", "内存"}, Kind::bytes, n.memory_minimum, n.memory);
}

void run_size(Program& p, const Options& o) {
    if (o.products) return list_products(p);
    p.check_outputs();
    Bundle bundle;
    Deployment d;
    if (!o.from.empty()) {
        bundle = read_bundle(o.from);
        d = parse_deployment(bundle.deployment, o.from + "/imops.yaml");
    } else if (!o.product.empty() && !std::filesystem::exists(p.config)) d.name = o.product;
    else d = p.deployment();
    override_workload(d, o);
    auto product = p.product(*d.product, &d.product, d.file);
    if (d.hosts.empty()) imagine_hosts(d, product);
    auto catalogue = p.catalogue("");
    Selection select;
    select.checks = {"cpu.cores", "memory.total"};
    select.passive = true;
    auto checks = selected_checks(select, catalogue, product);
    Judge judge{catalogue, d, product, p.product("generic"), {}, wall_clock()};
    Report r;
    r.command = "size";
    r.deployment = d.name;
    r.time = wall_clock();
    auto& w = d.workload;
    r.notes.push_back(say("{}: {} registered, {} on line, {} messages and {} of media a day, kept {}", "{}：注册 {} 人，在线 {} 人，每日 {} 条消息、媒体 {}，保留 {}", product.title, show_number(w.registered),
                          show_number(w.concurrent), show_number(w.messages), show_bytes(w.media.value), show_duration(w.retention.seconds)));
    add_lines(r, judge.sizing());
    if (o.measure) {
        auto fleet = fleet_of(d, 32);
        std::vector<const Host*> hosts = selected_hosts({}, d);
        CollectOptions options;
        options.passive = true;
        r.interrupted = collect(*fleet, d, product, catalogue, hosts, checks, options, p, [&](const Host& h, Facts facts) { compare_host(r, h, d, judge.sizing(), catalogue, facts); });
    } else if (!o.from.empty())
        for (auto& h : d.hosts) compare_host(r, h, d, judge.sizing(), catalogue, bundle.hosts[h.name]);
    p.finish(r);
}

} // namespace

void add_size(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("size", p.in({"hardware for so many users, with the arithmetic and its sources", "按用户规模计算硬件，列出算式与来源"}));
    auto o = std::make_shared<Options>();
    add_config_option(*c, p);
    add_output_options(*c, p);
    c->add_flag("--products", o->products, p.in({"list the products that are known", "列出已知产品"}));
    c->add_flag("--measure", o->measure, p.in({"ask the hosts and say short, enough or wasteful", "读取主机实际配置，指出不足、足够或浪费"}));
    c->add_option("--from", o->from, p.in({"compare with saved facts", "与已保存的事实比较"}))->type_name("BUNDLE|DIR");
    c->add_option("--product", o->product, p.in({"instead of the one in imops.yaml", "代替 imops.yaml 中的产品"}));
    c->add_option("--registered", o->registered, p.in({"accounts", "注册用户数"}))->check(CLI::NonNegativeNumber);
    c->add_option("--concurrent", o->concurrent, p.in({"users on line at the busiest time", "高峰在线人数"}))->check(CLI::NonNegativeNumber);
    c->add_option("--messages", o->messages, p.in({"messages a day", "每日消息数"}))->check(CLI::NonNegativeNumber);
    c->add_option("--media", o->media, p.in({"uploads a day, such as 2GiB", "每日上传量，如 2GiB"}));
    c->add_option("--retention", o->retention, p.in({"how long it is kept, such as 365d", "保留时长，如 365d"}));
    c->add_option("--federation", o->federation, p.in({"none, small or open", "none、small 或 open"}))->check(CLI::IsMember({"none", "small", "open"}));
    c->callback([&p, o] { run_size(p, *o); });
}

} // namespace imops
