#include "cli/program.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/string.hpp"
#include <filesystem>
#include <iostream>
#include <memory>

namespace imops {

namespace {

/// Manual pages are cli/COMMAND.md and cli/COMMAND.zh.md, built in.
void run_help(const Program& p, const CLI::App& app, const std::string& command) {
    if (command.empty()) {
        std::cout << app.get_formatter()->make_help(&app, "imops", CLI::AppFormatMode::Normal);
        return;
    }
    std::vector<std::string> pages;
    auto wanted = "cli/" + command + (p.lang == Lang::zh ? ".zh.md" : ".md");
    for (auto& f : embedded_texts()) {
        if (f.path == wanted) {
            std::cout << f.text;
            return;
        }
        if (f.path.ends_with(".zh.md")) pages.push_back(std::filesystem::path{f.path}.stem().stem().string());
    }
    auto near = nearest(command, pages);
    throw Failure{Error{Code::usage,
                        say("there is no manual page '{}'", "没有手册页 '{}'", one_line(command, 40)),
                        near.empty() ? say("Pages: {}", "手册页：{}", fmt::join(pages, ", "))
                                     : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                        {}}};
}

} // namespace

void add_help(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("help", p.in({"show a manual page", "显示手册页"}));
    auto command = std::make_shared<std::string>();
    c->add_option("COMMAND", *command, p.in({"whose page", "命令名"}));
    c->callback([&p, &app, command] { run_help(p, app, *command); });
}

} // namespace imops
