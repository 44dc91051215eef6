#include "core/change/push_words.hpp"
#include <array>

namespace imops::change {

namespace {

using Failed = render::PushReader::Failed;

constexpr Text install{"Debian, Ubuntu: `apt-get install -y {package}`, then push again.",
                       "Debian、Ubuntu：`apt-get install -y {package}`，然后再推送。"};
constexpr Text install_somehow{"Install it, then push again.", "请安装后再推送。"};
constexpr Text wait{"Wait until it has ended.", "请等待其结束。"};
constexpr Text disk{"Look at the disk (`df -h`), at how it is mounted, and whether imops is root there (`sudo: true`).",
                    "请检查磁盘（`df -h`）、挂载方式，以及 imops 在该主机上是否有 root 权限（`sudo: true`）。"};
constexpr Text correct{"What it said stands above. Correct imops.yaml or the template, and push again; `imops render "
                       "--diff` shows what would change.",
                       "原因见上面的输出。请修正 imops.yaml 或模板后再推送；`imops render --diff` 可查看改动。"};
constexpr Text by_hand{
    "Bring those files back by hand (each former file lies beside it, as FILE.imops-old~) and remove "
    "/var/lib/imops/push/journal there; then push again.",
    "请手动恢复这些文件（原文件就在旁边，名为 文件.imops-old~），并删除该主机上的 /var/lib/imops/push/journal，"
    "然后再推送。"};

/// Words for a step that failed. An empty step or detail means any; the first row that fits counts.
struct Row {
    std::string_view step, detail;
    Text where; // {component} {step} {detail}; of a missing program {program} {package}
    Text remedy;
};

constexpr std::array<Row, 12> rows{{
    {"missing",
     "",
     {"{component}: {program} is not installed there", "{component}：主机上没有安装 {program}"},
     install},
    {"busy",
     "",
     {"another push is going on there (process {detail})", "该主机上正在进行另一次推送（进程 {detail}）"},
     wait},
    {"begin", "", {"cannot begin: {detail}", "无法开始：{detail}"}, disk},
    {"recover", "", {"an earlier push was cut off and cannot be taken back", "此前中断的推送无法回滚"}, by_hand},
    {"stage", "", {"{component}: {detail} cannot be written", "{component}：无法写入 {detail}"}, disk},
    {"owner",
     "",
     {"{component}: owner or mode of {detail} cannot be set", "{component}：无法设置 {detail} 的属主或权限"},
     disk},
    {"swap", "", {"{component}: {detail} cannot be replaced", "{component}：无法替换 {detail}"}, disk},
    {"", "124", {"{component}: {step} took too long and was ended", "{component}：{step} 超时，已终止"}, correct},
    {"check",
     "",
     {"{component}: its own checker refuses the new files", "{component}：自带的检查器拒绝了新文件"},
     correct},
    {"verify",
     "",
     {"{component}: it refuses the new files where they belong", "{component}：就位后的检查未通过"},
     correct},
    {"ready",
     "",
     {"{component}: it does not answer with the new files", "{component}：使用新文件后服务无应答"},
     correct},
    {"",
     "",
     {"{component}: the step {step} failed (status {detail})", "{component}：步骤 {step} 失败（状态 {detail}）"},
     correct},
}};

const Row& row_of(const Failed& f) {
    for (auto& r : rows)
        if ((r.step.empty() || r.step == f.step) && (r.detail.empty() || r.detail == f.detail)) return r;
    return rows.back();
}

Line filled(Text text, const Failed& f) {
    std::string_view package = f.detail;
    auto program = render::next_word(package);
    auto in = [&](std::string_view words) {
        return fmt::format(fmt::runtime(words), fmt::arg("component", f.component), fmt::arg("step", f.step),
                           fmt::arg("detail", f.detail), fmt::arg("program", program), fmt::arg("package", package));
    };
    return {in(text.en), in(text.zh)};
}

} // namespace

Line where(const Failed& f) { return filled(row_of(f).where, f); }

Line remedy(const Failed& f) {
    if (f.step == "missing" && f.detail.ends_with(" -")) return install_somehow;
    return filled(row_of(f).remedy, f);
}

} // namespace imops::change
