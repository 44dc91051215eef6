#include "core/check/catalogue.hpp"
#include "core/base/string.hpp"
#include "core/model/placement.hpp"
#include <algorithm>

namespace imops {

Scope context_scope() {
    Scope s;
    Type text{Kind::text, {}}, number{Kind::number, {}}, bytes{Kind::bytes, {}},
        words{Kind::list, {{"", Type{Kind::text, {}}}}};
    for (auto part : {"cores", "files", "connections"})
        for (auto level : {"minimum", "recommended"}) s.add(fmt::format("need.{}.{}", part, level), number);
    for (auto part : {"memory", "disk"})
        for (auto level : {"minimum", "recommended"}) s.add(fmt::format("need.{}.{}", part, level), bytes);
    for (auto name : {"oldest", "encoding", "collate"}) s.add(fmt::format("need.database.{}", name), text);
    s.add("need.database.extensions", words);
    add_host_names(s);
    for (auto name : {"name", "type", "address", "user", "database", "url", "via"})
        s.add(fmt::format("service.{}", name), text);
    s.add("service.port", number);
    s.add("service.tls", Type{Kind::boolean, {}});
    s.add("product.id", text);
    s.add("workload.registered", number);
    s.add("workload.concurrent", number);
    s.add("airgap", Type{Kind::boolean, {}});
    s.add("now", Type{Kind::seconds, {}});
    return s;
}

namespace {

struct ExampleEntry {
    Ordered<Any> given;
    std::string is;
    Date now;
};
struct CheckEntry {
    std::string id, none = "skip";
    Line title, why, absent;
    Placed<Line> says, remedy, skip_says;
    std::vector<When> when{When::preflight, When::health};
    std::vector<Role> roles;
    std::vector<std::string> products;
    Placed<std::string> each, label, value, skip, fail, warn, limit, warn_limit;
    std::string source;
    std::vector<Placed<ExampleEntry>> examples;
};
struct PackFile {
    std::string name;
    Line title;
    Ordered<Placed<FactEntry>> facts;
    std::vector<Placed<CheckEntry>> checks;
};

std::optional<Objection> identifier(const std::string& s) {
    bool fine = !s.empty() && std::islower(static_cast<unsigned char>(s[0])) && s.find("..") == s.npos &&
                !s.ends_with('.') && std::all_of(s.begin(), s.end(), [](unsigned char c) {
                    return std::islower(c) || std::isdigit(c) || c == '_' || c == '.';
                });
    if (fine) return {};
    return Objection{
        say("'{}' is not an id", "'{}' 不是合法的 id", one_line(s, 60)),
        Text{"Use lower-case words: memory.total, ports.free.", "请用小写单词：memory.total、ports.free。"}};
}

Rule<std::string> one_of(std::vector<std::string> words) {
    return [words = std::move(words)](const std::string& s) -> std::optional<Objection> {
        if (std::find(words.begin(), words.end(), s) != words.end()) return {};
        return Objection{say("'{}' is not possible here", "此处不能写 '{}'", one_line(s, 40)),
                         say("One of: {}", "可选：{}", fmt::join(words, ", "))};
    };
}

} // namespace

template <class X> void describe(X& x, ExampleEntry& e) {
    x.need("given", e.given, {"facts and context", "事实与上下文"});
    x.need("is", e.is, {"ok, warn, fail, skip or unknown", "ok、warn、fail、skip 或 unknown"},
           one_of({"ok", "warn", "fail", "skip", "unknown"}));
    x.may("now", e.now, {"the day of the example", "示例的日期"});
}

template <class X> void describe(X& x, CheckEntry& c) {
    x.need("id", c.id, {"subject.property", "主题.属性"}, Rule<std::string>{identifier});
    x.need("title", c.title, {"what is judged", "检查内容"});
    x.need("why", c.why, {"why it matters", "重要性"});
    x.may("when", c.when, {"preflight, health", "preflight、health"});
    x.may("roles", c.roles, {"judged only on hosts with one of these roles", "仅检查具有这些角色的主机"});
    x.may("products", c.products, {"judged only for these products", "仅检查这些产品"});
    x.may("each", c.each, {"a table or list: one finding for each row", "表或列表：每行一个结果"});
    x.may("label", c.label, {"names the row", "行的名称"});
    x.may("none", c.none, {"the finding when there is no row: ok or skip", "没有行时的结果：ok 或 skip"},
          one_of({"ok", "skip"}));
    x.may("value", c.value, {"the measured value", "测量值"});
    x.may("skip", c.skip, {"condition under which it does not apply", "不适用的条件"});
    x.may("skip_says", c.skip_says, {"text for that", "不适用时的说明"});
    x.may("fail", c.fail, {"condition for fail", "失败条件"});
    x.may("warn", c.warn, {"condition for warn", "警告条件"});
    x.may("limit", c.limit, {"limit shown for fail", "失败时显示的限值"});
    x.may("warn_limit", c.warn_limit, {"limit shown for warn", "警告时显示的限值"});
    x.need("says", c.says, {"what was found", "结果说明"});
    x.need("remedy", c.remedy, {"what to do", "处理办法"});
    x.may("absent", c.absent, {"text when a fact or key is absent", "事实或键不存在时的说明"});
    x.need("source", c.source, {"where the threshold comes from", "阈值来源"});
    x.need("examples", c.examples, {"at least one that fails and one that is ok", "至少一个失败示例和一个通过示例"});
}

template <class X> void describe(X& x, PackFile& p) {
    x.need("pack", p.name, {"the file's name without .yaml", "文件名（不含 .yaml）"}, Rule<std::string>{identifier});
    x.need("title", p.title, {"title", "标题"});
    x.may("facts", p.facts, {"what is read", "读取的事实"});
    x.need("checks", p.checks, {"how it is judged", "判断规则"});
}

namespace {

/// Gives every expression of a check its meaning, and every mistake its place.
class Compiler {
    const Language& language_;
    Scope& scope_;
    Problems& problems_;
    std::set<std::string> names_;

