#include "core/facts/bundle.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/loop/process.hpp"
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

namespace imops {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::pair<std::string_view, Got>, 8> states{{{"ok", Got::ok},
                                                                  {"absent", Got::absent},
                                                                  {"timed_out", Got::timed_out},
                                                                  {"too_long", Got::too_long},
                                                                  {"needs_root", Got::needs_root},
                                                                  {"lost", Got::lost},
                                                                  {"unreached", Got::unreached},
                                                                  {"no_answer", Got::no_answer}}};

std::string state(const Raw& raw) {
    for (auto& [word, got] : states)
        if (got == raw.got) return std::string{word};
    return std::to_string(raw.status);
}

void add_lines(std::string& s, char before, std::string_view text) {
    if (text.empty()) return;
    for (auto line : split(text, '\n')) {
        s += before;
        s += line;
        s += '\n';
    }
}

bool read_head(std::string_view line, std::string& id, Raw& raw) {
    auto words = split(line.substr(2), ' ');
    if (words.size() < 2 || words[0].empty()) return false;
    id = words[0];
    auto found = std::find_if(states.begin(), states.end(), [&](auto& s) { return s.first == words[1]; });
    if (found != states.end())
        raw.got = found->second;
    else if (auto status = parse_number(words[1]);
             status && *status >= 0 && *status <= 255 && *status == int(*status)) {
        raw.got = *status == 0 ? Got::ok : *status == 77 ? Got::absent : Got::failed;
        raw.status = int(*status);
    } else
        return false;
    if (words.size() > 2 && words[2].starts_with("at=")) raw.at = parse_number(words[2].substr(3)).value_or(0);
    if (!(raw.at >= 1e-6 && raw.at < 1e12)) raw.at = 0;
    return true;
}

} // namespace

std::string write_facts(const Facts& facts) {
    std::string s = "# imops facts 1\n";
    for (auto& [id, raw] : facts) {
        s += raw.at ? fmt::format("@ {} {} at={:.6f}\n", id, state(raw), raw.at)
                    : fmt::format("@ {} {}\n", id, state(raw));
        add_lines(s, ' ', raw.out);
        add_lines(s, '!', raw.err);
    }
    return s;
}

Facts read_facts(std::string_view text, Problems& problems) {
    Facts facts;
    Raw* raw = nullptr;
    bool more[2]{}; // of the current fact: a line of output, of standard error was there
    int number = 0;
    for (auto line : split(text, '\n')) {
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line[0] == '#') continue;
        if (line.starts_with("@ ")) {
            std::string id;
            Raw fresh;
            if (read_head(line, id, fresh)) {
                raw = &(facts[id] = std::move(fresh));
                more[0] = more[1] = false;
                continue;
            }
        } else if (raw && (line[0] == ' ' || line[0] == '!')) {
            auto& into = line[0] == ' ' ? raw->out : raw->err;
            if (std::exchange(more[line[0] == '!'], true)) into += '\n';
            into += line.substr(1);
            continue;
        }
        problems.add({number, 1}, say("not a line of facts: '{}'", "不是事实文件的行：'{}'", one_line(line, 60)),
                     Text{"Lines begin with '@ id state', a space (output), '!' (standard error) or '#'.",
                          "行首应为 '@ id 状态'、空格（输出）、'!'（标准错误）或 '#'。"});
    }
    return facts;
}

void write_bundle(const std::string& folder, const Bundle& b) {
    make_folder(folder + "/hosts");
    for (auto& [host, facts] : b.hosts) write_file(folder + "/hosts/" + host + ".facts", write_facts(facts), 0600);
    if (!b.services.empty()) make_folder(folder + "/services");
    for (auto& [service, facts] : b.services)
        write_file(folder + "/services/" + service + ".facts", write_facts(facts), 0600);
    write_file(folder + "/imops.yaml", b.deployment, 0600);
    write_file(folder + "/meta.json", nlohmann::ordered_json{{"imops", IMOPS_VERSION}, {"time", b.time}}.dump(1) + "\n",
               0600); // last: it makes the bundle
}

namespace {

/// name -> content of every regular file of the archive, with the leading folder stripped.
std::map<std::string, std::string> read_archive(const std::string& path) {
    char folder[] = "/tmp/imops-bundle-XXXXXX";
    if (!::mkdtemp(folder))
        throw Failure{Error{Code::io,
                            Text{"cannot make a temporary folder", "无法创建临时目录"},
                            Text{"Is /tmp full?", "/tmp 是否已满？"},
                            {}}};
    struct Remove {
        std::string path;
        ~Remove() {
            std::error_code ignored;
            fs::remove_all(path, ignored);
        }
    } remove{folder};
    auto ended = run_process({"tar", "-x", "-C", folder, "--no-same-owner", "--no-same-permissions", "-f", path},
                             std::chrono::seconds{60});
    if (!ended || ended->status != 0)
        throw Failure{Error{
            Code::io,
            say("cannot unpack {}: {}", "无法解包 {}：{}", path, ended ? one_line(ended->err) : ended.error().what.en),
            Text{"A bundle is a folder that --save wrote, or a .tar, .tar.gz or .tar.zst of it.",
                 "应为 --save 写出的目录，或其 .tar、.tar.gz、.tar.zst 归档。"},
            {}}};
    std::map<std::string, std::string> files;
    for (auto& e : fs::recursive_directory_iterator{folder}) {
        if (!e.is_regular_file() || e.is_symlink()) continue;
        auto name = fs::relative(e.path(), folder).string();
        for (auto known : {"imops.yaml", "meta.json", "hosts/", "services/"})
            if (auto at = name.find(known); at == 0 || (at != name.npos && name[at - 1] == '/')) {
                if (auto text = read_file(e.path())) files[name.substr(at)] = std::move(*text);
                break;
            }
    }
    return files;
}

std::map<std::string, std::string> read_folder(const std::string& path) {
    std::map<std::string, std::string> files;
    auto keep = [&](const std::string& name) {
        if (auto text = read_file(path + "/" + name)) files[name] = std::move(*text);
    };
    keep("imops.yaml");
    keep("meta.json");
    std::error_code none;
    for (std::string part : {"hosts/", "services/"})
        for (auto& e : fs::directory_iterator{path + "/" + part, none})
            if (e.path().extension() == ".facts") keep(part + e.path().filename().string());
    return files;
}

} // namespace

Bundle read_bundle(const std::string& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        throw Failure{
            Error{Code::io,
                  say("there is no {}", "不存在 {}", path),
                  Text{"Give the folder that --save wrote, or an archive of it.", "请给出 --save 写出的目录或其归档。"},
                  {}}};
    auto files = fs::is_directory(path, ignored) ? read_folder(path) : read_archive(path);
    if (!files.contains("imops.yaml"))
        throw Failure{
            Error{Code::io,
                  say("{} has no imops.yaml in it", "{} 中没有 imops.yaml", path),
                  Text{"Give the folder that --save wrote, or an archive of it.", "请给出 --save 写出的目录或其归档。"},
                  {}}};
    Bundle b;
    b.deployment = files["imops.yaml"];
    auto meta = nlohmann::json::parse(files["meta.json"], nullptr, false);
    if (meta.is_object() && meta.contains("time") && meta["time"].is_number()) b.time = meta["time"];
    for (auto& [name, text] : files) {
        if (!name.ends_with(".facts")) continue;
        Problems problems{path + "/" + name};
        (name.starts_with("hosts/") ? b.hosts : b.services)[fs::path{name}.stem()] = read_facts(text, problems);
        if (!problems.none()) throw Failure{problems.take()};
    }
    return b;
}

} // namespace imops
