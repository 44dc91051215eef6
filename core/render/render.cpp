#include "core/render/render.hpp"
#include "core/base/string.hpp"
#include "core/model/rules.hpp"
#include "core/render/stamp.hpp"
#include <algorithm>

namespace imops::render {

namespace {

using nlohmann::json;

std::set<std::string> names_read(const Components& components, const Wish& wish) {
    std::set<std::string> all;
    auto add = [&](const Expression& e) {
        if (e) all.insert(e.reads().begin(), e.reads().end());
    };
    for (auto& c : components.all()) {
        add(c.when);
        bool chosen = wish.components.empty() || std::ranges::find(wish.components, c.name) != wish.components.end();
        if (!chosen) continue;
        for (auto& v : c.variables) add(v.reckoned);
        for (auto& f : c.files)
            for (auto* e : {&f.path, &f.text, &f.when, &f.each}) add(*e);
        auto& g = c.fragments;
        if (wish.fragments)
            for (auto* e : {&g.functions, &g.before, &g.check, &g.verify, &g.apply, &g.prepare, &g.ready, &g.stop})
                add(*e);
    }
    return all;
}

/// What `settings` say of components and variables that are there, and of the right kind.
class SettingsCheck {
    const Components& components_;
    Problems& problems_;

    void value(const Variable& v, const Node& n) {
        if (!v.secret) return void(setting_value(v.type.kind, n, problems_));
        SecretRef r;
        Reader reader{n, problems_};
        auto before = problems_.count();
        reader.read(n, r);
        if (before == problems_.count())
            if (auto o = one_reference()(r)) problems_.add(n.place, o->what, o->remedy);
    }

