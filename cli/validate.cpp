#include "cli/program.hpp"
#include "core/base/units.hpp"
#include <iostream>
#include <nlohmann/json.hpp>

namespace imops {

namespace {

void merge(std::vector<Error>& all, Failure& f) {
    for (auto& e : f.errors) all.push_back(std::move(e));
}

/// The file itself and what only the packs and products know of it: everything in one go.
void run_validate(Program& p) {
    std::vector<Error> errors;
    Catalogue catalogue;
    try {
        catalogue = p.catalogue(p.config);
    } catch (Failure& f) {
        merge(errors, f);
    }
    Deployment d;
    try {
        d = p.deployment({p.product_ids(), catalogue.check_ids()});
        if (errors.empty()) catalogue.apply(d);
        auto product = p.product(*d.product, &d.product, d.file);
        Problems problems{d.file};
        for (auto& h : d.hosts)
            for (auto& name : h.components)
                if (std::none_of(product.components.begin(), product.components.end(),
                                 [&](auto& c) { return c.name == name; }))
                    problems.add({},
                                 say("host '{}': {} has no component '{}'", "主机 '{}'：{} 没有组件 '{}'", h.name,
                                     product.id, name),
                                 say("`imops size --products` lists them.", "`imops size --products` 列出全部组件。"));
        for (auto& e : problems.take()) errors.push_back(std::move(e));
    } catch (Failure& f) {
        merge(errors, f);
    }
    if (!errors.empty()) throw Failure{std::move(errors)};
    std::cout << say("{}: valid: {} host(s), product {}, {} users registered, {} on line",
                     "{}：有效：{} 台主机，产品 {}，注册 {} 人，在线 {} 人", p.config, d.hosts.size(), *d.product,
                     show_number(d.workload.registered), show_number(d.workload.concurrent))
                     .in(p.lang)
              << '\n';
    std::cout << say("next: imops size, then imops preflight", "下一步：imops size，然后 imops preflight").in(p.lang)
              << '\n';
}

} // namespace

void add_validate(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("validate",
                                 p.in({"report all problems of imops.yaml at once", "一次报告 imops.yaml 的全部问题"}));
    add_config_option(*c, p);
    add_check_folders(*c, p);
    c->callback([&p] { run_validate(p); });

    auto* s = app.add_subcommand("schema", p.in({"print the JSON Schema of imops.yaml, for editors",
                                                 "输出 imops.yaml 的 JSON Schema，供编辑器使用"}));
    s->callback([&p] { std::cout << deployment_schema(p.lang).dump(2) << '\n'; });
}

} // namespace imops
