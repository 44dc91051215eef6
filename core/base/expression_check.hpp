#pragma once
#include "core/base/expression.hpp"
#include "core/base/expression_functions.hpp"
#include <inja/inja.hpp>
#include <map>
#include <tuple>

namespace imops::detail {

/// name, kind, size in bytes or seconds
const std::vector<std::tuple<std::string_view, Kind, double>>& unit_constants();

/// Offset of the second of an `and` and an `or` that stand at the same depth: inja gives both the same rank.
std::optional<std::size_t> mixed_and_or(std::string_view source);

/// What begins a line of statements: a character that no template holds, since "##" at the beginning of a line is text
/// to us.
constexpr std::string_view line_statement = "\x01";

/// Offset of a template's first pipe as inja's own lexer sees it: inja ends the program on one with nothing before it.
std::optional<std::size_t> pipe(std::string_view source);

/// For a function that is not there, or not with so many arguments.
Mistake unknown_function(std::size_t offset, std::string_view name);

/// Turns of loops since a template began; a template of a file ends at a million.
extern thread_local std::size_t turns;

/// Why a value could not be written, and where it stands.
struct Unwritten : std::runtime_error {
    std::size_t offset;
    Unwritten(const std::string& why, std::size_t at) : std::runtime_error{why}, offset{at} {}
};

/// Walks inja's tree and finds the first mistake: unknown names and functions, kinds that do not fit. inja itself would
/// let a comparison of text with a number pass as false, and end the program on the first item of an empty list or on 1
/// % 0: our functions are put in the place of inja's of the same name, and the divisor of % must be written out.
class TypeCheck : public inja::NodeVisitor {
    const Scope& scope_;
    std::size_t shift_;
    const FileOptions* file_; // of a template of a file: its values and loops are wrapped
    Type last_;
    bool literal_zero_ = false;
    std::map<std::string, Type, std::less<>> locals_; // variables of {% for %}

    Type of(const inja::AstNode&);
    void wrong(const inja::AstNode&, Line what, Line remedy = {});
    Type name_of(const inja::DataNode&);
    Type arithmetic(const inja::FunctionNode&);
    Type comparison(const inja::FunctionNode&);
    Type logic(const inja::FunctionNode&);
    Type call(const inja::FunctionNode&);
    const Function* known_function(const inja::FunctionNode&);
    Type remark(const inja::FunctionNode&);
    void wrap(const inja::ExpressionListNode&);
    void count_turns(const inja::ForStatementNode&);

  public:
    std::optional<Mistake> mistake;
    std::set<std::string> reads; // dotted names of data
    std::set<std::string> asked; // those guarded by exists("...")

    TypeCheck(const Scope& scope, std::size_t shift, const FileOptions* file = nullptr)
        : scope_{scope}, shift_{shift}, file_{file} {}
    Kind expression(const inja::Template&); // of the form {{ imops_value(E) }}
    void whole(const inja::Template&);

    void visit(const inja::BlockNode&) override;
    void visit(const inja::TextNode&) override {}
    void visit(const inja::ExpressionNode&) override {}
    void visit(const inja::LiteralNode&) override;
    void visit(const inja::DataNode&) override;
    void visit(const inja::FunctionNode&) override;
    void visit(const inja::ExpressionListNode&) override;
    void visit(const inja::StatementNode&) override {}
    void visit(const inja::ForStatementNode&) override {}
    void visit(const inja::ForArrayStatementNode&) override;
    void visit(const inja::ForObjectStatementNode&) override;
    void visit(const inja::IfStatementNode&) override;
    void visit(const inja::IncludeStatementNode&) override;
    void visit(const inja::ExtendsStatementNode&) override;
    void visit(const inja::BlockStatementNode&) override;
    void visit(const inja::SetStatementNode&) override;
};

/// What a list or a fleet map is made of; the type itself when it is a plain value.
Type item_of(const Type&);

} // namespace imops::detail
