#include "core/render/include.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <re2/re2.h>

namespace imops::render {

namespace {

class Expander {
    const std::vector<TemplateSource>& sources_;
    std::vector<std::string> open_; // the files that are being read, outermost first
    Expanded into_;

    std::optional<Error> add(const std::string& name, const std::string& from) {
        if (name.starts_with('/') || name.find("..") != name.npos)
            return Error{
                Code::config,
                say("{}: '{}' leads out of the folder of templates", "{}：'{}' 超出模板目录", from, one_line(name, 80)),
                Text{"Name a file below it: shared/tls.conf.", "请写模板目录下的文件：shared/tls.conf。"},
                {}};
        auto it = std::ranges::find(sources_, name, &TemplateSource::name);
        if (it == sources_.end()) {
            std::vector<std::string> known;
            for (auto& s : sources_) known.push_back(s.name);
            auto near = nearest(name, known);
            return Error{Code::config,
                         say("{}: there is no template '{}'", "{}：没有模板 '{}'", from, one_line(name, 80)),
                         near.empty()
                             ? Line{Text{"`imops templates list` shows them.", "`imops templates list` 可列出全部。"}}
                             : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                         {}};
        }
        if (std::ranges::find(open_, name) != open_.end())
            return Error{
                Code::config,
                say("{}: includes itself: {} → {}", "{}：包含了自身：{} → {}", from, fmt::join(open_, " → "), name),
                Text{"Break the circle.", "请断开循环。"},
                {}};
        open_.push_back(name);
        static const RE2 include{R"re(^\s*\{%[-+]?\s*include\s+"([^"]*)"\s*-?%\}\s*$)re"};
        int number = 0;
        auto lines = split(it->text, '\n');
        if (lines.back().empty()) lines.pop_back();
        for (auto line : lines) {
            ++number;
            std::string other;
            if (RE2::FullMatch(line, include, &other)) {
                if (auto wrong = add(other, fmt::format("{}:{}", it->file, number))) return wrong;
                continue;
            }
            into_.text.append(line).push_back('\n');
            into_.lines.emplace_back(it->file, number);
        }
        open_.pop_back();
        return {};
    }

  public:
    explicit Expander(const std::vector<TemplateSource>& sources) : sources_{sources} {}
    Result<Expanded> run(const std::string& name) {
        if (auto wrong = add(name, name)) return std::move(*wrong);
        return std::move(into_);
    }
};

} // namespace

std::pair<std::string, Place> Expanded::place(std::size_t offset) const {
    auto before = std::string_view{text}.substr(0, offset);
    auto line = std::size_t(std::ranges::count(before, '\n'));
    if (lines.empty()) return {};
    auto& [file, number] = lines[std::min(line, lines.size() - 1)];
    return {file, {number, 1 + int(offset - std::min(offset, before.rfind('\n') + 1))}};
}

Result<Expanded> expand_includes(const std::vector<TemplateSource>& sources, const std::string& name) {
    return Expander{sources}.run(name);
}

} // namespace imops::render
