#include "core/render/component.hpp"
#include "core/base/string.hpp"
#include "core/render/include.hpp"
#include <algorithm>
#include <set>

namespace imops::render {

namespace {

struct VariableEntry {
    Placed<std::string> type, reckoned;
    std::optional<Placed<Any>> fallback;
    Line about;
    std::string source;
};
struct FileEntry {
    Placed<std::string> name, path, when, each;
    Format format = Format::conf;
    Placed<std::string> mode;
    std::string owner = "root:root";
};
struct ComponentFile {
    std::string name, version;
    Line title, action;
    std::vector<Role> roles;
    std::vector<std::string> programs;
    std::string package;
    int order = 50;
    Placed<std::string> when, functions, before, check, verify, apply, prepare, ready, stop;
    Ordered<Placed<VariableEntry>> variables;
    std::vector<Placed<FileEntry>> files;
};

template <class X> void describe(X& x, VariableEntry& v) {
    x.need(
        "type", v.type,
        {"text, number, bytes, seconds, bool, list or secret", "text、number、bytes、seconds、bool、list 或 secret"});
    x.may("default", v.fallback, {"the value when a site sets none", "站点未设置时的值"});
    x.may("reckoned", v.reckoned, {"expression instead of a default", "代替默认值的表达式"});
    x.need("about", v.about, {"what it is", "说明"});
    x.may("source", v.source, {"where the figure comes from", "数值来源"});
}
template <class X> void describe(X& x, FileEntry& f) {
    x.need("template", f.name, {"file of this folder", "本目录中的模板文件"});
    x.need("path", f.path, {"absolute path on the host; may hold {{ }}", "主机上的绝对路径，可含 {{ }}"});
    x.need("format", f.format, {"how values are quoted", "值的引用方式"});
    x.may("mode", f.mode, {"\"0644\"", "\"0644\""});
    x.may("owner", f.owner, {"USER:GROUP", "用户:组"});
    x.may("when", f.when, {"condition", "条件"});
    x.may("each", f.each, {"a table or list: one file for each item", "表或列表：每个 item 一个文件"});
}
template <class X> void describe(X& x, ComponentFile& c) {
    x.need("component", c.name, {"the folder's name", "目录名"});
    x.need("version", c.version, {"of these templates", "模板版本"});
    x.need("title", c.title, {"title", "标题"});
    x.may("action", c.action,
          {"what a push does to the service: reload nginx", "推送时对服务的操作，如 重新加载 nginx"});
    x.may("roles", c.roles, {"of hosts that can have it", "可用的主机角色"});
    x.may("programs", c.programs, {"that its host must have", "主机须有的程序"});
    x.may("package", c.package, {"Debian package that brings them", "对应的 Debian 软件包"});
    x.may("order", c.order, {"smaller ones are pushed first", "数值小的先推送"});
    x.need("when", c.when, {"whether a host has it", "主机是否使用该组件的条件"});
    x.may("variables", c.variables, {"what a site may set", "站点可设置的变量"});
    x.need("files", c.files, {"files", "文件"});
    x.may("functions", c.functions, {"sh: functions that the other fragments call", "sh：供其他片段调用的函数"});
    x.may("before", c.before, {"sh: before the check", "sh：检查之前"});
    x.may("check", c.check,
          {"sh: the component's own checker, on the new files beside the targets",
           "sh：组件自带的检查器，检查目标旁的新文件"});
    x.may("verify", c.verify,
          {"sh: the same when they are in place, before it is applied", "sh：文件就位后、生效前的检查"});
    x.may("apply", c.apply, {"sh: reload or restart", "sh：重新加载或重启"});
    x.may("prepare", c.prepare,
          {"sh: what it needs besides files, such as databases", "sh：文件之外所需的准备，如建库"});
    x.may("ready", c.ready, {"sh: succeeds when the service answers", "sh：服务可用时返回成功"});
    x.may("stop", c.stop, {"sh: ends what a push started for the first time", "sh：停止首次推送时启动的服务"});
}

} // namespace

bool is_secret_name(std::string_view n) {
    return n.ends_with(".password") || n.ends_with(".secret") || n == "credentials";
}

/// Reads manifests and compiles what is in them; every problem has its place.
class ComponentLoader {
    Components c_;
    std::vector<TemplateSource> sources_;
    const Scope& common_;
    Lang lang_;
    std::vector<Error> errors_;

    struct At {
        const std::string& what;
        Problems& problems;
    };

