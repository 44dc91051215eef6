#include "core/model/yaml.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>
#include <set>

namespace imops {

void Problems::add(Place p, Line what, Line remedy) {
    auto at = p.line ? fmt::format("{}:{}:{}: ", file_, p.line, p.column) : fmt::format("{}: ", file_);
    found_.push_back({p, Error{Code::config, Line{at + what.en, at + what.zh}, std::move(remedy), {}}});
}

std::vector<Error> Problems::take() {
    std::stable_sort(found_.begin(), found_.end(), [](auto& a, auto& b) {
        return std::pair{a.first.line, a.first.column} < std::pair{b.first.line, b.first.column};
    });
    std::vector<Error> errors;
    for (auto& [place, error] : found_) errors.push_back(std::move(error));
    found_.clear();
    return errors;
}

Place place_of(const YAML::Node& n) {
    auto m = n.Mark();
    return m.is_null() ? Place{} : Place{m.line + 1, m.column + 1};
}

namespace {

constexpr std::size_t max_size = 4u << 20;
constexpr int max_nodes = 100'000, max_depth = 64;

Place place_at(std::string_view text, std::size_t offset) {
    auto before = text.substr(0, offset);
    auto line_start = before.rfind('\n');
    return {int(std::count(before.begin(), before.end(), '\n')) + 1, int(offset - (line_start == before.npos ? 0 : line_start + 1)) + 1};
}

/// Counts nodes as they would be read, aliases expanded, and finds keys given twice.
class Inspection {
    Problems& problems_;
    int nodes_ = 0;
    bool stopped_ = false;

    bool too_much(const YAML::Node& n, int depth) {
        if (++nodes_ <= max_nodes && depth <= max_depth) return false;
        if (!stopped_)
            problems_.add(place_of(n), Text{"aliases or nesting expand without measure", "别名或嵌套展开后过大"},
                          Text{"Write the values out; a deployment needs no nested aliases.", "请直接写出各值；部署文件不需要嵌套别名。"});
        return stopped_ = true;
    }

  public:
    explicit Inspection(Problems& p) : problems_{p} {}
    bool fine() const { return !stopped_; }
    void visit(const YAML::Node& n, int depth = 0) {
        if (stopped_ || too_much(n, depth)) return;
        if (n.IsSequence())
            for (auto item : n) visit(item, depth + 1);
        if (!n.IsMap()) return;
        std::set<std::string> keys;
        for (auto pair : n) {
            if (!pair.first.IsScalar())
                problems_.add(place_of(pair.first), Text{"a key must be a plain word", "键必须是普通单词"},
                              Text{"Quote a value that begins with { or [.", "以 { 或 [ 开头的值请加引号。"});
            else if (!keys.insert(pair.first.Scalar()).second)
                problems_.add(place_of(pair.first), say("'{}' is given twice", "'{}' 重复出现", one_line(pair.first.Scalar())),
                              Text{"Keep one of the two.", "只保留其中一个。"});
            visit(pair.second, depth + 1);
            if (stopped_) return;
        }
    }
};

} // namespace

YAML::Node parse_yaml(std::string_view text, Problems& problems) {
    if (text.size() > max_size) {
        problems.add({}, say("is {}; at most {} are read", "大小为 {}，最多读取 {}", show_bytes(double(text.size())), show_bytes(double(max_size))),
                     Text{"Is it the right file?", "是否指定了正确的文件？"});
        return YAML::Node{YAML::NodeType::Undefined};
    }
    if (auto bad = bad_utf8(text)) {
        problems.add(place_at(text, *bad), Text{"a byte that is not UTF-8", "含有非 UTF-8 字节"},
                     Text{"Save the file as UTF-8; from GBK:  iconv -f GBK -t UTF-8 FILE > NEW", "请以 UTF-8 保存；由 GBK 转换：  iconv -f GBK -t UTF-8 旧文件 > 新文件"});
        return YAML::Node{YAML::NodeType::Undefined};
    }
    try {
        auto documents = YAML::LoadAll(std::string{text});
        if (documents.empty() || documents[0].IsNull()) {
            problems.add({}, Text{"is empty", "是空文件"}, Text{"`imops init` writes one to begin with.", "可用 `imops init` 生成一份初始文件。"});
            return YAML::Node{YAML::NodeType::Undefined};
        }
        if (documents.size() > 1) problems.add(place_of(documents[1]), Text{"a second document (after ---)", "出现第二个文档（--- 之后）"},
                                               Text{"One file holds one document.", "一个文件只能包含一个文档。"});
        Inspection inspection{problems};
        inspection.visit(documents[0]);
        return inspection.fine() ? documents[0] : YAML::Node{YAML::NodeType::Undefined};
    } catch (const YAML::Exception& e) {
        Place p = e.mark.is_null() ? Place{} : Place{e.mark.line + 1, e.mark.column + 1};
        problems.add(p, say("not valid YAML: {}", "不是合法的 YAML：{}", one_line(e.msg)),
                     Text{"Look at the indentation (spaces only), the colon with a space after it, and the quotes around this line.",
                          "请检查该行附近的缩进（只能用空格）、冒号后的空格以及引号。"});
        return YAML::Node{YAML::NodeType::Undefined};
    }
}

} // namespace imops
