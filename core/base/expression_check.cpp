#include "core/base/expression_check.hpp"
#include "core/base/expression_functions.hpp"
#include "core/base/string.hpp"

namespace imops::detail {

using Op = inja::FunctionStorage::Operation;

const std::vector<std::tuple<std::string_view, Kind, double>>& unit_constants() {
    static const std::vector<std::tuple<std::string_view, Kind, double>> all{
        {"KB", Kind::bytes, 1e3},         {"MB", Kind::bytes, 1e6},
        {"GB", Kind::bytes, 1e9},         {"TB", Kind::bytes, 1e12},
        {"KiB", Kind::bytes, 1024},       {"MiB", Kind::bytes, 1048576},
        {"GiB", Kind::bytes, 1073741824}, {"TiB", Kind::bytes, 1099511627776},
        {"ms", Kind::seconds, 0.001},     {"seconds", Kind::seconds, 1},
        {"minutes", Kind::seconds, 60},   {"hours", Kind::seconds, 3600},
        {"days", Kind::seconds, 86400}};
    return all;
}

std::optional<std::size_t> mixed_and_or(std::string_view s) {
    std::vector<std::string_view> seen{""}; // the first of the two at each depth
    for (std::size_t i = 0; i < s.size();) {
        char c = s[i];
        if (c == '"') {
            for (++i; i < s.size() && s[i] != '"'; ++i)
                if (s[i] == '\\') ++i;
            ++i;
        } else if (c == '(' || c == '[') {
            seen.push_back("");
            ++i;
        } else if (c == ')' || c == ']') {
            if (seen.size() > 1) seen.pop_back();
            ++i;
        } else if (std::isalpha(static_cast<unsigned char>(c))) {
            auto b = i;
            while (i < s.size() && (std::isalnum(static_cast<unsigned char>(s[i])) || s[i] == '_' || s[i] == '.')) ++i;
            auto word = s.substr(b, i - b);
            if (word != "and" && word != "or") continue;
            if (!seen.back().empty() && seen.back() != word) return b;
            seen.back() = word;
        } else
            ++i;
    }
    return {};
}

namespace {

bool same_kind(Kind a, Kind b) {
    auto time = [](Kind k) { return k == Kind::clock ? Kind::seconds : k; };
    return a == Kind::any || b == Kind::any || time(a) == time(b);
}

Line kind_remedy(Kind a, Kind b) {
    if (a == Kind::bytes || b == Kind::bytes)
        return Text{"Write sizes with a unit: 8 * GiB.", "容量要带单位：8 * GiB。"};
    if (a == Kind::seconds || b == Kind::seconds)
        return Text{"Write times with a unit: 30 * days.", "时间要带单位：30 * days。"};
    return {};
}

} // namespace

Type item_of(const Type& t) {
    if (t.kind == Kind::table) return Type{Kind::map, t.members};
    if (t.kind == Kind::list || t.kind == Kind::map) {
        auto* inner = t.member("");
        return inner ? *inner : Type{Kind::any, {}};
    }
    return t;
}

std::optional<std::size_t> pipe(std::string_view s) {
    if (s.find('|') == s.npos) return {};
    inja::LexerConfig config;
    config.line_statement = line_statement;
    config.update_open_chars();
    inja::Lexer lexer{config};
    lexer.start(s);
    for (;;) {
        auto token = lexer.scan();
        if (token.kind == inja::Token::Kind::Pipe) return token.text.data() - s.data();
        if (token.kind == inja::Token::Kind::Eof) return {};
    }
}

Mistake unknown_function(std::size_t offset, std::string_view wanted) {
    std::vector<std::string> names;
    for (auto& k : functions()) {
        if (k.name == wanted)
            return {offset, say("{}() takes {} argument(s)", "{}() 需要 {} 个参数", wanted, k.takes.size()),
                    Text{"The functions are listed in docs/packs.md.", "可用的函数见 docs/packs.md。"}};
        names.emplace_back(k.name);
    }
    auto near = nearest(wanted, names);
    return {offset, say("there is no function {}()", "没有函数 {}()", one_line(wanted, 60)),
            near.empty() ? Line{Text{"The functions are listed in docs/packs.md.", "可用的函数见 docs/packs.md。"}}
                         : say("Did you mean {}()?", "是否想写 {}()？", near)};
}

void TypeCheck::wrong(const inja::AstNode& at, Line what, Line remedy) {
    if (!mistake) mistake = Mistake{at.pos > shift_ ? at.pos - shift_ : 0, std::move(what), std::move(remedy)};
    last_ = {Kind::any, {}};
}

Type TypeCheck::of(const inja::AstNode& node) {
    last_ = {Kind::any, {}};
    literal_zero_ = false;
    node.accept(*this);
    return last_;
}

Kind TypeCheck::expression(const inja::Template& t) {
    for (auto& node : t.root.nodes)
        if (auto* list = dynamic_cast<const inja::ExpressionListNode*>(node.get()))
            if (auto* call = dynamic_cast<const inja::FunctionNode*>(list->root.get());
                call && call->arguments.size() == 1)
                return of(*call->arguments[0]).kind;
    mistake = Mistake{0, Text{"is not an expression", "不是一个表达式"}, {}};
    return Kind::any;
}

void TypeCheck::whole(const inja::Template& t) { t.root.accept(*this); }

void TypeCheck::visit(const inja::BlockNode& b) {
    for (auto& node : b.nodes) node->accept(*this);
}

void TypeCheck::visit(const inja::ExpressionListNode& e) {
    if (!e.root) return;
    of(*e.root);
    if (file_) wrap(e);
}

void TypeCheck::visit(const inja::LiteralNode& l) {
    auto& v = l.value;
    literal_zero_ = v.is_number() && v.get<double>() == 0;
    if (v.is_number())
        last_ = {Kind::number, {}};
    else if (v.is_string())
        last_ = {Kind::text, {}};
    else if (v.is_boolean())
        last_ = {Kind::boolean, {}};
    else if (v.is_array())
        last_ = {Kind::list, {{"", Type{v.empty() || v[0].is_string() ? Kind::text : Kind::number, {}}}}};
    else
        last_ = {Kind::any, {}};
}

Type TypeCheck::name_of(const inja::DataNode& d) {
    auto first = std::string_view{d.name}.substr(0, d.name.find('.'));
    if (first == "loop") return {Kind::any, {}};
    if (auto local = locals_.find(first); local != locals_.end()) {
        const Type* at = &local->second;
        auto parts = split(d.name, '.');
        for (std::size_t i = 1; at && i < parts.size(); ++i) at = at->member(parts[i]);
        if (at && file_ && parts.size() > 1) reads.insert("*" + d.name.substr(first.size())); // of some row
        if (at) return *at;
    } else {
        for (auto& [unit, kind, size] : unit_constants())
            if (unit == d.name) {
                reads.insert(d.name);
                return {kind, {}};
            }
        if (auto* t = scope_.find(d.name)) {
            reads.insert(d.name);
            return *t;
        }
    }
    auto known = scope_.names();
    for (auto& [unit, kind, size] : unit_constants()) known.emplace_back(unit);
    auto near = nearest(d.name, known);
    wrong(d, say("unknown name '{}'", "未知的名称 '{}'", d.name),
          near.empty() ? Line{Text{"The names are listed in docs/packs.md.", "可用的名称见 docs/packs.md。"}}
                       : say("Did you mean '{}'?", "是否想写 '{}'？", near));
    return {Kind::any, {}};
}

void TypeCheck::visit(const inja::DataNode& d) { last_ = name_of(d); }

void TypeCheck::visit(const inja::FunctionNode& f) {
    Type result{Kind::any, {}};
    switch (f.operation) {
    case Op::Not:
    case Op::And:
    case Op::Or: result = logic(f); break;
    case Op::In:
    case Op::Equal:
    case Op::NotEqual:
    case Op::Greater:
    case Op::GreaterEqual:
    case Op::Less:
    case Op::LessEqual: result = comparison(f); break;
    case Op::Add:
    case Op::Subtract:
    case Op::Multiplication:
    case Op::Division:
    case Op::Power:
    case Op::Modulo: result = arithmetic(f); break;
    default: result = call(f); // every named function, inja's own and ours
    }
    last_ = result;
    literal_zero_ = false;
}

Type TypeCheck::logic(const inja::FunctionNode& f) {
    for (auto& a : f.arguments) {
        auto t = of(*a);
        if (t.kind != Kind::boolean && t.kind != Kind::any)
            wrong(*a,
                  say("`and`, `or` and `not` need conditions, this is {}", "`and`、`or`、`not` 需要条件，这里是 {}",
                      name(t.kind)),
                  Text{"`not` binds tighter than a comparison: not (a == b).",
                       "`not` 的优先级高于比较：应写 not (a == b)。"});
    }
    return {Kind::boolean, {}};
}

Type TypeCheck::comparison(const inja::FunctionNode& f) {
    auto a = of(*f.arguments[0]);
    bool zero = literal_zero_;
    auto b = of(*f.arguments[1]);
    zero = (zero && is_number(b.kind)) || (literal_zero_ && is_number(a.kind));
    if (f.operation == Op::In) {
        if (b.kind != Kind::list && b.kind != Kind::any)
            wrong(f, say("`in` needs a list, this is {}", "`in` 需要列表，这里是 {}", name(b.kind)));
        else if (!same_kind(a.kind, item_of(b).kind))
            wrong(f, say("{} in a list of {}", "{} 与列表项 {} 类型不符", name(a.kind), name(item_of(b).kind)));
        return {Kind::boolean, {}};
    }
    bool order = f.operation != Op::Equal && f.operation != Op::NotEqual;
    if (!zero && !same_kind(a.kind, b.kind))
        wrong(f, say("{} is compared with {}", "{} 与 {} 不能比较", name(a.kind), name(b.kind)),
              kind_remedy(a.kind, b.kind));
    else if (order && ((a.kind != Kind::any && !is_number(a.kind)) || (b.kind != Kind::any && !is_number(b.kind))))
        wrong(f, say("{} has no order", "{} 不能比较大小", name(a.kind)),
              Text{"For versions: older(version, \"1.2\").", "比较版本请用：older(version, \"1.2\")。"});
    return {Kind::boolean, {}};
}

Type TypeCheck::arithmetic(const inja::FunctionNode& f) {
    auto a = of(*f.arguments[0]);
    if (f.arguments.size() < 2) return a; // unary minus
    auto b = of(*f.arguments[1]);
    auto ka = a.kind, kb = b.kind;
    if (f.operation == Op::Add && ka == Kind::text && kb == Kind::text) return a;
    if ((ka != Kind::any && !is_number(ka)) || (kb != Kind::any && !is_number(kb))) {
        wrong(f, say("arithmetic with {} and {}", "{} 与 {} 不能做算术运算", name(ka), name(kb)));
        return {Kind::any, {}};
    }
    switch (f.operation) {
    case Op::Modulo:
        if (auto* l = dynamic_cast<const inja::LiteralNode*>(f.arguments[1].get());
            !l || !l->value.is_number_integer() || l->value == 0)
            wrong(f,
                  Text{"the divisor of % must be a whole number other than 0, written out",
                       "% 的除数必须是直接写出的非零整数"},
                  {});
        [[fallthrough]];
    case Op::Add:
    case Op::Subtract:
        if (!same_kind(ka, kb))
            wrong(f, say("{} and {} do not add up", "{} 与 {} 不能相加减", name(ka), name(kb)), kind_remedy(ka, kb));
        return {ka == Kind::any ? kb : ka == Kind::clock ? Kind::seconds : ka, {}};
    case Op::Multiplication:
        if (ka == Kind::number) return {kb, {}};
        if (kb == Kind::number) return {ka, {}};
        if (ka != Kind::any && kb != Kind::any)
            wrong(f, say("{} times {} has no meaning", "{} 乘以 {} 没有意义", name(ka), name(kb)));
        return {Kind::any, {}};
    case Op::Division:
        if (kb == Kind::number) return {ka, {}};
        if (!same_kind(ka, kb))
            wrong(f, say("{} divided by {} has no meaning", "{} 除以 {} 没有意义", name(ka), name(kb)),
                  kind_remedy(ka, kb));
        return {Kind::number, {}};
    default: return {Kind::number, {}};
    }
}

const Function* TypeCheck::known_function(const inja::FunctionNode& f) {
    for (auto& k : functions())
        if (k.name == f.name && k.takes.size() == f.arguments.size()) return &k;
    return nullptr;
}

Type TypeCheck::call(const inja::FunctionNode& f) {
    if (file_ && f.name == "say") return remark(f);
    auto* known = known_function(f);
    if (!known) {
        auto m = unknown_function(0, f.name);
        wrong(f, m.what, m.remedy);
        return {Kind::any, {}};
    }
    if (known->run && f.operation != Op::Callback) { // the tree is the caller's own and not const
        auto& node = const_cast<inja::FunctionNode&>(f);
        node.operation = Op::Callback;
        node.callback = [run = known->run](inja::Arguments& a) { return run(a); };
    }
    Type first{Kind::any, {}}, second{Kind::any, {}};
    for (std::size_t i = 0; i < f.arguments.size(); ++i) {
        auto t = of(*f.arguments[i]);
        if (i == 0) first = t;
        if (i == 1) second = t;
        auto& fits = known->takes[i];
        if (t.kind != Kind::any && !fits.empty() && std::find(fits.begin(), fits.end(), t.kind) == fits.end())
            wrong(*f.arguments[i], say("{}() takes {}, this is {}", "{}() 需要 {}，这里是 {}", f.name,
                                       name(fits.front()), name(t.kind)));
    }
    auto literal = [&](std::size_t i) -> std::string {
        auto* l = dynamic_cast<const inja::LiteralNode*>(f.arguments[i].get());
        return l && l->value.is_string() ? l->value.get<std::string>() : "";
    };
    if ((f.name == "matches" || f.name == "part") && !literal(1).empty())
        if (auto bad = bad_regex(literal(1), f.name == "part"); !bad.empty())
            wrong(
                *f.arguments[1],
                say("{}(): '{}' does not do as a regular expression: {}", "{}()：'{}' 不能用作正则表达式：{}", f.name,
                    one_line(literal(1), 60), one_line(bad)),
                Text{"The grammar is RE2's: https://github.com/google/re2/wiki/Syntax; part() gives the first (group).",
                     "语法为 RE2：https://github.com/google/re2/wiki/Syntax；part() 取第一个（分组）。"});
    if (f.name == "exists") {
        if (scope_.find(literal(0)))
            asked.insert(literal(0));
        else
            wrong(f,
                  say("exists() asks for '{}', which nothing declares", "exists() 查询的 '{}' 没有声明", literal(0)));
    }
    switch (known->gives) {
    case Function::Gives::fixed:
        return known->result == Kind::table ? first : Type{known->result, {{"", Type{Kind::text, {}}}}};
    case Function::Gives::second: return second;
    case Function::Gives::item: {
        auto t = item_of(first);
        return t.kind == Kind::clock ? Type{Kind::seconds, {}} : t;
    }
    case Function::Gives::column:
        if (auto* c = first.member(literal(1))) return {Kind::list, {{"", *c}}};
        if (first.kind != Kind::any) wrong(f, say("the table has no column '{}'", "表中没有列 '{}'", literal(1)));
        return {Kind::list, {}};
    }
    return {Kind::any, {}};
}

} // namespace imops::detail
