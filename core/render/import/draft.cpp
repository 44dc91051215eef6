#include "core/render/import/draft.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/model/rules.hpp"
#include <algorithm>

namespace imops::render {

std::vector<OldProgram> programs_of(const Tree& tree) {
    std::vector<OldProgram> all;
    for (auto& u : old_units())
        for (auto& main : matching(tree, std::string{u.main})) all.push_back({&u, main, u.read(tree, main)});
    return all;
}

const OldProgram* DraftHost::program(std::string_view service) const {
    auto it = std::ranges::find_if(programs, [&](auto& p) { return p.unit->service == service; });
    return it == programs.end() ? nullptr : &*it;
}

const Flat* DraftHost::flat(std::string_view service) const {
    auto* p = program(service);
    return p ? &p->flat : nullptr;
}

namespace {

constexpr std::string_view products_known[]{"synapse", "ejabberd", "prosody"};

bool fits(const std::string& s, std::string_view marks, std::size_t max) { return !word_of(marks, max)(s); }

class DraftMaker {
    Draft d_;
    const Components& components_;
    const std::vector<Product>& products_;
    const Product* product_ = nullptr;

    void remark(const DraftHost& h, Line l) { d_.remarks.emplace_back(h.old->name, std::move(l)); }

    void add_host(const OldHost& old) {
        auto& h = d_.hosts.emplace_back();
        h.old = &old;
        h.programs = programs_of(old.files);
        std::set<std::string> there;
        for (auto& p : h.programs) // a file beside the main one proves nothing
            if (p.unit == &*std::ranges::find(old_units(), p.unit->service, &OldUnit::service))
                there.emplace(p.unit->service);
        bool some = std::ranges::any_of(there, [&](auto& s) { return old.running.contains(s); });
        for (auto& s : there) {
            if (!some || old.running.contains(s))
                h.services.insert(s);
            else
                remark(h, say("{} is configured and does not run: it was left out", "{} 有配置但没有运行：未纳入", s));
        }
        if (old.looked && !some && !there.empty())
            remark(h, Text{"none of the services runs: all that are configured were taken",
                           "没有服务在运行：已按配置文件全部纳入"});
    }

    void choose_product() {
        for (auto id : products_known)
            for (auto& h : d_.hosts)
                if (h.services.contains(std::string{id}) && d_.product == "generic") d_.product = id;
        for (auto& h : d_.hosts)
            for (auto id : products_known)
                if (id != d_.product && h.services.erase(std::string{id}))
                    remark(h, say("{} is there too: a deployment has one product, and {} was taken",
                                  "还有 {}：一个部署只有一个产品，已选择 {}", id, d_.product));
        auto it = std::ranges::find(products_, d_.product, &Product::id);
        product_ = it == products_.end() ? nullptr : &*it;
    }

    /// The product's component of that name runs here, and gives its host a role. False: the product has none.
    bool add_component(DraftHost& h, const std::string& name) {
        if (!product_) return false;
        auto it = std::ranges::find(product_->components, name, &imops::Component::name);
        if (it == product_->components.end()) return false;
        h.components.insert(name);
        h.roles.emplace(word(it->role));
        return true;
    }

    /// A port that is not the usual one, unless another component of the host has a port of the same name. `of`: the
    /// component; empty: any.
    void add_port(DraftHost& h, std::string_view of, const std::string& name, int port) {
        if (!product_ || port == 0) return;
        int owners = 0;
        bool usual = false, its = false;
        for (auto& c : product_->components)
            for (auto& p : c.ports)
                if (p.name == name && h.components.contains(c.name))
                    ++owners, usual = p.first == port, its = of.empty() || c.name == of;
        if (owners == 1 && its && !usual) h.ports[name] = port;
    }

    /// Where a service is: on one of the hosts, or at an address. False: its address is none.
    bool place(DraftService& s, const DraftHost& from) {
        auto local = s.address.empty() || s.address.starts_with('/') || s.address == "localhost" ||
                     s.address.starts_with("127.") || s.address == "::1";
        if (local) s.host = from.old->name;
        for (auto& h : d_.hosts)
            if (s.host.empty() && (s.address == h.old->address || s.address == h.old->name)) s.host = h.old->name;
        if (!s.host.empty()) s.address.clear();
        return !s.host.empty() || fits(s.address, "._-:[]%", 253);
    }

    DraftHost* host(const std::string& name) {
        auto it = std::ranges::find_if(d_.hosts, [&](auto& h) { return h.old->name == name; });
        return it == d_.hosts.end() ? nullptr : &*it;
    }

    void add_service(std::optional<DraftService> s, const DraftHost& from, const std::string& secret,
                     std::string_view program, const std::string& component) {
        if (!s) return;
        if (!place(*s, from))
            return remark(from, say("the address of {} is none: it was left out", "{} 的地址无效：未纳入", s->name));
        for (auto* text : {&s->user, &s->database})
            if (bad_utf8(*text) || text->size() > 200) text->clear();
        s->secret = keep_secret(d_, s->name, secret);
        if (!secret.empty() && s->secret.empty())
            remark(from, say("the secret of {} has a line break in it or is too long: it was left out",
                             "{} 的密码含换行或过长：未纳入", s->name));
        if (auto* on = host(s->host); on && !component.empty()) {
            if (!add_component(*on, component))
                on->roles.insert(s->type == "redis" ? "cache" : s->type == "turn" ? "turn" : "db");
            auto* f = on->flat(program);
            if (s->port == 0 && f)
                if (auto x = parse_number(f->value("port"))) s->port = int(*x);
        }
        auto type =
            std::ranges::find(Words<ServiceType>::of, s->type, &std::pair<std::string_view, ServiceType>::first);
        if (type != Words<ServiceType>::of.end() && s->port == usual_port(type->second)) s->port = 0;
        d_.services.push_back(std::move(*s));
    }

