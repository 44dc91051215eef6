#include "core/model/product.hpp"
#include <algorithm>

namespace imops {

namespace {

struct PortEntry {
    std::string name, port, proto = "tcp";
    std::vector<std::string> from;
};
struct ComponentEntry : Component {
    std::vector<Placed<PortEntry>> entries;
};
struct FigureEntry {
    Placed<std::string> value;
    std::string source;
};
struct Limits {
    LimitRange files, processes;
    std::map<std::string, std::string> sysctl;
};
struct ProductFile {
    Product p;
    std::vector<ComponentEntry> components;
    std::map<std::string, FigureEntry> figures;
    Limits limits;
    std::vector<Placed<Probe>> probes;
};

/// The figures that the formulas know (docs/products.md).
const std::vector<std::string>& figure_names() {
    static const std::vector<std::string> all{
        "message_bytes",      "index_factor", "log_bytes",       "files_per_user", "files_base",  "pool",
        "processes_per_core", "memory_base",  "memory_per_user", "users_per_core", "peak_factor", "fan_out"};
    return all;
}

} // namespace

template <class X> void describe(X& x, PortEntry& p) {
    x.need("name", p.name, {"name", "名称"});
    x.need("port", p.port, {"5432 or 49152-65535", "5432 或 49152-65535"});
    x.may("proto", p.proto, {"tcp or udp", "tcp 或 udp"});
    x.need("from", p.from, {"roles that connect, public or local", "发起连接的角色、public 或 local"});
}
template <class X> void describe(X& x, ComponentEntry& c) {
    x.need("name", c.name, {"name", "名称"});
    x.need("title", c.title, {"title", "标题"});
    x.need("role", c.role, {"role", "角色"});
    x.may("units", c.units, {"systemd units", "systemd 单元"});
    x.may("user", c.user, {"user it runs as", "运行用户"});
    x.may("data", c.data, {"data directory", "数据目录"});
    x.may("optional", c.optional, {"not in every deployment", "并非每个部署都有"});
    x.may("ports", c.entries, {"ports it listens on", "监听端口"});
}
template <class X> void describe(X& x, SizeRow& r) {
    x.need("role", r.role, {"role", "角色"});
    x.may("concurrent", r.concurrent, {"up to so many users on line", "在线用户数上限"});
    x.may("registered", r.registered, {"up to so many accounts", "注册用户数上限"});
    x.may("hosts", r.hosts, {"number of machines", "机器数量"});
    x.may("cores", r.cores, {"cores of one machine", "每台核数"});
    x.may("memory", r.memory, {"memory of one machine", "每台内存"});
    x.may("disk", r.disk, {"disk of one machine", "每台磁盘"});
    x.may("kind", r.kind, {"recommended, minimum or measured", "recommended、minimum 或 measured"});
    x.may("given", r.given, {"variant it holds for", "适用的变体"});
    x.need("source", r.source, {"where it comes from", "来源"});
}
template <class X> void describe(X& x, FigureEntry& f) {
    x.need("value", f.value, {"number or size", "数字或容量"});
    x.need("source", f.source, {"where it comes from", "来源"});
}
template <class X> void describe(X& x, LimitRange& l) {
    x.may("minimum", l.minimum, {"below it the service fails", "低于此值服务会出错"});
    x.may("recommended", l.recommended, {"advised", "建议值"});
    x.need("source", l.source, {"where it comes from", "来源"});
}
template <class X> void describe(X& x, Limits& l) {
    x.may("files", l.files, {"open files", "打开文件数"});
    x.may("processes", l.processes, {"processes", "进程数"});
    x.may("sysctl", l.sysctl, {"kernel settings that the makers ask for", "官方要求的内核参数"});
}
template <class X> void describe(X& x, DatabaseNeeds& d) {
    x.need("type", d.type, {"postgres, mysql or mongodb", "postgres、mysql 或 mongodb"});
    x.may("oldest", d.oldest, {"oldest version", "最低版本"});
    x.may("encoding", d.encoding, {"encoding", "字符编码"});
    x.may("collate", d.collate, {"collation", "排序规则"});
    x.may("extensions", d.extensions, {"extensions that must be installed", "必须安装的扩展"});
    x.need("source", d.source, {"where it comes from", "来源"});
}
template <class X> void describe(X& x, Probe& p) {
    x.need("name", p.name, {"short unique name", "唯一的短名称"});
    x.need("component", p.component, {"component that answers", "应答的组件"});
    x.need(
        "url", p.url,
        {"url with {name}, {domain}, {address}, {port.NAME}", "url，可含 {name}、{domain}、{address}、{port.端口名}"});
    x.may("at", p.at, {"address to connect to instead of the url's", "改为连接此地址"});
    x.need("depth", p.depth,
           {"shallow: the process answers; deep: it can do its work", "shallow：进程有应答；deep：能真正工作"});
    x.may("local", p.local, {"asked on the host itself, at 127.0.0.1", "在该主机本机 127.0.0.1 上询问"});
    x.may("reachable", p.reachable, {"no: nobody may get an answer there", "no：不应能访问"});
    x.may("expect", p.expect, {"what it must answer", "期望的应答"});
    x.may("within", p.within, {"longest time for the whole answer", "完整应答的最长时间"});
    x.need("source", p.source, {"where it comes from", "来源"});
}
template <class X> void describe(X& x, ProductFile& f) {
    auto& p = f.p;
    x.need("product", p.id, {"id", "id"});
    x.need("title", p.title, {"title", "标题"});
    x.need("about", p.about, {"one line", "一句话说明"});
    x.need("tested", p.tested, {"version, or unknown", "版本，或 unknown"});
    x.need("components", f.components, {"components", "组件"});
    x.may("sizing", p.sizing, {"published sizes", "公布的配置"});
    x.may("figures", f.figures, {"numbers of the formulas", "公式参数"});
    x.may("database", p.database, {"what it needs of its database", "对数据库的要求"});
    x.may("limits", f.limits, {"limits", "限制"});
    x.may("cpu_flags", p.cpu_flags, {"processor features it needs", "需要的 CPU 特性"});
    x.may("probes", f.probes, {"how to ask it whether it is well", "如何询问其健康状况"});
    x.may("message", p.message,
          {"protocol of its messages, when imops can send one: matrix or xmpp",
           "消息协议（imops 能发送时）：matrix 或 xmpp"});
    x.may("unknown", p.unknown, {"what its makers do not publish", "官方未公布的内容"});
    x.may("notes", p.notes, {"remarks", "备注"});
    x.need("sources", p.sources, {"where all this was read", "资料来源"});
}

namespace {

void add_port(const Placed<PortEntry>& e, Component& into, Problems& problems) {
    Port p{e->name, 0, 0, e->proto, e->from};
    auto parts = split(e->port, '-');
    auto first = parse_number(parts[0]), last = parse_number(parts.back());
    if (parts.size() > 2 || !first || !last || *first < 1 || *last > 65535 || *first > *last || *first != int(*first) ||
        *last != int(*last) || (p.proto != "tcp" && p.proto != "udp"))
        problems.add(e.place, say("'{}/{}' is not a port", "'{}/{}' 不是端口", e->proto, e->port),
                     Text{"Write port: 5432 or port: 49152-65535; proto: tcp or udp.",
                          "请写 port: 5432 或 port: 49152-65535；proto: tcp 或 udp。"});
    else {
        p.first = int(*first);
        p.last = int(*last);
    }
    static const std::vector<std::string> others{"public", "local"};
    for (auto& role : p.from) {
        bool known =
            std::any_of(Words<Role>::of.begin(), Words<Role>::of.end(), [&](auto& w) { return w.first == role; }) ||
            std::find(others.begin(), others.end(), role) != others.end();
        if (!known) problems.add(e.place, say("'{}' is not a role", "'{}' 不是角色", role), {});
    }
    into.ports.push_back(std::move(p));
}

} // namespace

std::string Port::show() const {
    return first == last ? fmt::format("{}/{}", proto, first) : fmt::format("{}/{}-{}", proto, first, last);
}

const Figure* Product::figure(std::string_view name) const {
    auto it = figures.find(std::string{name});
    return it == figures.end() ? nullptr : &it->second;
}

std::vector<const Component*> Product::on(const Host& h) const {
    std::vector<const Component*> found;
    for (auto& role : h.roles) {
        std::vector<const Component*> usual, optional;
        for (auto& c : components) {
            if (word(c.role) != role) continue;
            if (!h.components.empty()) {
                if (std::find(h.components.begin(), h.components.end(), c.name) != h.components.end())
                    found.push_back(&c);
            } else
                (c.optional ? optional : usual).push_back(&c);
        }
        if (usual.empty() && optional.size() == 1) usual = optional;
        found.insert(found.end(), usual.begin(), usual.end());
    }
    return found;
}

std::string Product::data(const Host& h) const {
    if (!h.data.empty()) return h.data;
    for (auto* c : on(h))
        if (!c->data.empty()) return c->data;
    return "/var/lib";
}

std::string Product::service_user(const Host& h) const {
    for (auto* c : on(h))
        if (!c->user.empty()) return c->user;
    return {};
}

Product parse_product(std::string_view text, const std::string& file) {
    Problems problems{file};
    ProductFile f;
    read_document(text, f, problems);
    auto& p = f.p;
    for (auto& entry : f.components) {
        auto& c = p.components.emplace_back(static_cast<Component&>(entry));
        for (auto& port : entry.entries) add_port(port, c, problems);
    }
    for (auto& [name, figure] : f.figures) {
        auto value = parse_number(*figure.value);
        if (!value) value = parse_bytes(*figure.value);
        auto& known = figure_names();
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            auto near = nearest(name, known);
            problems.add(figure.value.place, say("'{}' is not a figure of the formulas", "'{}' 不是公式参数", name),
                         near.empty() ? Line{} : say("Did you mean '{}'?", "是否想写 '{}'？", near));
        } else if (!value)
            problems.add(figure.value.place, say("'{}' is not a number", "'{}' 不是数字", one_line(*figure.value)), {});
        else
            p.figures[name] = {*value, figure.source};
    }
    for (auto& probe : f.probes) {
        if (auto wrong = objection(p, *probe)) problems.add(probe.place, wrong->what, wrong->remedy);
        p.probes.push_back(std::move(probe.value));
    }
    p.files = f.limits.files;
    p.processes = f.limits.processes;
    p.sysctl = f.limits.sysctl;
    p.file = file;
    if (!problems.none()) throw Failure{problems.take()};
    return std::move(p);
}

} // namespace imops