  public:
    SettingsCheck(const Components& c, Problems& p) : components_{c}, problems_{p} {}
    void add(const Settings& settings) {
        for (auto& [name, variables] : settings) {
            auto* c = components_.find(name);
            Place at = variables.empty() ? Place{} : variables.front().second.place;
            if (!c) {
                auto near = nearest(name, components_.names());
                problems_.add(
                    at, say("settings: there is no component '{}'", "settings：没有组件 '{}'", one_line(name, 60)),
                    near.empty() ? say("Components: {}", "组件有：{}", fmt::join(components_.names(), ", "))
                                 : say("Did you mean '{}'?", "是否想写 '{}'？", near));
                continue;
            }
            for (auto& [key, given] : variables) {
                if (key == "use") {
                    setting_value(Kind::boolean, given->node, problems_);
                    continue;
                }
                auto v = std::ranges::find(c->variables, key, &Variable::name);
                if (v != c->variables.end()) {
                    value(*v, given->node);
                    continue;
                }
                std::vector<std::string> known{"use"};
                for (auto& x : c->variables) known.push_back(x.name);
                auto near = nearest(key, known);
                problems_.add(given.place,
                              say("settings.{}: there is no variable '{}'", "settings.{}：没有变量 '{}'", name,
                                  one_line(key, 60)),
                              near.empty() ? say("Variables of {}: {}", "{} 的变量：{}", name, fmt::join(known, ", "))
                                           : say("Did you mean '{}'?", "是否想写 '{}'？", near));
            }
        }
    }
};

const Placed<Any>* setting(const Settings& s, const std::string& component, std::string_view key) {
    auto it = s.find(component);
    if (it == s.end()) return nullptr;
    auto at = std::ranges::find_if(it->second, [&](auto& pair) { return pair.first == key; });
    return at == it->second.end() ? nullptr : &at->second;
}

} // namespace

Renderer::Renderer(const Components& components, const Deployment& d, const Product& product, const Product& generic,
                   const std::vector<Product>& all, Lang lang, Wish wish)
    : components_{components},
      d_{d},
      lang_{lang},
      wish_{std::move(wish)},
      secrets_{wish_.secrets},
      data_{d, product, generic, all, secrets_, names_read(components, wish_)} {
    Problems problems{d.file};
    SettingsCheck check{components, problems};
    check.add(d.settings);
    for (auto& h : d.hosts) check.add(h.settings);
    if (!problems.none()) throw Failure{problems.take()};
    std::vector<Error> unknown;
    for (auto& name : wish_.components)
        if (!components.find(name)) {
            auto near = nearest(name, components.names());
            unknown.push_back(
                {Code::usage,
                 say("there is no component '{}'", "没有组件 '{}'", one_line(name, 60)),
                 near.empty() ? Line{Text{"`imops templates list` shows them.", "`imops templates list` 可列出全部。"}}
                              : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                 {}});
        }
    if (!unknown.empty()) throw Failure{std::move(unknown)};
}

std::optional<bool> Renderer::use(const Component& c, const Host& h) const {
    for (auto* s : {&h.settings, &d_.settings})
        if (auto* given = setting(*s, c.name, "use")) return parse_bool(given->value.node);
    return {};
}

bool Renderer::wanted(const Component& c, const Host& h, const json& data) const {
    bool has_role = c.roles.empty() || std::ranges::any_of(c.roles, [&](auto& r) {
                        return std::ranges::find(h.roles, r) != h.roles.end();
                    });
    if (!has_role) return false;
    if (auto said = use(c, h)) return *said;
    auto v = c.when.value(data);
    auto* value = std::get_if<json>(&v);
    return value && value->is_boolean() && value->get<bool>();
}

json Renderer::settings_for(const Component& c, const Host& h, const json& data) {
    json all = json::object();
    Problems ignored{d_.file}; // SettingsCheck has said them
    for (auto& v : c.variables) {
        const Placed<Any>* given = nullptr;
        for (auto* s : {&h.settings, &d_.settings})
            if (!given) given = setting(*s, c.name, v.name);
        auto& into = all[v.name];
        if (v.secret) {
            SecretRef r;
            if (given) Reader{given->value.node, ignored}.read(given->value.node, r);
            into = secrets_.value(r);
        } else if (given)
            into = setting_value(v.type.kind, given->value.node, ignored);
        else if (v.reckoned) {
            auto value = v.reckoned.value(data);
            auto* got = std::get_if<json>(&value);
            if (!got)
                throw Failure{Error{
                    Code::config,
                    say("{}: variable '{}': {}", "{}：变量 '{}'：{}", c.file, v.name, std::get<NoValue>(value).what),
                    say("Set it in imops.yaml: settings: {{{}: {{{}: VALUE}}}}",
                        "请在 imops.yaml 中设置：settings: {{{}: {{{}: 值}}}}", c.name, v.name),
                    {}}};
            into = std::move(*got);
        } else
            into = v.fallback;
    }
    return all;
}

void Renderer::add_file(const Component& c, const FileTemplate& f, const Host& h, const json& data, HostFiles& into) {
    RenderedFile file{&c, &f, {}, {}};
    auto failed = [&](const NoValue& why, std::string at) {
        into.errors.push_back({Code::config,
                               say("{}: host {}: {}", "{}：主机 {}：{}", at, h.name, why.what),
                               Text{"Change the value in imops.yaml, or the template: `imops templates show`.",
                                    "请修改 imops.yaml 中的值或模板：`imops templates show`。"},
                               {}});
    };
    auto path = f.path.text(data);
    if (auto* p = std::get_if<std::string>(&path);
        p && p->starts_with('/') && p->find("/../") == p->npos && p->find_first_of("\n\t") == p->npos)
        file.path = *p;
    else
        return failed(p ? NoValue{{}, say("'{}' is not an absolute path", "'{}' 不是绝对路径", one_line(*p, 120)), 0}
                        : std::get<NoValue>(path),
                      fmt::format("{}:{}", c.file, f.path_text.place.line));
    auto text = f.text.text(data);
    if (auto* why = std::get_if<NoValue>(&text)) {
        auto line = std::size_t(std::ranges::count(std::string_view{f.text.source()}.substr(0, why->offset), '\n'));
        auto& [where, number] = f.lines[std::min(line, f.lines.size() - 1)];
        return failed(*why, why->offset ? fmt::format("{}:{}", where, number) : where);
    }
    if (auto same = std::ranges::find(into.files, file.path, &RenderedFile::path); same != into.files.end())
        return failed({{}, say("{} is written by {} too", "{} 也由 {} 生成", file.path, same->name()), 0}, f.file);
    file.text = stamped(f.format, lang_, file.name(), c.version, std::get<std::string>(text));
    into.files.push_back(std::move(file));
}

void Renderer::add_files(const Component& c, const Host& h, json& data, HostFiles& into) {
    for (auto& f : c.files) {
        if (f.when) {
            auto v = f.when.value(data);
            if (auto* yes = std::get_if<json>(&v); !yes || *yes != true) continue;
        }
        if (!f.each) {
            add_file(c, f, h, data, into);
            continue;
        }
        auto items = f.each.value(data);
        if (auto* list = std::get_if<json>(&items))
            for (auto& item : *list) {
                data["item"] = item;
                add_file(c, f, h, data, into);
            }
        data.erase("item");
    }
}

void Renderer::add_fragments(const Component& c, const Host& h, const json& data, HostFiles& into) {
    RenderedFragments r;
    r.component = &c;
    auto& g = c.fragments;
    std::tuple<const char*, const Expression*, std::string*> all[]{{"functions", &g.functions, &r.functions},
                                                                   {"before", &g.before, &r.before},
                                                                   {"check", &g.check, &r.check},
                                                                   {"verify", &g.verify, &r.verify},
                                                                   {"apply", &g.apply, &r.apply},
                                                                   {"prepare", &g.prepare, &r.prepare},
                                                                   {"ready", &g.ready, &r.ready},
                                                                   {"stop", &g.stop, &r.stop}};
    for (auto& [key, from, to] : all) {
        if (!*from) continue;
        auto text = from->text(data);
        if (auto* t = std::get_if<std::string>(&text))
            *to = std::move(*t);
        else
            into.errors.push_back(
                {Code::config,
                 say("{}: {}: host {}: {}", "{}：{}：主机 {}：{}", c.file, key, h.name, std::get<NoValue>(text).what),
                 Text{"Change the value in imops.yaml, or the template: `imops templates show`.",
                      "请修改 imops.yaml 中的值或模板：`imops templates show`。"},
                 {}});
    }
    into.fragments.push_back(std::move(r));
}

std::vector<const Component*> Renderer::chosen(const Host& h, const json& data) const {
    std::vector<const Component*> all;
    for (auto& c : components_.all())
        if ((wish_.components.empty() || std::ranges::find(wish_.components, c.name) != wish_.components.end()) &&
            wanted(c, h, data))
            all.push_back(&c);
    return all;
}

std::vector<const Component*> Renderer::components_of(const Host& h, const Measured& m) {
    return chosen(h, data_.of(h, m));
}

HostFiles Renderer::of(const Host& h, const Measured& m) {
    HostFiles r;
    auto& data = data_.of(h, m);
    for (auto* c : chosen(h, data)) {
        data["settings"] = settings_for(*c, h, data);
        add_files(*c, h, data, r);
        if (wish_.fragments) add_fragments(*c, h, data, r);
    }
    data.erase("settings");
    return r;
}

} // namespace imops::render