    void add_app() {
        bool first = true;
        for (auto& h : d_.hosts) {
            if (!h.services.contains(d_.product)) continue;
            auto app = app_of(d_.product, *h.flat(d_.product));
            for (auto& c : app.components) add_component(h, c);
            for (auto& [name, port] : app.ports) add_port(h, "", name, port);
            for (auto& r : app.remarks) remark(h, r);
            if (!first) continue;
            first = false;
            if (fits(app.domain, "._-", 253)) d_.domain = app.domain;
            for (auto& n : app.names)
                if (fits(n, "._-", 253)) d_.names.push_back(n);
            d_.federation = app.federation;
            add_service(app.db, h, app.secrets["db"], "postgresql",
                        app.db && app.db->type == "mysql" ? "mysql" : "postgresql");
            add_service(app.cache, h, app.secrets["cache"], "redis", "redis");
            add_service(app.turn, h, app.secrets["turn"], "coturn", "coturn");
        }
    }

    /// nginx that passes nothing on serves something else.
    void add_nginx(DraftHost& h) {
        auto* f = h.flat("nginx");
        if (!h.services.contains("nginx") || !f) return;
        if (!f->leaf("proxy_pass")) {
            h.services.erase("nginx");
            return remark(
                h, Text{"nginx passes nothing on to a server: it was left out", "nginx 没有转发到任何服务：未纳入"});
        }
        add_component(h, "nginx");
        h.roles.insert("proxy");
        for (auto& [key, s] : f->all()) {
            if (s.leaf == "server_name")
                for (auto name : split(s.value, ' '))
                    if (std::string n{name}; n.find('.') != n.npos && fits(n, "._-", 253) && n[0] != '.' &&
                                             std::ranges::find(d_.names, n) == d_.names.end())
                        d_.names.push_back(n);
            if (s.leaf != "listen") continue;
            for (auto one : split(s.value, ';')) {
                auto words = split(trim(one), ' ');
                auto port = parse_number(words[0].substr(words[0].find_last_of(":]") + 1));
                if (!port || words[0].starts_with("unix:")) continue;
                bool tls = one.find(" ssl") != one.npos;
                if (*port == 8448 && add_component(h, "federation")) continue;
                if (!h.ports.contains(tls ? "https" : "http")) add_port(h, "nginx", tls ? "https" : "http", int(*port));
            }
        }
    }

    void add_others() {
        bool app = d_.product != "generic";
        for (auto& h : d_.hosts) {
            add_nginx(h);
            auto* haproxy = h.flat("haproxy");
            if (haproxy && h.services.contains("haproxy") && (haproxy->leaf("backend") || haproxy->leaf("listen"))) {
                h.roles.insert("proxy");
                add_component(h, "haproxy");
                if (components_.find("haproxy")) h.settings["haproxy"]["use"] = "true";
                if (components_.find("nginx") && !h.services.contains("nginx")) h.settings["nginx"]["use"] = "false";
            } else if (h.services.erase("haproxy"))
                remark(h, Text{"HAProxy passes nothing on to a server: it was left out",
                               "HAProxy 没有转发到任何服务：未纳入"});
            for (auto& [service, role] : {std::pair{"postgresql", "db"}, {"redis", "cache"}}) {
                if (!h.services.contains(service) || h.roles.contains(role)) continue;
                if (app)
                    h.services.erase(service),
                        remark(h, say("{} runs, and {} does not use it: it was left out",
                                      "{} 在运行，但 {} 没有使用它：未纳入", service, d_.product));
                else if (!add_component(h, service))
                    h.roles.insert(role);
            }
            if (auto* f = h.flat("coturn"); f && h.services.contains("coturn")) {
                bool known = std::ranges::any_of(d_.services, [&](auto& s) { return s.type == "turn"; });
                if (!known)
                    add_service(DraftService{"turn", "turn", {}, {}, {}, {}, {}, 0}, h, f->value("static-auth-secret"),
                                "coturn", "coturn");
                add_component(h, "coturn");
                h.roles.insert("turn");
            }
        }
    }

  public:
    DraftMaker(const Components& c, const std::vector<Product>& p) : components_{c}, products_{p} {}
    Draft make(const std::vector<OldHost>& hosts) {
        for (auto& h : hosts)
            if (!h.error) add_host(h);
        choose_product();
        add_app();
        add_others();
        if (d_.names.empty() && !d_.domain.empty()) d_.names.push_back(d_.domain);
        for (auto& h : d_.hosts) {
            if (h.roles.empty()) {
                h.roles.insert("app");
                remark(h, Text{"nothing that imops knows was found here: the role `app` is a guess",
                               "没有发现 imops 认识的服务：角色 `app` 只是猜测"});
            }
            add_settings(h, d_, components_);
        }
        return std::move(d_);
    }
};

} // namespace

Draft make_draft(const std::vector<OldHost>& hosts, const Components& components,
                 const std::vector<Product>& products) {
    return DraftMaker{components, products}.make(hosts);
}

} // namespace imops::render