    void mistake(const std::string& what, const std::string& source, Place p, Mistake m) {
        // a plain scalar stands on one line: the mistake's own column can be told
        if (p.line && source.find('\n') == source.npos) p.column += int(m.offset);
        problems_.add(p, say("{}: {}", "{}：{}", what, m.what), std::move(m.remedy));
    }

  public:
    Compiler(const Language& l, Scope& s, Problems& p) : language_{l}, scope_{s}, problems_{p} {}
    const std::set<std::string>& names() const { return names_; }
    Scope& scope() { return scope_; }

    Expression expression(const char* key, const Placed<std::string>& from, std::optional<Kind> wanted = {}) {
        if (from->empty()) return {};
        auto r = language_.expression(*from, scope_, wanted);
        if (auto* m = std::get_if<Mistake>(&r)) {
            mistake(key, *from, from.place, *m);
            return {};
        }
        auto& e = std::get<Expression>(r);
        names_.insert(e.reads().begin(), e.reads().end());
        return e;
    }
    Says says(const char* key, const Placed<Line>& from) {
        Says s;
        for (auto [text, into] : {std::pair{&from->en, &s.en}, std::pair{&from->zh, &s.zh}}) {
            auto r = language_.text_template(*text, scope_);
            if (auto* m = std::get_if<Mistake>(&r))
                mistake(key, *text, from.place, *m);
            else {
                *into = std::get<Expression>(r);
                names_.insert(into->reads().begin(), into->reads().end());
            }
        }
        if (s.en && s.zh && s.en.reads() != s.zh.reads())
            problems_.add(from.place,
                          say("{}: the two languages use different names", "{}：两种语言使用的名称不同", key),
                          say("English reads {}; Chinese reads {}.", "英文使用 {}；中文使用 {}。",
                              fmt::join(s.en.reads(), ", "), fmt::join(s.zh.reads(), ", ")));
        return s;
    }
};

Type row_type(const Expression& each, const Scope& scope, const Placed<std::string>& source) {
    if (auto* t = scope.find(*source)) {
        if (t->kind == Kind::table) return Type{Kind::map, t->members};
        if (auto* item = t->member("")) return *item;
    }
    return {each.kind() == Kind::list ? Kind::text : Kind::any, {}};
}

void validate(const CheckEntry& e, Place p, Problems& problems) {
    auto object = [&](Line what, Line remedy) {
        problems.add(p, say("{}: {}", "{}：{}", e.id, what), std::move(remedy));
    };
    if (e.fail->empty() && e.warn->empty())
        object(Text{"a check that can neither fail nor warn", "既不会失败也不会警告的检查"},
               Text{"Give it `fail:` or `warn:`.", "请写 `fail:` 或 `warn:`。"});
    if (!e.each->empty() && e.label->empty())
        object(Text{"`each` needs `label`", "`each` 需要 `label`"},
               Text{"Say which column names the row: label: row.mount.", "指定行名：label: row.mount。"});
    if (!e.skip->empty() && e.skip_says->empty())
        object(Text{"`skip` needs `skip_says`", "`skip` 需要 `skip_says`"}, {});
    std::string bad = e.fail->empty() ? "warn" : "fail";
    bool has_bad = false, has_ok = false;
    for (auto& x : e.examples) {
        has_bad = has_bad || x->is == bad;
        has_ok = has_ok || x->is == "ok";
    }
    if (!has_bad || !has_ok)
        object(say("the examples show no {}", "示例中缺少 {}", !has_bad ? bad : "ok"),
               Text{"A check without a failing and a passing example does not load.",
                    "没有失败和通过示例的检查不予加载。"});
}

} // namespace

/// The three steps of loading: read all files, collect all facts, then compile all checks against all facts.
struct CatalogueLoader {
    Catalogue c;
    std::vector<Error> errors;
    struct Read {
        PackFile file;
        Problems problems;
    };
    std::vector<Read> files;

