#include "core/render/push.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/string.hpp"
#include "core/render/scripts.hpp"
#include <algorithm>
#include <array>

namespace imops::render {

std::string_view part_of_script(std::string_view name) {
    for (auto& f : embedded_push())
        if (f.path.ends_with(name)) return f.text;
    return {};
}

namespace {

using Steps = std::array<std::pair<const char*, const std::string RenderedFragments::*>, 7>;
constexpr Steps steps{{{"before", &RenderedFragments::before},
                       {"check", &RenderedFragments::check},
                       {"verify", &RenderedFragments::verify},
                       {"apply", &RenderedFragments::apply},
                       {"prepare", &RenderedFragments::prepare},
                       {"ready", &RenderedFragments::ready},
                       {"stop", &RenderedFragments::stop}}};

void add_component(std::string& s, std::size_t number, const RenderedFragments& f) {
    auto& c = *f.component;
    std::string has = " ";
    for (auto& [name, text] : steps) {
        if ((f.*text).empty()) continue;
        has += fmt::format("{} ", name);
        s += fmt::format("imops_{}_{}() {{\n:\n{}\n{}\n}}\n", name, number, f.functions, f.*text);
    }
    s += fmt::format("imops_component_is {} {} {}\n", number, shell_quote(c.name), shell_quote(has));
    if (!c.programs.empty()) {
        s += fmt::format("imops_needs {} {}", shell_quote(c.name), shell_quote(c.package.empty() ? "-" : c.package));
        for (auto& p : c.programs) s += " " + shell_quote(p);
        s += '\n';
    }
}

void add_file(std::string& s, std::size_t number, const RenderedFile& f) {
    s += fmt::format("imops_stage {} {} {} {} {:04o} {} {} {} <<'IMOPS_END'\n{}\nIMOPS_END\n", number,
                     shell_quote(f.component->name), shell_quote(f.from->name), shell_quote(f.path), f.mode(),
                     shell_quote(f.from->owner), f.from->secret ? "secret" : "-", f.text.size(), base64(f.text));
}

} // namespace

std::string push_script(const HostFiles& files, std::string_view mark, bool try_only,
                        std::chrono::seconds ready_within) {
    std::string s = fmt::format("imops_main() {{\nimops_mark={}\n{}imops_begin || {{ imops_end; return; }}\n",
                                shell_quote(mark), part_of_script("push.sh"));
    for (std::size_t i = 0; i < files.fragments.size(); ++i) add_component(s, i + 1, files.fragments[i]);
    for (std::size_t i = 0; i < files.fragments.size(); ++i) {
        auto& f = files.fragments[i];
        if (!f.before.empty()) s += fmt::format("imops_before {} {}\n", i + 1, shell_quote(f.component->name));
        for (auto& file : files.files)
            if (file.component == f.component) add_file(s, i + 1, file);
    }
    return s + fmt::format("imops_push {} {}\nimops_end\n}}\nimops_main\nexit 0\n", try_only ? "try" : "push",
                           ready_within.count());
}

PushReader::PushReader(std::string mark) : lines_{std::move(mark), [this](std::string_view line) { told(line); }} {}

void PushReader::told(std::string_view line) {
    auto word = next_word(line);
    auto rest = [&] { return std::string{line}; };
    if (word == "step")
        step = rest();
    else if (word == "said") {
        if (said_ && said_->size() < 8192) said_->append(line).push_back('\n');
    } else if (word == "failed" || word == "not_back" || word == "left") {
        Failed f;
        f.component = next_word(line);
        f.step = next_word(line);
        f.detail = line;
        said_ = nullptr;
        if (word == "failed" && !failed) {
            failed = std::move(f);
            said_ = &failed->said;
        } else if (auto& list = word == "left" ? left : not_back; word != "failed" && list.size() < 1000) {
            list.push_back(std::move(f));
            said_ = &list.back().said;
        }
    } else if (word == "replaced") {
        auto component = std::string{next_word(line)};
        replaced.emplace_back(std::move(component), std::string{line});
    } else if (word == "applied")
        applied.push_back(rest());
    else if (word == "same")
        same.push_back(rest());
    else if (word == "back")
        back.push_back(rest());
    else if (word == "stopped")
        stopped.push_back(rest());
    else if (word == "recovered")
        recovered = true;
    else if (word == "waiting")
        waiting = true;
    else if (word == "committed")
        committed = true;
    else if (word == "rollback")
        rolled_back = true;
    else if (word == "tried")
        tried = true;
    else if (word == "end")
        ended = true;
}

} // namespace imops::render
