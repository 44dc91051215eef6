#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/render/import/readers.hpp"
#include <algorithm>
#include <functional>

namespace imops::render {

namespace {

/// Words of one line; `'` takes everything, `"` knows \, and # begins a remark. Broken: a quote that does not end.
struct Words {
    std::vector<std::string> all;
    bool broken = false;
};

Words words_of(std::string_view line, std::string_view breaks = "", bool remarks = true) {
    Words w;
    std::string word;
    bool open = false; // a word has begun
    auto end = [&] {
        if (open) w.all.push_back(std::move(word));
        word.clear();
        open = false;
    };
    for (std::size_t i = 0; i < line.size(); ++i) {
        char c = line[i];
        if (c == '"' || c == '\'') {
            open = true;
            for (++i; i < line.size() && line[i] != c; ++i) {
                if (c == '"' && line[i] == '\\' && i + 1 < line.size()) ++i;
                word += line[i];
            }
            w.broken = w.broken || i >= line.size();
        } else if (c == '#' && remarks && !open)
            break;
        else if (std::isspace(static_cast<unsigned char>(c)) || breaks.find(c) != breaks.npos)
            end();
        else if (c == '\\' && i + 1 < line.size())
            open = true, word += line[++i];
        else
            open = true, word += c;
    }
    end();
    return w;
}

std::string joined(const std::vector<std::string>& words, std::size_t from) {
    std::string all;
    for (auto i = from; i < words.size(); ++i) all += (all.empty() ? "" : " ") + words[i];
    return all;
}

void each_line(const Tree& tree, const std::string& file, const std::function<void(std::string_view, int)>& take) {
    auto it = tree.find(file);
    if (it == tree.end()) return;
    int number = 0;
    for (auto line : split(it->second, '\n')) {
        ++number;
        if (auto t = trim(line); !t.empty() && t[0] != '#') take(t, number);
    }
}

/// "256mb" -> "268435456", as Redis counts: k is 1000, kb 1024. Other values stay as they are.
std::string redis_size(const std::string& value) {
    static constexpr std::pair<std::string_view, double> units[]{{"k", 1e3},      {"kb", 1024}, {"m", 1e6},
                                                                 {"mb", 1048576}, {"g", 1e9},   {"gb", 1073741824}};
    auto end = value.find_first_not_of("0123456789");
    if (end == 0 || end == value.npos || end > 12) return value;
    auto unit = value.substr(end);
    std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    for (auto& [name, size] : units)
        if (unit == name) return fmt::format("{:.0f}", parse_number(value.substr(0, end)).value_or(0) * size);
    return value;
}

void broken_quote(Flat& f, const std::string& file, int line) {
    f.unread.push_back({file, line, Text{"a quote that does not end", "引号没有结束"}});
}

/// name = 'value' # remark
bool postgres_line(std::string_view line, std::string& name, std::string& value) {
    auto end = line.find_first_of(" \t=");
    if (end == line.npos || end == 0) return false;
    name = line.substr(0, end);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    auto rest = trim(line.substr(end));
    if (rest.starts_with('=')) rest = trim(rest.substr(1));
    value.clear();
    if (!rest.starts_with('\'')) {
        value = trim(rest.substr(0, rest.find('#')));
        return value.find_first_of(" \t") == value.npos && !value.empty();
    }
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size())
            ++i;
        else if (rest[i] == '\'') {
            if (i + 1 >= rest.size() || rest[i + 1] != '\'') return true;
            ++i;
        }
        value += rest[i];
    }
    return false;
}

void postgres_file(const Tree& tree, const std::string& file, Flat& f, int depth) {
    auto folder = file.substr(0, file.rfind('/') + 1);
    each_line(tree, file, [&](std::string_view line, int number) {
        std::string name, value;
        if (!postgres_line(line, name, value))
            return f.unread.push_back({file, number, Text{"is no setting", "不是设置"}});
        bool folder_of = name == "include_dir", one = name == "include" || name == "include_if_exists";
        if (!folder_of && !one) return f.put(name, {name, value, file, value == "on" || value == "off"});
        auto path = value.starts_with('/') ? value : folder + value;
        auto files = matching(tree, folder_of ? path + "/*.conf" : path);
        if (one && files.empty())
            f.unread.push_back({file, number, say("{} {}: was not read", "{} {}：未读取", name, one_line(value, 100))});
        for (auto& more : files)
            if (depth < 8 && more != file) postgres_file(tree, more, f, depth + 1);
    });
}

} // namespace