    void begin() { c.scope_ = context_scope(); }

    void read(const PackSource& source) {
        auto& r = files.emplace_back(PackFile{}, Problems{source.file});
        read_document(source.text, r.file, r.problems);
    }

    void collect(Read& r) {
        auto& pack = c.packs_.emplace_back(Pack{r.file.name, r.problems.file(), r.file.title, {}, {}});
        for (auto& [id, entry] : r.file.facts) {
            entry.value.id = id;
            entry.value.place = entry.place;
            entry.value.finish(r.problems);
            if (auto o = identifier(id)) r.problems.add(entry.place, o->what, o->remedy);
            if (c.fact_by_id_.contains(id)) {
                r.problems.add(entry.place, say("fact '{}' is declared twice", "事实 '{}' 重复声明", id),
                               Text{"Give it another id.", "请换一个 id。"});
                continue;
            }
            if (auto* other = c.scope_.find(id); other || c.owner(id)) {
                r.problems.add(
                    entry.place, say("fact '{}' lies inside another name", "事实 '{}' 与其他名称嵌套", id),
                    Text{"An id must not be the beginning of another id.", "一个 id 不能是另一个 id 的前缀。"});
                continue;
            }
            auto& f = c.facts_.emplace_back(static_cast<FactDef&>(entry.value));
            c.fact_by_id_[f.id] = &f;
            c.scope_.add(f.id, f.type);
            c.scope_.add("fleet." + f.id, Type{Kind::map, {{"", f.type}}});
            pack.facts.push_back(&f);
        }
    }

    /// A fact that another one prints: that one must be there, and run wherever and whenever this one is wanted.
    void pair_up(Read& r) {
        for (auto& [id, entry] : r.file.facts) {
            auto& f = entry.value;
            if (f.with.empty()) continue;
            auto* first = c.fact(f.with);
            if (!first || first->sh.empty() || first->active != f.active || first->root != f.root ||
                !first->roles.empty() || !f.roles.empty())
                r.problems.add(
                    entry.place,
                    say("fact '{}' cannot be printed with '{}'", "事实 '{}' 不能随 '{}' 一并输出", id,
                        one_line(f.with, 60)),
                    Text{"`with` names a fact with `sh`; both have the same `root` and `active`, and neither has "
                         "`roles`.",
                         "`with` 需指向带有 `sh` 的事实；两者的 `root`、`active` 须相同，且都没有 `roles`。"});
        }
    }