    /// The place of a mistake in a text of a manifest: a block begins on the line after its key.
    static Place place_in(const Placed<std::string>& from, std::size_t offset) {
        auto p = from.place;
        if (!p.line) return p;
        auto before = std::string_view{*from}.substr(0, offset);
        if (from->find('\n') == from->npos)
            p.column += int(offset);
        else {
            p.line += 1 + int(std::ranges::count(before, '\n'));
            p.column = 1 + int(offset - (before.rfind('\n') + 1));
        }
        return p;
    }

    using Compiled = std::variant<Expression, Mistake>;
    Expression take(Compiled r, const char* key, const Placed<std::string>& from, Problems& problems,
                    std::set<std::string>& read) {
        if (auto* m = std::get_if<Mistake>(&r)) {
            problems.add(place_in(from, m->offset), say("{}: {}", "{}：{}", key, m->what), std::move(m->remedy));
            return {};
        }
        auto e = std::get<Expression>(std::move(r));
        read.insert(e.reads().begin(), e.reads().end());
        return e;
    }
    FileOptions options(Format f) const {
        return {[f](const nlohmann::json& v) { return written(f, v); }, lang_};
    }

    void add_variable(Component& c, const std::string& name, Placed<VariableEntry>& e, Problems& problems,
                      std::set<std::string>& read) {
        Variable v{name, {}, e->type.value == "secret", e->about, e->source, {}, {}};
        if (v.secret)
            v.type = {Kind::text, {}};
        else if (auto kind = kind_of(*e->type);
                 kind && *kind != Kind::map && *kind != Kind::table && *kind != Kind::any && *kind != Kind::clock)
            v.type = {*kind, {}};
        else
            problems.add(e->type.place,
                         say("'{}' is not a type of variable", "'{}' 不是变量类型", one_line(*e->type, 40)),
                         Text{"One of: text, number, bytes, seconds, bool, list, secret.",
                              "可选：text、number、bytes、seconds、bool、list、secret。"});
        if (v.type.kind == Kind::list) v.type.members = {{"", Type{Kind::text, {}}}};
        if (v.secret)
            v.fallback = "";
        else if (!e->reckoned->empty())
            v.reckoned = take(c_.language_->expression(*e->reckoned, common_, v.type.kind), "reckoned", e->reckoned,
                              problems, read);
        else if (e->fallback)
            v.fallback = setting_value(v.type.kind, e->fallback->value.node, problems);
        else
            problems.add(e.place, say("variable '{}' has no default", "变量 '{}' 没有默认值", name),
                         Text{"Give it `default:`, or `reckoned:` with an expression; only a secret needs none.",
                              "请写 `default:`，或用 `reckoned:` 给出表达式；只有 secret 可以没有。"});
        c.variables.push_back(std::move(v));
    }

    void add_file(Component& c, const FileEntry& e, const Scope& scope, Problems& problems,
                  std::set<std::string>& read) {
        FileTemplate f;
        f.name = *e.name;
        f.format = e.format;
        f.owner = e.owner;
        f.path_text = e.path;
        if (!e.mode->empty() && (e.mode->size() != 4 || e.mode->find_first_not_of("01234567") != std::string::npos))
            problems.add(e.mode.place, say("'{}' is not a mode", "'{}' 不是权限", one_line(*e.mode, 20)),
                         Text{"Write four digits in quotes: \"0640\".", "请写带引号的四位数：\"0640\"。"});
        else if (!e.mode->empty())
            f.mode = unsigned(std::stoul(*e.mode, nullptr, 8));
        Scope with_item = Scope::over(scope);
        if (!e.each->empty()) {
            f.each = take(c_.language_->expression(*e.each, scope), "each", e.each, problems, read);
            if (auto* t = scope.find(*e.each); f.each && t)
                with_item.add("item", t->kind == Kind::table ? Type{Kind::map, t->members}
                                      : t->member("")        ? *t->member("")
                                                             : Type{Kind::any, {}});
        }
        if (!e.when->empty())
            f.when = take(c_.language_->expression(*e.when, scope, Kind::boolean), "when", e.when, problems, read);
        f.path = take(c_.language_->file_template(*e.path, with_item, options(Format::conf)), "path", e.path, problems,
                      read);
        auto expanded = expand_includes(sources_, c.name + "/" + f.name);
        if (!expanded) {
            problems.add(e.name.place, expanded.error().what, expanded.error().remedy);
            return;
        }
        f.file = expanded->lines.empty() ? std::string{} : expanded->lines.front().first;
        f.lines = expanded->lines;
        auto r = c_.language_->file_template(expanded->text, with_item, options(f.format));
        if (auto* m = std::get_if<Mistake>(&r)) {
            auto [file, place] = expanded->place(m->offset);
            Problems at{file};
            at.add(place, m->what, std::move(m->remedy));
            errors_.push_back(std::move(at.take().front()));
            return;
        }
        f.text = std::get<Expression>(std::move(r));
        read.insert(f.text.reads().begin(), f.text.reads().end());
        f.secret =
            std::ranges::any_of(f.text.reads(), [&](auto& n) { return is_secret_name(n) || secret_setting(c, n); });
        c.files.push_back(std::move(f));
    }

