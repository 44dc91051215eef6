#include "core/base/expression_check.hpp"
#include "core/base/string.hpp"

namespace imops::detail {

using Op = inja::FunctionStorage::Operation;

thread_local std::size_t turns = 0;

namespace {

/// A call of ours in inja's tree, which is the caller's own and not const.
std::shared_ptr<inja::FunctionNode> call_of(std::size_t pos, inja::CallbackFunction callback) {
    auto node = std::make_shared<inja::FunctionNode>("imops", pos);
    node->callback = std::move(callback);
    return node;
}

} // namespace

Type TypeCheck::remark(const inja::FunctionNode& f) {
    for (auto& a : f.arguments)
        if (auto t = of(*a); t.kind != Kind::text && t.kind != Kind::any)
            wrong(*a,
                  say("{}() takes {}, this is {}", "{}() 需要 {}，这里是 {}", f.name, name(Kind::text), name(t.kind)));
    if (f.arguments.size() != 2)
        wrong(f, Text{"say() takes the English and the Chinese words", "say() 需要英文和中文两段文字"},
              Text{"say(\"memory\", \"内存\")", "say(\"memory\", \"内存\")"});
    auto& node = const_cast<inja::FunctionNode&>(f);
    node.operation = Op::Callback;
    node.callback = [which = file_->lang == Lang::zh](inja::Arguments& a) {
        auto* words = a[which ? 1 : 0];
        return inja::json(words->is_string() ? one_line(words->get_ref<const std::string&>(), 2000) : words->dump());
    };
    return {Kind::text, {}};
}

void TypeCheck::wrap(const inja::ExpressionListNode& e) {
    auto* call = dynamic_cast<const inja::FunctionNode*>(e.root.get());
    if (mistake || (call && call->name == "say")) return;
    auto node = call_of(e.root->pos, [written = file_->written, pos = e.root->pos](inja::Arguments& a) {
        try {
            return inja::json(written(*a[0]));
        } catch (const std::exception& why) {
            throw Unwritten{why.what(), pos};
        }
    });
    node->arguments.push_back(e.root);
    const_cast<inja::ExpressionListNode&>(e).root = std::move(node);
}

void TypeCheck::count_turns(const inja::ForStatementNode& n) {
    auto turn = std::make_shared<inja::ExpressionListNode>(n.pos);
    turn->root = call_of(n.pos, [](inja::Arguments&) {
        if (++turns > 1'000'000) throw std::runtime_error("more than a million turns of its loops");
        return inja::json("");
    });
    auto& body = const_cast<inja::ForStatementNode&>(n).body.nodes;
    body.insert(body.begin(), std::move(turn));
}

void TypeCheck::visit(const inja::ForArrayStatementNode& n) {
    if (!n.condition.root)
        wrong(n, Text{"{% for %} has nothing to go over", "{% for %} 没有可遍历的内容"},
              Text{"{% for h in role.app %}", "{% for h in role.app %}"});
    auto t = n.condition.root ? of(*n.condition.root) : Type{};
    if (t.kind != Kind::list && t.kind != Kind::table && t.kind != Kind::any)
        wrong(n, say("{{% for %}} needs a list or a table, this is {}", "{{% for %}} 需要列表或表，这里是 {}",
                     name(t.kind)));
    auto before = locals_;
    locals_[n.value] = item_of(t);
    n.body.accept(*this);
    locals_ = std::move(before);
    if (file_) count_turns(n);
}

void TypeCheck::visit(const inja::ForObjectStatementNode& n) {
    auto t = n.condition.root ? of(*n.condition.root) : Type{};
    auto before = locals_;
    locals_[n.key] = {Kind::text, {}};
    locals_[n.value] = item_of(t);
    n.body.accept(*this);
    locals_ = std::move(before);
    if (file_) count_turns(n);
}

void TypeCheck::visit(const inja::IfStatementNode& n) {
    if (!n.condition.root)
        wrong(n, Text{"{% if %} has no condition", "{% if %} 没有条件"}, Text{"{% if airgap %}", "{% if airgap %}"});
    auto t = n.condition.root ? of(*n.condition.root) : Type{};
    if (t.kind != Kind::boolean && t.kind != Kind::any)
        wrong(n, say("{{% if %}} needs a condition, this is {}", "{{% if %}} 需要条件，这里是 {}", name(t.kind)));
    n.true_statement.accept(*this);
    n.false_statement.accept(*this);
}

void TypeCheck::visit(const inja::IncludeStatementNode& n) {
    wrong(n, Text{"include is not allowed here", "此处不允许 include"});
}
void TypeCheck::visit(const inja::ExtendsStatementNode& n) {
    wrong(n, Text{"extends is not allowed here", "此处不允许 extends"});
}
void TypeCheck::visit(const inja::BlockStatementNode& n) {
    wrong(n, Text{"block is not allowed here", "此处不允许 block"});
}
void TypeCheck::visit(const inja::SetStatementNode& n) { wrong(n, Text{"set is not allowed here", "此处不允许 set"}); }

} // namespace imops::detail
