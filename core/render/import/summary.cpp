#include "core/render/import/summary.hpp"
#include "core/base/string.hpp"
#include <algorithm>

namespace imops::render {

std::map<std::string, HostFiles> DraftRenderer::files(const std::string& text, const std::string& name,
                                                      bool secrets) const {
    auto d = parse_deployment(text, name);
    Renderer renderer{components, d, product, generic, products, lang, {{}, secrets, false}};
    std::map<std::string, HostFiles> all;
    for (auto& h : d.hosts) all[h.name] = renderer.of(h, {});
    if (!renderer.secrets().errors().empty()) throw Failure{renderer.secrets().errors()};
    return all;
}

void drop_idle_settings(Draft& d, const DraftStyle& style, const DraftRenderer& r) {
    auto texts = [&] {
        std::vector<std::tuple<std::string, std::string, std::string>> all;
        for (auto& [host, files] : r.files(draft_text(d, style), "imops.yaml", false)) {
            for (auto& f : files.files) all.emplace_back(host, f.path, f.text);
            for (auto& e : files.errors) all.emplace_back(host, "", e.what.en);
        }
        return all;
    };
    auto full = texts();
    for (auto& h : d.hosts) {
        auto before = h.settings;
        for (auto& [component, variables] : before)
            for (auto& [name, value] : variables) {
                auto kept = h.settings;
                h.settings[component].erase(name);
                if (h.settings[component].empty()) h.settings.erase(component);
                if (texts() != full) h.settings = std::move(kept);
            }
    }
}

namespace {

class Summary {
    Report& r_;
    const Draft& d_;
    SecretShapes mask_;

    Finding& add(const char* id, const std::string& host, Level level, std::string item, Text title, Line text) {
        auto& f = r_.findings.emplace_back();
        f.id = id;
        f.subject = host;
        f.item = std::move(item);
        f.level = level;
        f.title = title;
        f.text = std::move(text);
        return f;
    }

    Line harmless(const Line& l) const { return {mask_.shown_key(l.en), mask_.shown_key(l.zh)}; }

    void unread(const std::string& host, const Unread& u) {
        auto item = u.line ? fmt::format("{}:{}", u.file, u.line) : u.file;
        add("import.unread", host, Level::warn, item, {"Not understood", "未能识别"}, harmless(u.why));
    }

    void change(const std::string& host, const OldProgram& p, const Change& c) {
        auto item = fmt::format("{} {}", c.before ? c.before->file : p.main, mask_.shown_key(c.key));
        auto old = c.before ? mask_.shown(c.key, *c.before) : "", made = c.after ? mask_.shown(c.key, *c.after) : "";
        if (c.before && c.after && old == made) made += " *"; // both are secrets, and not the same
        auto some = [](const std::string& s) { return s.empty() ? "\"\"" : s; };
        auto text = !c.after    ? say("{}: rendering does not write it", "{}：渲染后不再写出", some(old))
                    : !c.before ? say("rendering adds it: {}", "渲染后新增：{}", some(made))
                                : say("{}, rendered: {}", "{}，渲染后：{}", some(old), some(made));
        auto& f = add(c.before ? "import.differs" : "import.adds", host, Level::warn, item,
                      c.before ? Text{"Would not be the same", "渲染后会改变"} : Text{"Would be new", "渲染后会新增"},
                      std::move(text));
        if (c.before) f.value = {Kind::text, old};
        if (c.after) f.limit = {Kind::text, made};
    }

    /// The files of a program: the main one, and what belongs to it.
    static bool belongs(const OldUnit& u, const std::string& main, const std::string& path) {
        if (path == main) return true;
        auto folder = main.substr(0, main.rfind('/') + 1);
        return std::ranges::any_of(u.more, [&](auto more) { return matches(folder + std::string{more}, path); });
    }

    void compare(const DraftHost& h, const HostFiles& files) {
        auto after = h.old->files;
        for (auto& f : files.files) after[f.path] = f.text;
        std::set<std::string> known;
        for (auto& made : programs_of(after)) {
            bool touched = false;
            for (auto& f : files.files)
                if (belongs(*made.unit, made.main, f.path)) known.insert(f.path), touched = true;
            auto old =
                std::ranges::find_if(h.programs, [&](auto& p) { return p.unit == made.unit && p.main == made.main; });
            static const Flat none;
            auto& before = old == h.programs.end() ? none : old->flat;
            mask_.learn(made.flat);
            if (touched)
                for (auto& c : changes(before, made.flat)) change(h.old->name, made, c);
            else if (h.services.contains(std::string{made.unit->service}))
                add("import.kept", h.old->name, Level::ok, made.main, {"Stays as it is", "保持原样"},
                    Text{"no template of this imops writes it", "此版本的 imops 没有生成它的模板"});
        }
        for (auto& f : files.files)
            if (!known.contains(f.path))
                add("import.adds", h.old->name, Level::warn, f.path, {"Would be new", "渲染后会新增"},
                    say("{} would write this file, and there is nothing to compare it with",
                        "{} 会写出此文件，没有可供比较的旧文件", f.name()));
    }

    void found(const DraftHost& h) {
        std::string roles, services;
        for (auto& x : h.roles) roles += (roles.empty() ? "" : ", ") + x;
        for (auto& x : h.services) services += (services.empty() ? "" : ", ") + x;
        r_.notes.push_back(say("{}: {} file(s) read; {}; roles {}", "{}：读取 {} 个文件；{}；角色 {}", h.old->name,
                               h.old->files.size(), services.empty() ? "-" : services, roles));
    }

  public:
    Summary(Report& r, const Draft& d) : r_{r}, d_{d} {
        for (auto& h : d.hosts)
            for (auto& p : h.programs) mask_.learn(p.flat);
        for (auto& [name, secret] : d.secrets) mask_.learn(secret.reveal());
    }

    void write(const std::map<std::string, HostFiles>& files) {
        for (auto& h : d_.hosts) {
            found(h);
            for (auto& u : h.old->unread) unread(h.old->name, u);
            for (auto& p : h.programs)
                for (auto& u : p.flat.unread) unread(h.old->name, u);
            auto it = files.find(h.old->name);
            if (it == files.end()) continue;
            compare(h, it->second);
            for (auto& e : it->second.errors)
                add("render.error", h.old->name, Level::fail, "", {"Cannot be written", "无法生成"}, harmless(e.what))
                    .remedy = e.remedy;
        }
        for (auto& [host, text] : d_.remarks) r_.notes.push_back(say("{}: {}", "{}：{}", host, harmless(text)));
    }
};

} // namespace

void summarise(Report& r, const Draft& d, const std::map<std::string, HostFiles>& files,
               const std::vector<OldHost>& hosts) {
    for (auto& h : hosts)
        if (h.error) {
            auto& f = r.findings.emplace_back();
            f.id = "import.host";
            f.subject = h.name;
            f.level = Level::fail;
            f.title = Text{"Could not be asked", "无法询问"};
            f.text = h.error->what;
            f.remedy = h.error->remedy;
        }
    Summary{r, d}.write(files);
}

} // namespace imops::render
