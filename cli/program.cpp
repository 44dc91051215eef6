#include "cli/program.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace imops {

namespace fs = std::filesystem;

namespace {

/// "checks/memory.yaml" -> "memory"
std::string stem(std::string_view path) { return fs::path{path}.stem().string(); }

} // namespace

Deployment Program::deployment(const KnownNames& names) {
    auto text = read_file(config, std::size_t{1} << 30); // the reader refuses what is too large, with its size
    if (!text) {
        auto e = text.error();
        if (!fs::exists(config))
            e = Error{Code::config,
                      imops::say("there is no {}", "找不到 {}", config),
                      Text{"Run `imops init` to write one, or name it: --config FILE.",
                           "运行 `imops init` 生成一份，或用 --config 指定文件。"},
                      {}};
        throw Failure{std::move(e)};
    }
    auto d = parse_deployment(std::move(*text), config, names);
    if (!lang_given && !d.language.empty()) lang = d.language == "zh" ? Lang::zh : Lang::en;
    if (log.file.empty() && !d.log.file.empty()) {
        auto l = log;
        l.on_error = verbose;
        l.file = d.log.file;
        l.level = d.log.level;
        l.format = d.log.format;
        l.size = std::uintmax_t(d.log.size.value);
        l.keep = d.log.keep;
        try {
            imops::begin_log(l);
        } catch (const Failure& f) { // nobody asked for it on this command line: what was asked goes on
            for (auto& e : f.errors) std::cerr << "imops: " << plain(e.what.in(lang)) << '\n';
        }
        imops::log(LogLevel::info, "start", {{"version", IMOPS_VERSION}, {"command", command}});
    }
    return d;
}

void Program::begin_log() const {
    auto l = log;
    l.on_error = verbose;
    imops::begin_log(l);
    imops::log(LogLevel::info, "start", {{"version", IMOPS_VERSION}, {"command", command}});
}

Catalogue Program::catalogue(const std::string& beside) const {
    std::vector<PackSource> sources;
    std::vector<std::string> texts; // keeps what was read from disk
    for (auto& f : embedded_checks()) sources.push_back({std::string{f.path}, f.text});
    auto folder = fs::path{beside}.parent_path() / "checks";
    std::vector<std::string> folders = check_folders;
    std::error_code none;
    if (!beside.empty() && fs::is_directory(folder, none) && !is_checkout(folder.parent_path()))
        folders.insert(folders.begin(), folder.string());
    std::vector<std::string> paths;
    for (auto& f : folders) {
        if (!fs::exists(f, none))
            throw Failure{Error{
                Code::usage,
                imops::say("there is no folder {}", "目录 {} 不存在", f),
                Text{"--checks takes a folder of packs, or one pack.", "--checks 需要检查包目录或单个检查包文件。"},
                {}}};
        if (fs::is_regular_file(f, none))
            paths.push_back(f);
        else
            for (auto& e : fs::directory_iterator{f})
                if (e.path().extension() == ".yaml") paths.push_back(e.path().string());
    }
    std::sort(paths.begin(), paths.end());
    texts.reserve(paths.size());
    for (auto& p : paths) {
        auto text = read_file(p);
        if (!text) throw Failure{text.error()};
        texts.push_back(std::move(*text));
        // a site's version of a built-in pack takes its place
        std::erase_if(sources, [&](auto& s) { return stem(s.file) == stem(p); });
        sources.push_back({p, texts.back()});
    }
    return load_catalogue(sources);
}

std::vector<std::string> Program::product_ids() const {
    std::vector<std::string> ids;
    for (auto& f : embedded_products()) ids.push_back(stem(f.path));
    return ids;
}

Product Program::product(const std::string& id, const Placed<std::string>* asked, const std::string& file) const {
    for (auto& f : embedded_products())
        if (stem(f.path) == id) return parse_product(f.text, std::string{f.path});
    auto ids = product_ids();
    auto near = nearest(id, ids);
    Problems problems{file.empty() ? "--product" : file};
    problems.add(asked ? asked->place : Place{},
                 imops::say("product '{}' is not known", "未知的产品 '{}'", one_line(id, 60)),
                 near.empty() ? imops::say("Known: {}. For another product write `generic`.",
                                           "已知产品：{}。其他产品请写 `generic`。", fmt::join(ids, ", "))
                              : imops::say("Did you mean '{}'? For a product that is not listed write `generic`.",
                                           "是否想写 '{}'？未列出的产品请写 `generic`。", near));
    throw Failure{problems.take()};
}

bool is_checkout(const fs::path& folder) {
    std::error_code none;
    return fs::exists(folder / "cmake" / "embed.cmake", none);
}

Case Program::open(Deployment d, const std::string& beside) const {
    auto packs = catalogue(beside);
    auto of = product(*d.product, &d.product, d.file);
    return {std::move(d), std::move(packs), std::move(of), product("generic")};
}

