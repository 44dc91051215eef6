#include "cli/compare.hpp"
#include "core/base/string.hpp"
#include "core/facts/script.hpp"
#include "core/render/diff.hpp"
#include "core/render/stamp.hpp"
#include <deque>
#include <iostream>

namespace imops {

using render::Standing;

std::size_t HostState::changes() const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < live.size(); ++i) n += render::standing(files.files[i], live[i]) != Standing::same;
    return n;
}

std::vector<HostState> read_states(const Rendering& rendering, render::Renderer& renderer, Fleet& fleet) {
    std::deque<render::LiveReader> readers;
    std::vector<HostState> states;
    std::vector<Job> jobs;
    auto mark = random_mark();
    for (auto* h : rendering.hosts()) {
        auto& s = states.emplace_back();
        s.host = h;
        s.files = renderer.of(*h, rendering.measured(*h));
        if (!renderer.secrets().errors().empty()) throw Failure{renderer.secrets().errors()};
        auto& reader = readers.emplace_back(s.files.files.size(), mark);
        jobs.push_back(
            {h, render::live_script(s.files.files, mark), {}, [&reader](Stream stream, std::string_view bytes) {
                 if (stream == Stream::out) reader.out(bytes);
             }});
    }
    auto outcomes = fleet.run(jobs);
    for (std::size_t i = 0; i < states.size(); ++i) {
        if (outcomes[i].result)
            states[i].live = readers[i].files();
        else
            states[i].error = outcomes[i].result.error();
    }
    return states;
}

namespace {

Finding drift(const Host& h, const render::RenderedFile& f, Standing s, bool diff) {
    Finding x;
    x.id = "render.drift";
    x.subject = h.name;
    x.item = f.path;
    x.title = f.component->title;
    x.text = render::words(s);
    switch (s) {
    case Standing::same: break;
    case Standing::unreadable:
        x.level = Level::unknown;
        x.remedy = Text{"Log in as root, or let sudo: `sudo: true` of the host in imops.yaml.",
                        "请以 root 登录，或在 imops.yaml 中为该主机设置 `sudo: true`。"};
        break;
    case Standing::edited:
        x.level = diff ? Level::warn : Level::fail;
        x.remedy = say("See what was changed with `imops render --diff --host {}`; put it into imops.yaml "
                       "(`settings:`) or the site's own template, then `imops render --push --host {}`.",
                       "用 `imops render --diff --host {}` 查看改动；把它写入 "
                       "imops.yaml（`settings:`）或自有模板，再执行 `imops render --push --host {}`。",
                       h.name, h.name);
        break;
    case Standing::missing:
    case Standing::outdated:
    case Standing::foreign:
        x.level = diff ? Level::warn : Level::fail;
        x.remedy =
            say("Look at `imops render --diff --host {}`, then `imops render --push --host {}`.",
                "先看 `imops render --diff --host {}`，再执行 `imops render --push --host {}`。", h.name, h.name);
        break;
    }
    return x;
}

/// The stamp is a sum over the whole file, secrets too: it is not shown.
std::string shown_part(render::Format format, std::string_view text) {
    std::string head{render::remark(format)};
    if (!text.starts_with(head + "imops: ")) return std::string{text};
    auto end = text.find('\n');
    return end == text.npos ? std::string{} : std::string{text.substr(end + 1)};
}

void print_diff(const Host& h, const render::RenderedFile& f, const render::LiveFile& live, const render::Mask& mask,
                bool colour) {
    auto paint = [&](const char* code, std::string_view text) {
        return colour ? fmt::format("\x1b[{}m{}\x1b[0m\n", code, text) : fmt::format("{}\n", text);
    };
    std::cout << paint("1", fmt::format("--- {}:{}", h.name, f.path))
              << paint("1", fmt::format("+++ {} ({})", f.path, f.name()));
    auto format = f.from->format;
    for (auto& line : render::unified_diff(shown_part(format, live.text), shown_part(format, f.text))) {
        auto text = line.mark == '@' ? line.text : line.mark + plain(mask.line(line.text));
        std::cout << (line.mark == '-'   ? paint("31", text)
                      : line.mark == '+' ? paint("32", text)
                      : line.mark == '@' ? paint("36", text)
                                         : text + "\n");
    }
}

} // namespace

void add_errors(Report& r, const Host& h, const std::vector<Error>& errors) {
    for (auto& e : errors) {
        Finding f;
        f.id = "render.error";
        f.subject = h.name;
        f.level = Level::fail;
        f.title = Text{"Cannot be written", "无法生成"};
        f.text = e.what;
        f.remedy = e.remedy;
        r.findings.push_back(std::move(f));
    }
}

void add_states(Report& r, const std::vector<HostState>& states, const render::Mask& mask, bool diff,
                const WriteOptions& w) {
    for (auto& s : states) {
        add_errors(r, *s.host, s.files.errors);
        if (s.error) {
            Finding f;
            f.id = "render.drift";
            f.subject = s.host->name;
            f.level = Level::unknown;
            f.title = Text{"Files of the host", "主机上的文件"};
            f.text = s.error->what;
            f.remedy = s.error->remedy;
            r.findings.push_back(std::move(f));
            continue;
        }
        for (std::size_t i = 0; i < s.live.size(); ++i) {
            auto& file = s.files.files[i];
            auto standing = render::standing(file, s.live[i]);
            if (diff && standing != Standing::same && standing != Standing::unreadable)
                print_diff(*s.host, file, s.live[i], mask, w.colour);
            r.findings.push_back(drift(*s.host, file, standing, diff));
        }
    }
}

} // namespace imops
