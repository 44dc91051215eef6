#include "core/base/expression.hpp"
#include "core/base/expression_check.hpp"
#include "core/base/expression_functions.hpp"
#include "core/base/string.hpp"
#include <inja/inja.hpp>
#include <streambuf>

namespace imops {

using nlohmann::json;

namespace {
constexpr std::string_view before = "{{ imops_value(", after = ") }}";
}

struct Language::Impl {
    inja::Environment env, files; // of expressions and sentences, and of whole files
    json result;                  // what the last expression gave: inja itself only writes text
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
    bool plain_name = false;                                             // the expression is nothing but one name
};

} // namespace detail

// ---- Scope

void Scope::add(std::string_view dotted, Type type) {
    Type* at = &root_;
    auto parts = split(dotted, '.');
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto found = std::find_if(at->members.begin(), at->members.end(), [&](auto& m) { return m.first == parts[i]; });
        if (found == at->members.end())
            found = at->members.insert(at->members.end(), {std::string{parts[i]}, Type{Kind::map, {}}});
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
    impl_->files.set_trim_blocks(true);
    impl_->files.set_lstrip_blocks(true);
    for (auto* env : {&impl_->env, &impl_->files}) {
        env->set_line_statement(std::string{detail::line_statement});
        env->set_search_included_templates_in_files(false);
        for (auto& f : detail::functions())
            if (f.run)
                env->add_callback(std::string{f.name}, int(f.takes.size()),
                                  [run = f.run](inja::Arguments& a) { return run(a); });
    }

    impl_->files.add_callback("say", 2, [](inja::Arguments&) { return json{}; }); // the check gives it its meaning
    auto* result = &impl_->result;
    impl_->env.add_callback("imops_value", 1, [result](inja::Arguments& a) {
        *result = *a[0];
        return json{""};
    });
}

Language::~Language() = default;

namespace {

std::size_t offset_of(std::string_view text, const inja::SourceLocation& at) {
    std::size_t begin = 0;
    for (auto line = at.line; line > 1 && begin != text.npos; --line) begin = text.find('\n', begin) + 1;
    return begin + (at.column > 0 ? at.column - 1 : 0);
}

std::variant<inja::Template, Mistake> parse(inja::Environment& env, const std::string& text, std::size_t shift) {
    if (auto at = detail::pipe(text))
        return Mistake{*at > shift ? *at - shift : 0,
                       Text{"a pipe (|) is no part of the language", "语言中没有管道（|）"},
                       Text{"Write lower(x) for x | lower.", "x | lower 请写成 lower(x)。"}};
    try {
        return env.parse(text);
    } catch (const inja::InjaError& e) {
        auto offset = offset_of(text, e.location);
        offset = offset > shift ? offset - shift : 0;
        constexpr std::string_view unknown = "unknown function ";
        if (e.message.starts_with(unknown))
            return detail::unknown_function(offset, std::string_view{e.message}.substr(unknown.size()));
        return Mistake{offset, say("cannot be read: {}", "无法解析：{}", e.message),
                       Text{"The grammar is in docs/packs.md, section Expressions.",
                            "语法见 docs/packs.md 的“Expressions”一节。"}};
    } catch (const std::exception& e) { // a malformed number inside inja
        return Mistake{0, say("cannot be read: {}", "无法解析：{}", e.what()),
                       Text{"The grammar is in docs/packs.md, section Expressions.",
                            "语法见 docs/packs.md 的“Expressions”一节。"}};
    }
}

} // namespace

std::variant<Expression, Mistake> Language::expression(const std::string& source, const Scope& scope,
                                                       std::optional<Kind> wanted) const {
    if (auto mixed = detail::mixed_and_or(source))
        return Mistake{*mixed, Text{"`and` and `or` stand side by side", "`and` 与 `or` 并列使用"},
                       Text{"Say with parentheses which belongs together: (a and b) or c.",
                            "请用括号标明优先级：(a and b) or c。"}};
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

std::variant<Expression, Mistake> Language::whole(const std::string& source, const Scope& scope,
                                                  const FileOptions* file) const {
    auto& env = file ? impl_->files : impl_->env;
    auto parsed = parse(env, source, 0);
    if (auto* m = std::get_if<Mistake>(&parsed)) return *m;
    auto c = std::make_shared<detail::Compiled>();
    c->env = std::shared_ptr<inja::Environment>{impl_, &env};
    c->result = &impl_->result;
    c->source = source;
    c->tree = std::move(std::get<inja::Template>(parsed));
    detail::TypeCheck check{scope, 0, file};
    check.whole(c->tree);
    if (check.mistake) return *check.mistake;
    c->kind = Kind::text;
    c->reads = std::move(check.reads);
    Expression e;
    e.it_ = std::move(c);
    return e;
}

std::variant<Expression, Mistake> Language::text_template(const std::string& source, const Scope& scope) const {
    return whole(source, scope, nullptr);
}

std::variant<Expression, Mistake> Language::file_template(const std::string& source, const Scope& scope,
                                                          FileOptions options) const {
    return whole(source, scope, &options);
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

namespace {

/// Takes text up to a limit; more is an exception in the stream that writes it.
class BoundedText : public std::streambuf {
    static constexpr std::size_t most = 4u << 20;

    std::streamsize xsputn(const char* s, std::streamsize n) override {
        if (text.size() + std::size_t(n) > most) throw std::runtime_error("more than 4 MiB of text");
        text.append(s, std::size_t(n));
        return n;
    }
    int_type overflow(int_type c) override {
        char one = traits_type::to_char_type(c);
        xsputn(&one, 1);
        return c;
    }

  public:
    std::string text;
};

struct BoundedStream {
    BoundedText text;
    std::ostream stream{&text};
    BoundedStream() { stream.exceptions(std::ios::badbit); }
};

} // namespace

std::variant<std::string, NoValue> Expression::text(const json& data) const {
    try {
        thread_local BoundedStream into; // a new one would ask for the locale each time
        into.text.text.clear();
        into.stream.clear();
        detail::turns = 0;
        it_->env->render_to(into.stream, it_->tree, data);
        return into.text.text;
    } catch (const detail::Unwritten& e) {
        std::string_view why = e.what();
        auto both = why.find('\x1f');
        return NoValue{{},
                       both == why.npos ? Line{one_line(why), one_line(why)}
                                        : Line{std::string{why.substr(0, both)}, std::string{why.substr(both + 1)}},
                       e.offset};
    } catch (const inja::InjaError& e) {
        return NoValue{{}, {one_line(e.message), one_line(e.message)}, offset_of(it_->source, e.location)};
    } catch (const std::exception& e) {
        return NoValue{{}, {one_line(e.what()), one_line(e.what())}};
    }
}

} // namespace imops
