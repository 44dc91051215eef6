#include "core/base/string.hpp"
#include "core/render/import/lua.hpp"
#include "core/render/import/readers.hpp"
#include <algorithm>
#include <optional>
#include <tuple>

namespace imops::render {

namespace {

/// A value of the subset: a text, number, boolean or table. A table's items have keys "#0", "#1" …, its fields their
/// names.
struct LuaValue {
    bool table = false, boolean = false;
    std::string scalar;
    std::vector<std::pair<std::string, LuaValue>> fields;
};

class ProsodyReader {
    const Tree& tree_;
    Flat& into_;
    const std::string* file_ = nullptr;
    LuaWords* words_ = nullptr;
    LuaWord now_;
    std::string section_; // "VirtualHost im.example.org", or nothing
    std::size_t nodes_ = 0;
    int included_ = 0;

    void step() { now_ = words_->next(); }
    bool mark(std::string_view m) const { return now_.kind == LuaWord::mark && now_.value == m; }
    void unread(Line why, int line) { into_.unread.push_back({*file_, line, std::move(why)}); }

    std::optional<LuaValue> value(int depth) {
        if (depth > 16 || ++nodes_ > Flat::most) return {};
        if (mark("{")) return table(depth);
        LuaValue v;
        bool minus = mark("-");
        if (minus) step();
        bool word =
            now_.kind == LuaWord::name && (now_.value == "true" || now_.value == "false" || now_.value == "nil");
        if (now_.kind != LuaWord::number && (minus || (now_.kind != LuaWord::text && !word))) return {};
        v.boolean = word;
        v.scalar = (minus ? "-" : "") + now_.value;
        step();
        bool next = now_.kind == LuaWord::name && now_.value != "and" && now_.value != "or";
        if (next || now_.kind == LuaWord::end || mark(";") || mark(",") || mark("}")) return v;
        return {}; // an expression goes on: a .. b, os.getenv(...)
    }

    /// The key of a field: NAME = or [VALUE] =. Nothing: it is an item.
    std::optional<std::string> bracketed(int depth) {
        step();
        if (now_.kind != LuaWord::text && now_.kind != LuaWord::number) return {};
        auto key = now_.value;
        step();
        if (!mark("]")) return {};
        step();
        if (!mark("=")) return {};
        step();
        return depth > 16 ? std::optional<std::string>{} : key;
    }

    std::optional<LuaValue> table(int depth) {
        LuaValue t;
        t.table = true;
        step();
        for (int items = 0; !mark("}");) {
            std::string key;
            if (mark("[")) {
                auto k = bracketed(depth);
                if (!k) return {};
                key = *k;
            } else if (now_.kind == LuaWord::name && now_.value != "true" && now_.value != "false" &&
                       now_.value != "nil") {
                key = now_.value;
                step();
                if (!mark("=")) return {};
                step();
            } else
                key = fmt::format("#{}", items++);
            auto v = value(depth + 1);
            if (!v) return {};
            t.fields.emplace_back(std::move(key), std::move(*v));
            if (mark(";") || mark(","))
                step();
            else if (!mark("}"))
                return {};
        }
        step();
        return t;
    }

    void put(const std::string& key, const std::string& leaf, const LuaValue& v) {
        if (!v.table) return into_.put(key, {leaf, v.scalar, *file_, v.boolean});
        bool list = std::ranges::all_of(v.fields, [](auto& f) { return f.first.starts_with('#') && !f.second.table; });
        if (list && leaf.starts_with("modules_")) { // sets: order means nothing, and each is a setting of its own
            for (auto& [name, item] : v.fields) into_.put(key + "." + item.scalar, {item.scalar, "yes", *file_, true});
            return;
        }
        if (list) {
            std::string all = "[";
            for (auto& [name, item] : v.fields) all += (all.size() > 1 ? ", " : "") + item.scalar;
            return into_.put(key, {leaf, v.fields.empty() ? "[]" : all + "]", *file_});
        }
        for (auto& [name, item] : v.fields)
            put(name.starts_with('#') ? fmt::format("{}[{}]", key, name) : key + "." + name, name, item);
    }