    static bool secret_setting(const Component& c, std::string_view name) {
        return name.starts_with("settings.") &&
               std::ranges::any_of(c.variables, [&](auto& v) { return v.secret && v.name == name.substr(9); });
    }

    void load(const TemplateSource& manifest) {
        Problems problems{manifest.file};
        ComponentFile f;
        read_document(manifest.text, f, problems);
        auto folder = manifest.name.substr(0, manifest.name.find('/'));
        if (problems.none() && f.name != folder)
            problems.add({}, say("component '{}' lies in the folder '{}'", "组件 '{}' 位于目录 '{}'", f.name, folder),
                         Text{"Both have the same name.", "两者须同名。"});
        auto& c = c_.all_.emplace_back();
        c.name = folder;
        c.file = manifest.file;
        c.version = f.version;
        c.title = f.title;
        c.action = f.action;
        c.programs = f.programs;
        c.package = f.package;
        c.order = f.order;
        for (auto r : f.roles) c.roles.emplace_back(word(r));
        std::set<std::string> read;
        for (auto& [name, v] : f.variables) add_variable(c, name, v, problems, read);
        Scope scope = Scope::over(common_);
        for (auto& v : c.variables) scope.add("settings." + v.name, v.type);
        c.when = take(c_.language_->expression(*f.when, common_, Kind::boolean), "when", f.when, problems, read);
        for (auto& e : f.files) add_file(c, *e, scope, problems, read);
        auto& g = c.fragments;
        auto sh = [&](const char* key, const Placed<std::string>& from) {
            return from->empty() ? Expression{}
                                 : take(c_.language_->file_template(*from, scope, options(Format::sh)), key, from,
                                        problems, read);
        };
        g = {sh("functions", f.functions), sh("before", f.before),   sh("check", f.check), sh("verify", f.verify),
             sh("apply", f.apply),         sh("prepare", f.prepare), sh("ready", f.ready), sh("stop", f.stop)};
        for (auto& [name, v] : f.variables)
            if (!read.contains("settings." + name) && problems.none() && errors_.empty())
                problems.add(v.place, say("variable '{}' is not used", "变量 '{}' 没有被使用", name),
                             Text{"Take it out, or use it as {{ settings.NAME }}.",
                                  "请删除，或在模板中用 {{ settings.变量名 }} 引用。"});
        for (auto& e : problems.take()) errors_.push_back(std::move(e));
    }

  public:
    ComponentLoader(const Scope& common, Lang lang) : common_{common}, lang_{lang} {}

    Components run(std::vector<TemplateSource> sources) {
        for (auto& s : sources) {
            std::erase_if(sources_, [&](auto& old) { return old.name == s.name; });
            sources_.push_back(std::move(s));
        }
        std::ranges::sort(sources_, {}, &TemplateSource::name);
        for (auto& s : sources_)
            if (s.name.ends_with("/component.yaml")) load(s);
        if (!errors_.empty()) throw Failure{std::move(errors_)};
        std::ranges::sort(c_.all_,
                          [](auto& a, auto& b) { return std::tie(a.order, a.name) < std::tie(b.order, b.name); });
        return std::move(c_);
    }
};

const Component* Components::find(std::string_view name) const {
    auto it = std::ranges::find(all_, name, &Component::name);
    return it == all_.end() ? nullptr : &*it;
}

std::vector<std::string> Components::names() const {
    std::vector<std::string> all;
    for (auto& c : all_) all.push_back(c.name);
    return all;
}

Components load_components(std::vector<TemplateSource> sources, const Scope& scope, Lang lang) {
    return ComponentLoader{scope, lang}.run(std::move(sources));
}

} // namespace imops::render
