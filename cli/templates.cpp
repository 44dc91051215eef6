#include "cli/render.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

namespace imops {

namespace {

struct Options {
    std::vector<std::string> folders, names;
};

/// Templates, and the texts that they were read from.
struct Loaded {
    std::vector<std::unique_ptr<std::string>> texts;
    render::Components components;
};

Loaded load(const Program& p, const Options& o) {
    Loaded l;
    auto scope = render::render_scope(all_products(p));
    l.components = render::load_components(template_sources(p.config, o.folders, l.texts), scope, p.lang);
    return l;
}

std::string default_of(const render::Variable& v, const Program& p) {
    if (v.secret) return p.in({"a reference to a secret", "敏感信息的引用"});
    if (v.reckoned) return v.reckoned.source();
    return v.fallback.is_string() ? v.fallback.get<std::string>() : Value{v.type.kind, v.fallback}.show();
}

/// Every component with its files, and what a site may set.
void run_list(Program& p, const Options& o) {
    auto l = load(p, o);
    for (auto& c : l.components.all()) {
        if (!o.names.empty() && std::ranges::find(o.names, c.name) == o.names.end()) continue;
        std::cout << fmt::format("{} {} — {}\n", c.name, c.version, c.title.in(p.lang));
        for (auto& f : c.files) std::cout << fmt::format("  {:<24} → {}\n", f.name, f.path_text.value);
        for (auto& v : c.variables)
            std::cout << fmt::format("  settings.{:<17} {} [{}] {}\n", v.name, v.about.in(p.lang),
                                     v.secret ? "secret" : name(v.type.kind), default_of(v, p));
    }
    for (auto& n : o.names)
        if (!l.components.find(n)) {
            auto near = nearest(n, l.components.names());
            throw Failure{Error{Code::usage,
                                say("there is no component '{}'", "没有组件 '{}'", one_line(n, 60)),
                                near.empty()
                                    ? say("Components: {}", "组件有：{}", fmt::join(l.components.names(), ", "))
                                    : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                                {}}};
        }
}

/// The text of a template as it is, also of one that does not load.
void run_show(Program& p, const Options& o) {
    std::vector<std::unique_ptr<std::string>> texts;
    auto sources = template_sources(p.config, o.folders, texts);
    for (auto& n : o.names) {
        // The last one counts; but `show X > templates/X` has made that file empty before it is read.
        auto it =
            std::find_if(sources.rbegin(), sources.rend(), [&](auto& s) { return s.name == n && !s.text.empty(); });
        if (it == sources.rend()) {
            std::vector<std::string> known;
            for (auto& s : sources) known.push_back(s.name);
            auto near = nearest(n, known);
            throw Failure{Error{Code::usage,
                                say("there is no template '{}'", "没有模板 '{}'", one_line(n, 60)),
                                near.empty() ? Line{Text{"`imops templates list` shows them: COMPONENT/FILE.",
                                                         "`imops templates list` 可列出全部：组件/文件。"}}
                                             : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                                {}}};
        }
        std::cout << it->text;
    }
}

void run_lint(Program& p, const Options& o) {
    auto l = load(p, o);
    std::size_t files = 0, variables = 0;
    for (auto& c : l.components.all()) files += c.files.size(), variables += c.variables.size();
    std::cout << say("{} components, {} files, {} variables: fine", "{} 个组件、{} 个文件、{} 个变量：没有问题",
                     l.components.all().size(), files, variables)
                     .in(p.lang)
              << '\n';
}

} // namespace

void add_templates(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand(
        "templates", p.in({"list, show and lint the templates of configuration files", "列出、查看、检查配置模板"}));
    c->require_subcommand(1);
    auto o = std::make_shared<Options>();
    auto add = [&](const char* name, Text about, void (*run)(Program&, const Options&)) {
        auto* s = c->add_subcommand(name, p.in(about));
        add_config_option(*s, p);
        s->add_option("--templates", o->folders,
                      p.in({"folder of a site's own templates; repeatable", "自有模板目录，可重复"}))
            ->type_name("DIR");
        s->callback([&p, o, run] { run(p, *o); });
        return s;
    };
    add("list", {"components, their files, and what a site may set", "组件、文件及可设置的变量"}, run_list)
        ->add_option("COMPONENT", o->names, p.in({"only these", "只看这些"}));
    add("show", {"print a template: COMPONENT/FILE", "输出模板内容：组件/文件"}, run_show)
        ->add_option("TEMPLATE", o->names, p.in({"such as nginx/nginx.conf", "如 nginx/nginx.conf"}))
        ->required();
    add("lint", {"load all of them and say what is wrong", "加载全部模板并报告问题"}, run_lint);
}

} // namespace imops