Flat read_haproxy(const Tree& tree, const std::string& main) {
    static constexpr std::string_view sections[]{"global",  "defaults",    "frontend", "backend",    "listen",
                                                 "peers",   "resolvers",   "userlist", "mailers",    "cache",
                                                 "program", "http-errors", "ring",     "log-forward"};
    static constexpr std::string_view with_second[]{
        "option",      "timeout",        "server", "acl",   "stats",      "errorfile", "http-request", "http-response",
        "tcp-request", "default-server", "user",   "group", "nameserver", "hold",      "tune"};
    Flat f;
    std::string section;
    each_line(tree, main, [&](std::string_view line, int number) {
        auto [words, broken] = words_of(line);
        if (broken) return broken_quote(f, main, number);
        if (words.empty()) return;
        if (std::ranges::find(sections, words[0]) != std::end(sections)) {
            section = joined(words, 0);
            return f.put(section, {words[0], "yes", main, true});
        }
        if (section.empty())
            return f.unread.push_back({main, number, Text{"stands in no section", "不在任何配置段中"}});
        bool two = words.size() > 1 && std::ranges::find(with_second, words[0]) != std::end(with_second);
        auto name = two ? words[0] + " " + words[1] : words[0];
        f.add(fmt::format("{} > {}", section, name),
              {name, words.size() > (two ? 2u : 1u) ? joined(words, two ? 2 : 1) : "yes", main,
               words.size() == (two ? 2u : 1u)},
              "; ");
    });
    return f;
}

Flat read_postgres(const Tree& tree, const std::string& main) {
    Flat f;
    postgres_file(tree, main, f, 0);
    return f;
}

Flat read_hba(const Tree& tree, const std::string& main) {
    Flat f;
    each_line(tree, main, [&](std::string_view line, int number) {
        auto [w, broken] = words_of(line);
        if (broken) return broken_quote(f, main, number);
        std::size_t head = w.empty() || w[0] == "local"                                                  ? 3
                           : w.size() > 5 && w[4].find_first_not_of("0123456789.:") == std::string::npos ? 5
                                                                                                         : 4;
        if (w.size() <= head) return f.unread.push_back({main, number, Text{"is no rule", "不是规则"}});
        std::vector<std::string> key{w.begin(), w.begin() + std::ptrdiff_t(head)};
        f.put(joined(key, 0), {w[0], joined(w, head), main});
    });
    return f;
}

Flat read_redis(const Tree& tree, const std::string& main) {
    Flat f;
    each_line(tree, main, [&](std::string_view line, int number) {
        auto [w, broken] = words_of(line, "", false);
        if (broken || w.empty()) return broken_quote(f, main, number);
        auto name = w[0];
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
        if (name == "include" || name == "loadmodule")
            f.unread.push_back({main, number, say("{}: other files are not followed", "{}：不会读取其他文件", name)});
        bool listed =
            w.size() > 1 && (name == "user" || name == "rename-command" || name == "client-output-buffer-limit" ||
                             name == "include" || name == "loadmodule");
        auto value = w.size() == 2 ? redis_size(w[1]) : joined(w, listed ? 2 : 1);
        if (listed)
            f.put(name + " " + w[1], {name + " " + w[1], value, main});
        else if (name == "save")
            f.add(name, {name, value, main}, " ");
        else
            f.put(name, {name, value, main, value == "yes" || value == "no"});
    });
    return f;
}

Flat read_lines(const Tree& tree, const std::string& main) {
    Flat f;
    each_line(tree, main, [&](std::string_view line, int number) {
        auto equals = line.find('=');
        auto name = std::string{trim(line.substr(0, equals))};
        if (name.starts_with("export ")) name = name.substr(7);
        if (name.empty() || name.find_first_of(" \t\"'") != name.npos)
            return f.unread.push_back({main, number, Text{"is no setting", "不是设置"}});
        if (equals == line.npos) return f.put(name, {name, "yes", main, true});
        auto value = trim(line.substr(equals + 1));
        if (value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.ends_with(value[0]))
            value = value.substr(1, value.size() - 2);
        f.add(name, {name, std::string{value}, main}, "; ");
    });
    return f;
}

} // namespace imops::render
