#include "core/base/string.hpp"
#include "core/render/import/readers.hpp"
#include <algorithm>

namespace imops::render {

namespace {

constexpr int deepest = 16;

/// Words of nginx's files: quoted ones without their quotes, and the three marks.
class NginxWords {
    std::string_view text_;
    std::size_t at_ = 0;

  public:
    int line = 1;
    bool broken = false, mark = false; // `mark`: the last word was ; { or } and not quoted

    explicit NginxWords(std::string_view text) : text_{text} {}

    bool next(std::string& word) {
        word.clear();
        mark = false;
        for (; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (c == '\n')
                ++line;
            else if (c == '#')
                at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
            else if (!std::isspace(static_cast<unsigned char>(c)))
                break;
        }
        if (at_ >= text_.size()) return false;
        char first = text_[at_];
        if (first == ';' || first == '{' || first == '}') {
            word = first;
            ++at_;
            return mark = true;
        }
        char quote = first == '"' || first == '\'' ? first : '\0';
        if (quote) ++at_;
        for (; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (c == '\n') ++line;
            if (quote ? c == quote
                      : std::isspace(static_cast<unsigned char>(c)) || c == ';' || (c == '{' && !word.ends_with('$')))
                break;
            if (c == '\\' && at_ + 1 < text_.size()) {
                char escaped = text_[at_ + 1];
                if (quote ? escaped == quote || escaped == '\\'
                          : escaped == ' ' || escaped == ';' || escaped == '{' || escaped == '}')
                    ++at_;
            }
            word += text_[at_];
            if (word.ends_with("${")) // a variable: to its end
                while (at_ + 1 < text_.size() && text_[at_] != '}' && text_[at_] != '\n') word += text_[++at_];
        }
        if (quote && at_ >= text_.size())
            broken = true;
        else if (quote)
            ++at_;
        return true;
    }
};

/// Directives that may be given many times in a block, each for something of its own.
bool by_first_word(std::string_view name) {
    static constexpr std::string_view names[]{"proxy_set_header", "add_header",        "fastcgi_param",   "set",
                                              "log_format",       "error_page",        "allow",           "deny",
                                              "include",          "proxy_hide_header", "more_set_headers"};
    return std::ranges::find(names, name) != std::end(names);
}

class NginxReader {
    const Tree& tree_;
    Flat& into_;
    std::map<std::string, int> blocks_; // how often a block of this key was there
    int files_ = 0;

    std::string joined(const std::vector<std::string>& words, std::size_t from) {
        std::string all;
        for (auto i = from; i < words.size(); ++i) all += (all.empty() ? "" : " ") + words[i];
        return all;
    }

    /// A server is known by its name and port, other blocks by their words. The servers' are read ahead: they stand
    /// inside.
    static std::string server_name(NginxWords ahead) {
        std::string word, name, port;
        std::vector<std::string> line;
        for (int depth = 0; depth >= 0 && ahead.next(word);) {
            if (!ahead.mark) {
                if (line.size() < 3) line.push_back(word);
                continue;
            }
            depth += word == "{" ? 1 : word == "}" ? -1 : 0;
            if (word == ";" && depth == 0 && line.size() > 1) {
                if (line[0] == "server_name" && name.empty() && line[1] != "_") name = line[1];
                if (line[0] == "listen" && port.empty()) port = line[1].substr(line[1].find_last_of(":]") + 1);
            }
            line.clear();
        }
        return fmt::format("server {}:{}", name, port.empty() ? "80" : port);
    }

    std::string block_key(const std::string& under, const std::vector<std::string>& words, const NginxWords& inside) {
        auto key = under + (words[0] == "server" && words.size() == 1 ? server_name(inside) : joined(words, 0));
        auto n = ++blocks_[key];
        return n == 1 ? key : fmt::format("{} #{}", key, n);
    }

    void directive(const std::string& file, const std::string& under, const std::vector<std::string>& words,
                   int depth) {
        auto& name = words[0];
        bool listed =
            words.size() > 1 && (by_first_word(name) || (name == "server" && under.find("upstream ") != under.npos));
        // the two sides of a map are no directives
        auto key = under + (listed ? name + " " + words[1] : name);
        into_.add(key, {name, joined(words, listed ? 2 : 1), file}, "; ");
        if (name != "include" || words.size() != 2) return;
        auto pattern = words[1].starts_with('/') ? words[1] : "/etc/nginx/" + words[1];
        for (auto& f : matching(tree_, pattern))
            if (f != file) read(f, under, depth + 1);
    }

  public:
    NginxReader(const Tree& tree, Flat& into) : tree_{tree}, into_{into} {}

    void read(const std::string& file, const std::string& above, int depth) {
        auto it = tree_.find(file);
        if (it == tree_.end()) return;
        auto unread = [&](int line, Line why) { into_.unread.push_back({file, line, std::move(why)}); };
        if (depth > deepest || ++files_ > 200) return unread(0, Text{"is included too often", "被包含的次数过多"});
        NginxWords in{it->second};
        std::vector<std::string> under{above}, words;
        std::string word;
        int skipping = 0; // blocks that are too deep
        while (in.next(word)) {
            if (!in.mark) {
                if (!skipping && words.size() < 1000) words.push_back(word);
                continue;
            }
            if (word == "{" && !skipping && (words.empty() || int(under.size()) > deepest))
                unread(in.line, Text{"a block that is not understood", "无法识别的配置块"}), ++skipping;
            else if (word == "{" && skipping)
                ++skipping;
            else if (word == "}" && skipping)
                --skipping;
            else if (word == "{")
                under.push_back(block_key(under.back(), words, in) + " > ");
            else if (word == "}" && under.size() > 1)
                under.pop_back();
            else if (word == "}")
                unread(in.line, Text{"a } without its {", "多余的 }"});
            else if (!words.empty() && !skipping)
                directive(file, under.back(), words, depth);
            words.clear();
        }
        if (in.broken || under.size() > 1 || skipping || !words.empty())
            unread(in.line, Text{"ends in the middle of a directive or block", "文件在指令或配置块中间结束"});
    }
};

} // namespace

Flat read_nginx(const Tree& tree, const std::string& main) {
    Flat f;
    NginxReader{tree, f}.read(main, "", 0);
    return f;
}

} // namespace imops::render