void Program::check_outputs() const {
    std::vector<Error> errors;
    std::vector<std::string> names;
    for (auto& w : writers()) names.emplace_back(w.name);
    int on_stdout = 0;
    for (auto& o : outputs) {
        auto format = o.substr(0, o.find('='));
        on_stdout += o.find('=') == o.npos;
        if (find_writer(format)) continue;
        auto near = nearest(format, names);
        errors.push_back({Code::usage,
                          imops::say("there is no output format '{}'", "没有输出格式 '{}'", one_line(format, 40)),
                          near.empty() ? imops::say("Formats: {}", "可用格式：{}", fmt::join(names, ", "))
                                       : imops::say("Did you mean '{}'?", "是否想写 '{}'？", near),
                          {}});
    }
    if (on_stdout > 1)
        errors.push_back({Code::usage,
                          Text{"two formats for standard output", "标准输出指定了两种格式"},
                          Text{"Give all but one a file: --output json=report.json.",
                               "除一种外都要指定文件：--output json=report.json。"},
                          {}});
    if (!errors.empty()) throw Failure{std::move(errors)};
}

WriteOptions Program::write_options(bool terminal) const {
    WriteOptions w;
    w.lang = lang;
    w.strict = strict;
    w.all = all || verbose;
    w.colour = terminal && !std::getenv("NO_COLOR") &&
               std::string_view{std::getenv("TERM") ? std::getenv("TERM") : "dumb"} != "dumb";
    winsize size{};
    if (terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        w.width = std::min<int>(size.ws_col, 140);
    return w;
}

void Program::finish(Report& r) {
    r.sort();
    auto w = write_options(::isatty(STDOUT_FILENO));
    exit = plain_status(r, w);
    auto* shown = find_writer("human");
    for (auto& o : outputs) { // files first: a reader of standard output may go away
        auto equals = o.find('=');
        auto* writer = find_writer(o.substr(0, equals));
        if (equals == o.npos) {
            shown = writer;
            exit = writer->status(r, w);
            continue;
        }
        std::ostringstream text;
        auto plain_options = w;
        plain_options.colour = false;
        writer->write(r, plain_options, text);
        write_file(o.substr(equals + 1), text.str());
    }
    errno = 0;
    shown->write(r, w, std::cout);
    std::cout.flush();
    if (!std::cout && errno == EPIPE) end_of_broken_pipe(); // as it ends any program: `| head` is no error
    if (!std::cout)
        throw Failure{Error{Code::io,
                            Text{"the report could not be written to standard output", "报告无法写到标准输出"},
                            Text{"Is the disk full, or the pipe closed?", "磁盘是否已满，或管道已关闭？"},
                            {}}};
}

void Program::say(const Line& l) const {
    if (!quiet) std::cerr << l.in(lang) << '\n';
}

CLI::Validator not_negative(const Program& p) {
    return CLI::Validator{[what = p.in({"a number of 0 or more is needed", "需要 0 或更大的数字"})](std::string& text) {
                              auto x = parse_number(text);
                              return x && *x >= 0 ? std::string{} : fmt::format("{}: {}", one_line(text, 40), what);
                          },
                          ""};
}

void add_config_option(CLI::App& app, Program& p) {
    app.add_option("-c,--config", p.config,
                   p.in({"the deployment (default: imops.yaml)", "部署文件（默认 imops.yaml）"}));
}

void add_check_folders(CLI::App& app, Program& p) {
    app.add_option("--checks", p.check_folders,
                   p.in({"folder of a site's own check packs; repeatable", "自有检查包目录，可重复"}))
        ->type_name("DIR");
}

namespace {

/// An option whose value is a word of an enum.
template <class E> void add_choice(CLI::App& app, const std::string& option, E& value, const std::string& about) {
    std::vector<std::string> words;
    for (auto& [word, is] : Words<E>::of) words.emplace_back(word);
    app.add_option_function<std::string>(
           option,
           [&value](const std::string& typed) {
               for (auto& [word, is] : Words<E>::of)
                   if (word == typed) value = is;
           },
           about)
        ->check(CLI::IsMember(words));
}

} // namespace

void add_log_options(CLI::App& app, Program& p) {
    app.add_option("--log-file", p.log.file, p.in({"write down what is done, a line each", "把所做的事逐行写入该文件"}))
        ->type_name("FILE");
    add_choice(app, "--log-level", p.log.level, p.in({"default: info", "默认 info"}));
    add_choice(app, "--log-format", p.log.format, p.in({"default: text", "默认 text"}));
}

void add_format_option(CLI::App& app, Program& p, const std::string& option) {
    app.add_option(option, p.outputs,
                   imops::say("{}, to standard output or =FILE; repeatable", "{}，输出到标准输出或 =文件；可重复",
                              writer_names())
                       .in(p.lang))
        ->type_name("FORMAT[=FILE]");
}

void add_output_options(CLI::App& app, Program& p) {
    add_format_option(app, p, "-o,--output");
    app.add_flag("--strict", p.strict, p.in({"warnings end with status 1 too", "有警告时也以状态 1 结束"}));
    app.add_flag("-a,--all", p.all, p.in({"show also what is ok or skipped", "也显示通过和跳过的项目"}));
}

} // namespace imops