    /// To the next line that begins with a name, outside of brackets that were opened on the way.
    void resume() {
        for (int open = 0; now_.kind != LuaWord::end && now_.kind != LuaWord::broken; step()) {
            if (open <= 0 && now_.fresh && now_.kind == LuaWord::name) return;
            if (mark("{") || mark("(")) ++open;
            if (mark("}") || mark(")")) --open;
        }
    }

    void section(const std::string& kind) {
        int line = now_.line;
        step();
        if (now_.kind != LuaWord::text) {
            unread(say("{}: its name is not a plain text", "{}：名称不是普通字符串", kind), line);
            return resume();
        }
        section_ = kind + " " + now_.value;
        step();
        auto module = std::string{"yes"};
        if (kind == "Component" && now_.kind == LuaWord::text) {
            module = now_.value;
            step();
        }
        into_.put(section_, {kind, module, *file_, true});
    }

    void include() {
        int line = now_.line;
        step();
        if (now_.kind != LuaWord::text) {
            unread(Text{"Include: its name is not a plain text", "Include：文件名不是普通字符串"}, line);
            return resume();
        }
        auto pattern = now_.value.starts_with('/') ? now_.value : "/etc/prosody/" + now_.value;
        auto files = matching(tree_, pattern);
        if (files.empty() && pattern.find('*') == pattern.npos)
            unread(say("Include {}: was not read", "Include {}：未读取", one_line(pattern, 100)), line);
        step();
        if (included_ > 100) return;
        for (auto& f : files)
            if (f != *file_) read(f);
    }

    void statement() {
        static constexpr std::string_view code[]{"if",       "for",   "while",  "repeat", "do",
                                                 "function", "local", "return", "goto"};
        auto name = now_.value;
        int line = now_.line;
        if (std::ranges::find(code, name) != std::end(code)) {
            unread(say("'{}': programs are not run; the rest of the file was left out",
                       "'{}'：不会执行程序代码；文件的其余部分未读取", name),
                   line);
            while (now_.kind != LuaWord::end && now_.kind != LuaWord::broken) step();
            return;
        }
        if (name == "VirtualHost" || name == "Host" || name == "Component")
            return section(name == "Host" ? "VirtualHost" : name);
        if (name == "Include") return include();
        step();
        std::optional<LuaValue> v;
        if (mark("=")) {
            step();
            v = value(0);
        }
        if (v) {
            auto key = section_.empty() ? name : section_ + " > " + name;
            into_.drop(key);
            return put(key, name, *v);
        }
        unread(say("{}: is no plain value", "{}：不是普通的值", one_line(name, 60)), line);
        if (!now_.fresh) step();
        resume();
    }

  public:
    ProsodyReader(const Tree& tree, Flat& into) : tree_{tree}, into_{into} {}
    void read(const std::string& file) {
        auto it = tree_.find(file);
        if (it == tree_.end() || ++included_ > 100) return;
        auto outer = std::tuple{file_, words_, now_, section_};
        LuaWords words{it->second};
        std::tie(file_, words_) = std::tuple{&it->first, &words};
        section_.clear();
        for (step(); now_.kind != LuaWord::end;) {
            if (now_.kind == LuaWord::broken) {
                unread(Text{"a text or remark that does not end", "字符串或注释没有结束"}, now_.line);
                break;
            }
            if (now_.kind == LuaWord::name)
                statement();
            else if (mark(";"))
                step();
            else {
                unread(Text{"a line that is no setting", "不是设置的一行"}, now_.line);
                step();
                resume();
            }
        }
        std::tie(file_, words_, now_, section_) = outer;
    }
};

} // namespace

Flat read_prosody(const Tree& tree, const std::string& main) {
    Flat f;
    ProsodyReader{tree, f}.read(main);
    return f;
}

} // namespace imops::render
