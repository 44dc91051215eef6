#include "cli/program.hpp"
#include <iostream>
#include <memory>

namespace imops {

namespace {

/// "preflight --host --role ..." for every command, from the declarations themselves.
std::vector<std::pair<std::string, std::vector<std::string>>> words(const CLI::App& app, const std::string& path = "") {
    std::vector<std::string> own;
    for (auto* o : app.get_options())
        for (auto& l : o->get_lnames()) own.push_back("--" + l);
    std::vector<std::pair<std::string, std::vector<std::string>>> all;
    for (auto* s : app.get_subcommands([](const CLI::App*) { return true; })) own.push_back(s->get_name());
    all.emplace_back(path, own);
    for (auto* s : app.get_subcommands([](const CLI::App*) { return true; }))
        for (auto& w : words(*s, path.empty() ? s->get_name() : path + " " + s->get_name()))
            all.push_back(std::move(w));
    return all;
}

std::string formats() {
    std::string all;
    for (auto& w : writers()) all += (all.empty() ? "" : " ") + std::string{w.name};
    return all;
}

std::string bash(const CLI::App& app) {
    std::string s = "# bash completion for imops:  source <(imops completion bash)\n_imops() {\n    local "
                    "word=${COMP_WORDS[COMP_CWORD]} path= i\n"
                    "    for ((i = 1; i < COMP_CWORD; i++)); do\n        case ${COMP_WORDS[i]} in -*) ;; *) "
                    "path=\"${path:+$path }${COMP_WORDS[i]}\" ;; esac\n    done\n"
                    "    case ${COMP_WORDS[COMP_CWORD-1]} in\n        --output|-o) COMPREPLY=($(compgen -W '" +
                    formats() +
                    "' -- \"$word\")); return ;;\n"
                    "        --lang) COMPREPLY=($(compgen -W 'en zh' -- \"$word\")); return ;;\n"
                    "        --config|-c|--from|--save|--checks) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
                    "        explain|--check|--skip) COMPREPLY=($(compgen -W \"$(imops checks list 2>/dev/null | awk "
                    "'/^  / {print $1}')\" -- \"$word\")); return ;;\n    esac\n    case $path in\n";
    for (auto& [path, list] : words(app))
        s += fmt::format("        '{}') COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", path, fmt::join(list, " "));
    return s + "    esac\n}\ncomplete -o default -F _imops imops\n";
}

std::string zsh(const CLI::App& app) {
    return "#compdef imops\n# zsh completion for imops:  imops completion zsh > \"${fpath[1]}/_imops\"\nautoload -U +X "
           "bashcompinit && bashcompinit\n" +
           bash(app);
}

std::string fish(const CLI::App& app, const Program& p) {
    std::string s = "# fish completion for imops:  imops completion fish > "
                    "~/.config/fish/completions/imops.fish\ncomplete -c imops -f\n";
    auto quoted = [](std::string t) {
        for (std::size_t at = 0; (at = t.find('\'', at)) != t.npos; at += 2) t.insert(at, "\\");
        return t;
    };
    std::string names;
    for (auto* c : app.get_subcommands([](const CLI::App*) { return true; })) {
        names += c->get_name() + " ";
        s += fmt::format("complete -c imops -n __fish_use_subcommand -a {} -d '{}'\n", c->get_name(),
                         quoted(c->get_description()));
        for (auto* o : c->get_options())
            for (auto& l : o->get_lnames())
                s += fmt::format("complete -c imops -n '__fish_seen_subcommand_from {}' -l {} -d '{}'\n", c->get_name(),
                                 l, quoted(o->get_description()));
        for (auto* inner : c->get_subcommands([](const CLI::App*) { return true; }))
            s += fmt::format("complete -c imops -n '__fish_seen_subcommand_from {}' -a {} -d '{}'\n", c->get_name(),
                             inner->get_name(), quoted(inner->get_description()));
    }
    s += fmt::format("complete -c imops -l lang -x -a 'en zh' -d '{}'\n", p.in({"language", "语言"}));
    return s;
}

} // namespace

void add_completion(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("completion", p.in({"print shell completion", "输出命令补全脚本"}));
    auto shell = std::make_shared<std::string>();
    c->add_option("SHELL", *shell, p.in({"bash, zsh or fish", "bash、zsh 或 fish"}))
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    c->callback([&p, &app, shell] {
        std::cout << (*shell == "bash" ? bash(app) : *shell == "zsh" ? zsh(app) : fish(app, p));
    });
}

} // namespace imops