    void compile(std::size_t i) {
        auto& r = files[i];
        auto& pack = c.packs_[i];
        for (auto& [e, place] : r.file.checks) {
            if (e.id.empty()) continue;
            if (c.check_by_id_.contains(e.id)) {
                r.problems.add(place, say("check '{}' is declared twice", "检查 '{}' 重复声明", e.id),
                               Text{"Ids are never reused: choose another.", "id 不能重复使用：请换一个。"});
                continue;
            }
            validate(e, place, r.problems);
            auto& k = c.checks_.emplace_back();
            c.check_by_id_[e.id] = &k;
            pack.checks.push_back(&k);
            fill(k, e, place, pack);
            Scope scope = Scope::over(c.scope_);
            Compiler compiler{*c.language_, scope, r.problems};
            k.each = compiler.expression("each", e.each);
            if (k.each) scope.add("row", row_type(k.each, scope, e.each));
            k.label = compiler.expression("label", e.label);
            k.value = compiler.expression("value", e.value);
            if (k.value) scope.add("value", row_type_of_value(k, scope, e));
            k.skip = compiler.expression("skip", e.skip, Kind::boolean);
            if (!e.skip_says->empty()) k.skip_says = compiler.says("skip_says", e.skip_says);
            k.limit = compiler.expression("limit", e.limit);
            k.warn_limit = compiler.expression("warn_limit", e.warn_limit);
            if (k.limit || k.warn_limit)
                scope.add("limit", Type{(k.limit ? k.limit : k.warn_limit).kind(), {{"", Type{Kind::text, {}}}}});
            k.fail = compiler.expression("fail", e.fail, Kind::boolean);
            k.warn = compiler.expression("warn", e.warn, Kind::boolean);
            scope.add("level", Type{Kind::text, {}});
            k.says = compiler.says("says", e.says);
            k.remedy = compiler.says("remedy", e.remedy);
            for (auto& n : compiler.names()) {
                k.fleet = k.fleet || n.starts_with("fleet.");
                if (auto* f = c.owner(n); f && std::find(k.facts.begin(), k.facts.end(), f->id) == k.facts.end())
                    k.facts.push_back(f->id);
            }
            for (auto& id : k.facts)
                if (auto& service = c.fact(id)->service; id == k.facts.front())
                    k.service = service;
                else if (service != k.service)
                    r.problems.add(place,
                                   say("{}: mixes facts of hosts and of services", "{}：混用了主机和服务的事实", e.id),
                                   Text{"Write one check for each.", "请分成两个检查。"});
            if (!k.service.empty() && (!k.roles.empty() || k.fleet))
                r.problems.add(place,
                               say("{}: a check of services has neither `roles` nor `fleet`",
                                   "{}：服务检查不能使用 `roles` 或 `fleet`", e.id),
                               Text{"Take it out.", "请去掉。"});
            if (k.facts.empty())
                r.problems.add(place, say("{}: reads no fact", "{}：没有读取任何事实", e.id),
                               Text{"A check judges at least one fact.", "检查至少要判断一个事实。"});
        }
    }

    static Type row_type_of_value(const Check& k, const Scope& scope, const CheckEntry& e) {
        if (auto* t = scope.find(*e.value)) return *t;
        return Type{k.value.kind(), {{"", Type{Kind::text, {}}}}};
    }

    static void fill(Check& k, CheckEntry& e, Place place, const Pack& pack) {
        k.id = e.id;
        k.pack = pack.name;
        k.file = pack.file;
        k.place = place;
        k.title = e.title;
        k.why = e.why;
        k.absent = e.absent;
        k.when = e.when;
        for (auto r : e.roles) k.roles.emplace_back(word(r));
        k.products = e.products;
        k.source = e.source;
        k.none = e.none == "ok" ? Level::ok : Level::skip;
        for (auto& x : e.examples) k.examples.push_back({x->given, x->is, x->now, x.place});
    }
};

Catalogue load_catalogue(std::span<const PackSource> sources) {
    CatalogueLoader loader;
    loader.begin();
    loader.files.reserve(sources.size());
    for (auto& s : sources) loader.read(s);
    for (auto& r : loader.files) loader.collect(r);
    for (auto& r : loader.files) loader.pair_up(r);
    for (std::size_t i = 0; i < loader.files.size(); ++i) loader.compile(i);
    std::vector<Error> errors;
    for (auto& r : loader.files)
        for (auto& e : r.problems.take()) errors.push_back(std::move(e));
    if (!errors.empty()) throw Failure{std::move(errors)};
    return std::move(loader.c);
}

void Catalogue::apply(const Deployment& d) {
    Problems problems{d.file};
    auto known = [&](const Placed<std::string>& id) -> Check* {
        auto it = check_by_id_.find(*id);
        if (it != check_by_id_.end()) return it->second;
        auto near = nearest(*id, check_ids());
        problems.add(id.place, say("there is no check '{}'", "没有检查 '{}'", one_line(*id, 60)),
                     near.empty()
                         ? Line{Text{"`imops checks list` shows them all.", "`imops checks list` 列出全部检查。"}}
                         : say("Did you mean '{}'?", "是否想写 '{}'？", near));
        return nullptr;
    };
    for (auto& w : d.waivers) known(w.check);
    for (auto& [id, o] : d.checks) {
        auto* k = known({id, o.place});
        if (!k) continue;
        k->only_warn = o->level == "warn";
        k->off = o->off;
        Scope scope = Scope::over(scope_);
        Compiler compiler{*language_, scope, problems};
        if (k->each) scope.add("row", row_type(k->each, scope, {k->each.source(), {}}));
        if (k->value) scope.add("value", Type{k->value.kind(), {{"", Type{Kind::text, {}}}}});
        if (!o->fail->empty()) k->fail = compiler.expression("fail", o->fail, Kind::boolean);
        if (!o->warn->empty()) k->warn = compiler.expression("warn", o->warn, Kind::boolean);
    }
    if (!problems.none()) throw Failure{problems.take()};
}

} // namespace imops
