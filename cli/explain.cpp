#include "cli/program.hpp"
#include "core/base/string.hpp"
#include "core/loop/process.hpp"
#include <iostream>
#include <memory>

namespace imops {

namespace {

void paragraph(std::ostream& o, std::string_view label, std::string_view text) {
    if (text.empty()) return;
    o << label << '\n';
    for (auto line : split(text, '\n')) o << "  " << line << '\n';
}

void explain_fact(const Program& p, const FactDef& f, std::ostream& o) {
    auto how = f.native          ? p.in({"produced by imops itself", "由 imops 自身产生"})
               : !f.with.empty() ? say("printed with {}", "随 {} 一并输出", f.with).in(p.lang)
                                 : f.sh;
    paragraph(o,
              fmt::format("{} {} ({}{})", p.in({"Fact", "事实"}), f.id, name(f.type.kind),
                          f.root ? p.in({", needs root", "，需要 root"}) : ""),
              trim(how));
}

void explain_check(const Program& p, const Catalogue& c, const Check& k) {
    auto& o = std::cout;
    o << k.id << "  " << k.title.in(p.lang) << "\n\n";
    paragraph(o, p.in({"Why", "为什么"}), k.why.in(p.lang));
    auto condition = [&](Text label, const Expression& e) {
        if (e) paragraph(o, p.in(label), e.source());
    };
    condition({"Each", "逐项"}, k.each);
    condition({"Value", "测量值"}, k.value);
    condition({"Not judged when", "不适用条件"}, k.skip);
    condition({"Fails when", "失败条件"}, k.fail);
    condition({"Warns when", "警告条件"}, k.warn);
    condition({"Limit", "限值"}, k.limit);
    condition({"Limit of the warning", "警告限值"}, k.warn_limit);
    auto& remedy = p.lang == Lang::zh ? k.remedy.zh : k.remedy.en;
    if (remedy) paragraph(o, p.in({"Remedy", "处理办法"}), trim(remedy.source()));
    paragraph(o, p.in({"Source of the threshold", "阈值来源"}), k.source);
    for (auto& id : k.facts) explain_fact(p, *c.fact(id), o);
    paragraph(o, p.in({"Declared in", "声明于"}), fmt::format("{}:{}", k.file, k.place.line));
    std::vector<std::string_view> when;
    for (auto w : k.when) when.push_back(word(w));
    paragraph(o, p.in({"Judged in", "用于命令"}), fmt::format("{}", fmt::join(when, ", ")));
    if (!k.products.empty())
        paragraph(o, p.in({"Only for products", "仅适用产品"}), fmt::format("{}", fmt::join(k.products, ", ")));
    if (!k.roles.empty())
        paragraph(o, p.in({"Only on hosts with role", "仅适用角色"}), fmt::format("{}", fmt::join(k.roles, ", ")));
}

void run_explain(const Program& p, const std::string& id) {
    auto c = p.catalogue(p.config);
    if (auto* k = c.check(id)) return explain_check(p, c, *k);
    if (auto* f = c.fact(id)) return explain_fact(p, *f, std::cout);
    std::vector<std::string> known = c.check_ids();
    for (auto& f : c.facts()) known.push_back(f.id);
    auto near = nearest(id, known);
    throw Failure{Error{Code::usage,
                        say("there is no check or fact '{}'", "没有检查或事实 '{}'", one_line(id, 60)),
                        near.empty()
                            ? Line{Text{"`imops checks list` shows them all.", "`imops checks list` 列出全部检查。"}}
                            : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                        {}}};
}

/// Only the packs that were named; all when none was.
bool wanted(const std::vector<std::string>& packs, const std::string& name, const std::string& file) {
    return packs.empty() || std::find(packs.begin(), packs.end(), name) != packs.end() ||
           std::find(packs.begin(), packs.end(), file) != packs.end();
}

/// A pack may be named by its file: it is loaded from there.
Catalogue with_files(Program& p, const std::vector<std::string>& packs) {
    for (auto& name : packs)
        if (name.find('/') != name.npos || name.ends_with(".yaml")) p.check_folders.push_back(name);
    auto c = p.catalogue(p.config);
    for (auto& name : packs) {
        std::vector<std::string> known;
        for (auto& pack : c.packs()) {
            known.push_back(pack.name);
            known.push_back(pack.file);
        }
        if (std::find(known.begin(), known.end(), name) == known.end())
            throw Failure{Error{Code::usage,
                                say("there is no pack '{}'", "没有检查包 '{}'", one_line(name, 60)),
                                say("Packs: {}", "检查包：{}",
                                    [&] {
                                        std::string all;
                                        for (auto& pack : c.packs()) all += (all.empty() ? "" : ", ") + pack.name;
                                        return all;
                                    }()),
                                {}}};
    }
    return c;
}

void run_list(Program& p, const std::vector<std::string>& packs) {
    auto c = with_files(p, packs);
    std::size_t n = 0;
    for (auto& pack : c.packs()) {
        if (!wanted(packs, pack.name, pack.file)) continue;
        std::cout << pack.name << "  " << pack.title.in(p.lang) << '\n';
        for (auto* k : pack.checks) std::cout << fmt::format("  {:<28} {}\n", k->id, k->title.in(p.lang)), ++n;
    }
    std::cout << say("{} checks", "共 {} 项检查", n).in(p.lang) << '\n';
}

/// Loading is the lint of structure and expressions; each fragment is also read by `sh -n`, and by shellcheck where
/// there is one.
void run_lint(Program& p, const std::vector<std::string>& packs) {
    auto c = with_files(p, packs);
    std::vector<Error> errors;
    bool shellcheck = bool(run_process({"shellcheck", "--version"}, std::chrono::seconds{10}));
    std::size_t checks = 0, facts = 0;
    for (auto& pack : c.packs()) {
        if (!wanted(packs, pack.name, pack.file)) continue;
        checks += pack.checks.size();
        for (auto* f : pack.facts) {
            ++facts;
            if (f->sh.empty()) continue;
            auto script = "(\n" + f->sh + "\n)\n";
            auto parsed = run_process({"sh", "-n"}, std::chrono::seconds{10}, script);
            if (parsed && parsed->status == 0 && shellcheck)
                parsed = run_process({"shellcheck", "-s", "sh", "-S", "warning", "-e",
                                      "SC1007,SC1097,SC2015,SC2034,SC2046,SC2086,SC2154,SC3013,SC3043,SC3045", "-f",
                                      "gcc", "-"},
                                     std::chrono::seconds{30}, script);
            if (!parsed || parsed->status != 0)
                errors.push_back({Code::config,
                                  say("{}:{}: fact {}: {}", "{}:{}：事实 {}：{}", pack.file, f->place.line, f->id,
                                      one_line(parsed ? parsed->out + parsed->err : parsed.error().what.en)),
                                  Text{"The fragment must be POSIX sh.", "片段必须是 POSIX sh。"},
                                  {}});
        }
    }
    if (!errors.empty()) throw Failure{std::move(errors)};
    std::cout << say("{} checks and {} facts: fine{}", "{} 项检查、{} 个事实：无问题{}", checks, facts,
                     shellcheck ? ""
                                : p.in({" (shellcheck is not installed: only `sh -n`)",
                                        "（未安装 shellcheck，仅做了 `sh -n`）"}))
                     .in(p.lang)
              << '\n';
}

void run_test(Program& p, const std::vector<std::string>& packs) {
    auto c = with_files(p, packs);
    std::size_t passed = 0, failed = 0;
    for (auto& pack : c.packs()) {
        if (!wanted(packs, pack.name, pack.file)) continue;
        for (auto* k : pack.checks) {
            auto mistakes = run_examples(*k, c);
            for (auto& m : mistakes) std::cout << m.in(p.lang) << '\n';
            failed += mistakes.size();
            passed += k->examples.size() - std::min(mistakes.size(), k->examples.size());
        }
    }
    std::cout << fmt::format("{} passed, {} failed\n", passed, failed);
    p.exit = failed ? status::failed : status::fine;
}

/// docs/checks.md: the catalogue for people, from the packs themselves.
void run_doc(Program& p, const std::vector<std::string>& packs) {
    auto c = with_files(p, packs);
    auto& o = std::cout;
    bool zh = p.lang == Lang::zh;
    o << "# " << p.in({"Checks", "检查项"}) << "\n\n"
      << say("Generated by `imops checks doc` from the packs: {} checks. `imops explain ID` shows the same for one, "
             "with the fact it reads.",
             "由 `imops checks doc` 根据检查包生成：共 {} 项。`imops explain ID` 可查看单项及其读取的事实。",
             c.checks().size())
             .in(p.lang)
      << '\n';
    for (auto& pack : c.packs()) {
        if (!wanted(packs, pack.name, pack.file)) continue;
        o << "\n## " << pack.title.in(p.lang) << " (`" << pack.name << "`)\n";
        for (auto* k : pack.checks) {
            o << "\n### `" << k->id << "` " << k->title.in(p.lang) << "\n\n" << k->why.in(p.lang) << "\n\n";
            auto item = [&](Text label, const Expression& e) {
                if (e) o << "- " << p.in(label) << (zh ? "：`" : ": `") << one_line(e.source(), 600) << "`\n";
            };
            item({"fails when", "失败条件"}, k->fail);
            item({"warns when", "警告条件"}, k->warn);
            o << "- " << p.in({"remedy", "处理办法"}) << (zh ? "：" : ": ")
              << one_line((zh ? k->remedy.zh : k->remedy.en).source(), 2000) << '\n';
            o << "- " << p.in({"source", "来源"}) << (zh ? "：" : ": ") << one_line(k->source, 1000) << '\n';
            if (!k->roles.empty())
                o << "- " << p.in({"roles", "角色"}) << (zh ? "：" : ": ")
                  << fmt::format("{}", fmt::join(k->roles, ", ")) << '\n';
        }
    }
}

} // namespace

void add_explain(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("explain", p.in({"what a check judges, why, from which fact, and what to do",
                                                  "解释一项检查：判断什么、为什么、依据哪个事实、如何处理"}));
    auto id = std::make_shared<std::string>();
    c->add_option("ID", *id, p.in({"id of a check or fact", "检查或事实的 id"}))->required();
    add_config_option(*c, p);
    add_check_folders(*c, p);
    c->callback([&p, id] { run_explain(p, *id); });
}

void add_checks(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("checks", p.in({"list, lint and test check packs", "列出、校验和测试检查包"}));
    c->require_subcommand(1);
    using Run = void (*)(Program&, const std::vector<std::string>&);
    auto add = [&](const char* name, Text about, Run run) {
        auto* s = c->add_subcommand(name, p.in(about));
        auto packs = std::make_shared<std::vector<std::string>>();
        s->add_option("PACK", *packs, p.in({"packs by name or file; default: all", "检查包名称或文件；默认全部"}));
        add_config_option(*s, p);
        add_check_folders(*s, p);
        s->callback([&p, packs, run] { run(p, *packs); });
    };
    add("list", {"all checks with their titles", "列出全部检查"}, run_list);
    add("lint", {"read packs strictly and their fragments with sh -n", "严格校验检查包及其脚本片段"}, run_lint);
    add("doc", {"print the catalogue as Markdown (docs/checks.md)", "以 Markdown 输出检查目录（docs/checks.md）"},
        run_doc);
    add("test", {"run the examples of every check", "运行每项检查的示例"}, run_test);
}

} // namespace imops
