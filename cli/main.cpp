#include "cli/program.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <sys/prctl.h>
#include <sys/resource.h>

using namespace imops;

namespace {

/// --lang wins, then IMOPS_LANG, then the locale. Needed before the command line is declared: its help is in that
/// language.
Lang wanted_language(int argc, char** argv, bool& given) {
    for (int i = 1; i < argc; ++i) {
        std::string_view a = argv[i];
        if (a == "--lang" && i + 1 < argc)
            a = argv[i + 1];
        else if (a.starts_with("--lang="))
            a = a.substr(7);
        else
            continue;
        given = true;
        return a.starts_with("zh") ? Lang::zh : Lang::en;
    }
    for (auto name : {"IMOPS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"})
        if (const char* v = std::getenv(name); v && *v)
            return std::string_view{v}.starts_with("zh") ? Lang::zh : Lang::en;
    return Lang::en;
}

void print(const Error& e, Lang lang) {
    log(LogLevel::error, "error", {{"what", e.what.en}});
    std::cerr << "imops: " << plain(e.what.in(lang)) << '\n';
    for (auto& t : e.trace) std::cerr << "  " << plain(t.in(lang)) << '\n';
    if (!e.remedy.empty()) std::cerr << "  → " << plain(e.remedy.in(lang)) << '\n';
}

int status_of(const Failure& f) {
    switch (f.errors.empty() ? Code::internal : f.errors.front().code) {
    case Code::usage:
    case Code::config: return status::usage;
    case Code::interrupted: return status::interrupted;
    default: return status::unknown;
    }
}

/// As the readers of the format on standard output expect it: a monitor reads 2 as CRITICAL.
int usage_status(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i], before = argv[i - 1];
        if (word.starts_with("--output="))
            word.remove_prefix(9);
        else if (word.starts_with("-o") && word.size() > 2)
            word.remove_prefix(2);
        else if (before != "-o" && before != "--output")
            continue;
        if (auto* writer = find_writer(word)) return writer->misuse;
    }
    return status::usage;
}

/// What CLI11 could not read, with the word that was meant.
Error misread(const CLI::App& app, int argc, char** argv, const CLI::ParseError& e) {
    const CLI::App* command = &app;
    std::string path;
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        if (word == "--lang" || word.starts_with('-')) {
            i += word == "--lang";
            continue;
        }
        std::vector<std::string> names;
        const CLI::App* found = nullptr;
        for (auto* s : command->get_subcommands([](const CLI::App*) { return true; })) {
            names.push_back(s->get_name());
            if (names.back() == word) found = s;
        }
        if (names.empty()) break; // its arguments
        if (!found) {
            auto near = nearest(word, names);
            return {Code::usage,
                    say("there is no command '{}{}'", "没有命令 '{}{}'", path, one_line(word, 40)),
                    near.empty() ? say("Commands: {}", "命令有：{}", fmt::join(names, ", "))
                                 : say("Did you mean `imops {}{}`?", "是否想用 `imops {}{}`？", path, near),
                    {}};
        }
        command = found;
        path += std::string{word} + " ";
    }
    std::vector<std::string> options;
    for (auto* c = command; c; c = c->get_parent())
        for (auto* o : c->get_options())
            for (auto& l : o->get_lnames()) options.push_back("--" + l);
    std::string near;
    for (int i = 1; i < argc && near.empty(); ++i) {
        std::string_view word = argv[i];
        word = word.substr(0, word.find('='));
        if (word.starts_with("--") && std::find(options.begin(), options.end(), word) == options.end())
            near = nearest(word, options);
    }
    return {Code::usage,
            say("{}", "命令行有误：{}", one_line(e.what())),
            near.empty() ? Line{Text{"`imops --help` shows the commands, `imops COMMAND --help` the options.",
                                     "`imops --help` 显示命令，`imops 命令 --help` 显示选项。"}}
                         : say("Did you mean {}?", "是否想写 {}？", near),
            {}};
}

int run(int argc, char** argv) {
    Program p;
    p.command = fmt::format("{}", fmt::join(argv + 1, argv + argc, " "));
    p.lang = wanted_language(argc, argv, p.lang_given);
    CLI::App app{p.in({"Judge, size and operate a private instant-messaging deployment.",
                       "检查、规划和运维私有化即时通讯部署。"}),
                 "imops"};
    app.require_subcommand(1);
    app.set_help_flag("-h,--help", p.in({"this help", "显示帮助"}));
    app.set_version_flag("--version", "imops " IMOPS_VERSION, p.in({"print the version", "显示版本"}));
    std::string lang;
    app.add_option("--lang", lang, p.in({"en or zh (default: the locale)", "en 或 zh（默认取系统语言）"}))
        ->check(CLI::IsMember({"en", "zh"}));
    app.add_flag("-v,--verbose", p.verbose, p.in({"say more about what is done and why", "显示更多过程信息"}));
    app.add_flag("-q,--quiet", p.quiet, p.in({"no progress on standard error", "标准错误上不显示进度"}));
    add_log_options(app, p);
    app.parse_complete_callback([&] { p.begin_log(); });
    app.footer(p.in(
        {"Exit status: 0 fine, 1 something failed, 2 usage or configuration, 3 could not find out, 130 "
         "interrupted.\n`imops help COMMAND` shows a manual page.",
         "退出码：0 正常，1 有失败项，2 用法或配置错误，3 无法查明，130 被中断。\n`imops help 命令` 显示手册页。"}));
    app.fallthrough();
    for (auto add : {add_init, add_validate, add_size, add_preflight, add_probe, add_render, add_templates, add_import,
                     add_monitoring, add_explain, add_checks, add_facts, add_completion, add_help})
        add(app, p);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& e) {
        return app.exit(e, std::cout, std::cerr);
    } catch (const CLI::CallForVersion& e) {
        return app.exit(e, std::cout, std::cerr);
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) return app.exit(e, std::cout, std::cerr);
        print(misread(app, argc, argv, e), p.lang);
        return usage_status(argc, argv);
    } catch (const Failure& f) {
        for (auto& e : f.errors) print(e, p.lang);
        if (f.errors.size() > 1) std::cerr << say("{} problems", "共 {} 个问题", f.errors.size()).in(p.lang) << '\n';
        auto s = status_of(f);
        return s == status::usage ? usage_status(argc, argv) : s;
    }
    return p.exit;
}

} // namespace

int main(int argc, char** argv) {
    // Before anything else is touched: people ask for it in scripts.
    if (argc == 2 && std::string_view{argv[1]} == "--version") {
        std::puts("imops " IMOPS_VERSION);
        return 0;
    }
    rlimit no_core{0, 0}; // a core file would hold secrets
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::prctl(PR_SET_DUMPABLE, 0);
    begin_program();
    LogTimer all;
    catch_signals();
    std::ios::sync_with_stdio(false);
    try {
        auto status = run(argc, argv);
        log(LogLevel::info, "end", {{"status", status}, all.ms()});
        return status;
    } catch (const std::bad_alloc&) {
        std::cerr << "imops: out of memory / 内存不足\n";
    } catch (const std::exception& e) {
        std::cerr << "imops: internal error: " << plain(e.what())
                  << "\n  → please report it with the command line / 请附上命令行报告此问题\n";
    }
    return status::unknown;
}
