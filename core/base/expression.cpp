#include "core/base/expression.hpp"
#include "core/base/expression_check.hpp"
#include "core/base/expression_functions.hpp"
#include "core/base/string.hpp"
#include <inja/inja.hpp>
#include <sstream>

namespace imops {

using nlohmann::json;

namespace {
constexpr std::string_view before = "{{ imops_value(", after = ") }}";
}

struct Language::Impl {
    inja::Environment env;
    json result; // what the last expression gave: inja itself only writes text
};

namespace detail {

struct Compiled {
    std::shared_ptr<inja::Environment> env;
    json* result;
    std::string source;
    inja::Template tree;
    Kind kind;
    std::set<std::string> reads, required;
    std::vector<std::pair<std::string, std::vector<std::string>>> paths; // of `required`: "a.b" and its parts
    bool plain_name = false; // the expression is nothing but one name
};

} // namespace detail

// ---- Scope

void Scope::add(std::string_view dotted, Type type) {
    Type* at = &root_;
    auto parts = split(dotted, '.');
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto found = std::find_if(at->members.begin(), at->members.end(), [&](auto& m) { return m.first == parts[i]; });
        if (found == at->members.end()) found = at->members.insert(at->members.end(), {std::string{parts[i]}, Type{Kind::map, {}}});
        at = &found->second;
    }
    *at = std::move(type);
}

const Type* Scope::find(std::string_view dotted) const {
    const Type* at = &root_;
    for (auto part : split(dotted, '.'))
        if (!(at = at->member(part))) return under_ ? under_->find(dotted) : nullptr;
    return at;
}

std::vector<std::string> Scope::names() const {
    std::vector<std::string> all;
    auto walk = [&](auto& self, const Type& t, const std::string& prefix) -> void {
        for (auto& [name, inner] : t.members) {
            if (name.empty()) continue;
            auto full = prefix.empty() ? name : prefix + "." + name;
            all.push_back(full);
            if (inner.kind == Kind::map) self(self, inner, full);
        }
    };
    walk(walk, root_, "");
    if (under_)
        for (auto& n : under_->names()) all.push_back(std::move(n));
    return all;
}

// ---- Language

const json& Language::constants() {
    static const json all = [] {
        json j;
        for (auto& [unit, kind, size] : detail::unit_constants()) j[std::string{unit}] = size;
        return j;
    }();
    return all;
}

Language::Language() : impl_{std::make_shared<Impl>()} {
    auto& env = impl_->env;
    env.set_line_statement(std::string{detail::line_statement});
    env.set_search_included_templates_in_files(false);

    auto* result = &impl_->result;
    env.add_callback("imops_value", 1, [result](inja::Arguments& a) {
        *result = *a[0];
        return json{""};
    });
    for (auto& f : detail::functions())
        if (f.run) env.add_callback(std::string{f.name}, int(f.takes.size()), [run = f.run](inja::Arguments& a) { return run(a); });
}

Language::~Language() = default;

namespace {

std::variant<inja::Template, Mistake> parse(inja::Environment& env, const std::string& text, std::size_t shift) {
    if (auto at = detail::pipe(text))
        return Mistake{*at > shift ? *at - shift : 0, Text{"a pipe (|) is no part of the language", "语言中没有管道（|）"}, Text{"Write lower(x) for x | lower.", "x | lower 请写成 lower(x)。"}};
    try {
        return env.parse(text);
    } catch (const inja::InjaError& e) {
        std::size_t offset = e.location.column > 0 ? e.location.column - 1 : 0;
        offset = offset > shift ? offset - shift : 0;
        constexpr std::string_view unknown = "unknown function ";
        if (e.message.starts_with(unknown)) return detail::unknown_function(offset, std::string_view{e.message}.substr(unknown.size()));
        return Mistake{offset, say("cannot be read: {}", "无法解析：{}", e.message),
                       Text{"The grammar is in docs/packs.md, section Expressions.", "语法见 docs/packs.md 的“Expressions”一节。"}};
    } catch (const std::exception& e) { // a malformed number inside inja
        return Mistake{0, say("cannot be read: {}", "无法解析：{}", e.what()),
                       Text{"The grammar is in docs/packs.md, section Expressions.", "语法见 docs/packs.md 的“Expressions”一节。"}};
    }
}

} // namespace

std::variant<Expression, Mistake> Language::expression(const std::string& source, const Scope& scope, std::optional<Kind> wanted) const {
    if (auto mixed = detail::mixed_and_or(source))
        return Mistake{*mixed, Text{"`and` and `or` stand side by side", "`and` 与 `or` 并列使用"},
                       Text{"Say with parentheses which belongs together: (a and b) or c.", "请用括号标明优先级：(a and b) or c。"}};
    auto parsed = parse(impl_->env, std::string{before} + source + std::string{after}, before.size());
    if (auto* m = std::get_if<Mistake>(&parsed)) return *m;
    auto c = std::make_shared<detail::Compiled>();
    c->env = std::shared_ptr<inja::Environment>{impl_, &impl_->env};
    c->result = &impl_->result;
    c->source = source;
    c->tree = std::move(std::get<inja::Template>(parsed));
    detail::TypeCheck check{scope, before.size()};
    auto kind = check.expression(c->tree);
    if (check.mistake) return *check.mistake;
    if (wanted && kind != *wanted && kind != Kind::any)
        return Mistake{0, say("is {}, but {} is needed here", "类型是 {}，此处需要 {}", name(kind), name(*wanted)), {}};
    c->kind = kind;
    c->reads = std::move(check.reads);
    for (auto& r : c->reads)
        if (!check.asked.contains(r)) {
            c->required.insert(r);
            auto& path = c->paths.emplace_back(r, std::vector<std::string>{}).second;
            for (auto part : split(r, '.')) path.emplace_back(part);
        }
    c->plain_name = c->paths.size() == 1 && trim(source) == c->paths[0].first;
    Expression e;
    e.it_ = std::move(c);
    return e;
}

std::variant<Expression, Mistake> Language::text_template(const std::string& source, const Scope& scope) const {
    auto parsed = parse(impl_->env, source, 0);
    if (auto* m = std::get_if<Mistake>(&parsed)) return *m;
    auto c = std::make_shared<detail::Compiled>();
    c->env = std::shared_ptr<inja::Environment>{impl_, &impl_->env};
    c->result = &impl_->result;
    c->source = source;
    c->tree = std::move(std::get<inja::Template>(parsed));
    detail::TypeCheck check{scope, 0};
    check.whole(c->tree);
    if (check.mistake) return *check.mistake;
    c->kind = Kind::text;
    c->reads = std::move(check.reads);
    Expression e;
    e.it_ = std::move(c);
    return e;
}

// ---- Expression

const std::string& Expression::source() const { return it_->source; }
Kind Expression::kind() const { return it_->kind; }
const std::set<std::string>& Expression::reads() const { return it_->reads; }
const std::set<std::string>& Expression::required() const { return it_->required; }

std::variant<json, NoValue> Expression::value(const json& data) const {
    const json* at = nullptr;
    for (auto& [dotted, path] : it_->paths) {
        at = &data;
        for (auto& part : path) {
            auto found = at->find(part);
            if (found == at->end()) return NoValue{dotted, say("{} has no value", "{} 没有值", dotted)};
            at = &*found;
        }
        if (at->is_null()) return NoValue{dotted, say("{} has no value", "{} 没有值", dotted)};
    }
    if (it_->plain_name) return *at;
    try {
        thread_local std::ostream nowhere{nullptr}; // imops_value has taken the result; text goes nowhere
        it_->env->render_to(nowhere, it_->tree, data);
        return std::move(*it_->result);
    } catch (const std::exception& e) {
        return NoValue{{}, say("{}: {}", "{}：{}", it_->source, one_line(e.what()))};
    }
}

std::variant<std::string, NoValue> Expression::text(const json& data) const {
    try {
        thread_local std::ostringstream into; // a new one would ask for the locale each time
        into.str({});
        into.clear();
        it_->env->render_to(into, it_->tree, data);
        return into.str();
    } catch (const std::exception& e) {
        return NoValue{{}, say("{}: {}", "{}：{}", one_line(it_->source), one_line(e.what()))};
    }
}

} // namespace imops
