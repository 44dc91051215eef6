#include "core/model/yaml.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

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

const Node* Node::find(std::string_view wanted) const {
    for (std::size_t i = 0; i < pairs(); ++i)
        if (key(i).is_scalar() && key(i).scalar == wanted) return &value(i);
    return nullptr;
}

namespace {

constexpr std::size_t max_size = 4u << 20, max_nodes = 100'000, max_depth = 64;

Place place_at(std::string_view text, std::size_t offset) {
    auto before = text.substr(0, offset);
    auto line_start = before.rfind('\n');
    return {int(std::count(before.begin(), before.end(), '\n')) + 1,
            int(offset - (line_start == before.npos ? 0 : line_start + 1)) + 1};
}

Place place_of(const YAML::Mark& m) { return m.is_null() ? Place{} : Place{m.line + 1, m.column + 1}; }

/// Thrown through yaml-cpp when a document is refused half-way.
struct TooMuch {
    Place place;
};

std::size_t count(const Node& n) {
    std::size_t all = 1;
    for (auto& i : n.items) all += count(i);
    return all;
}

/// Builds our tree from yaml-cpp's events, so that an alias is copied only while the document stays small.
class Builder : public YAML::EventHandler {
    std::vector<Node> open_;                  // containers being filled, outermost first
    std::vector<YAML::anchor_t> open_anchor_; // 0: none
    std::map<YAML::anchor_t, Node> anchors_;
    std::size_t nodes_ = 0;

    void put(Node n, YAML::anchor_t anchor, std::size_t size = 1) {
        nodes_ += size;
        if (nodes_ > max_nodes) throw TooMuch{n.place};
        if (anchor) anchors_[anchor] = n;
        if (open_.empty())
            document = std::move(n);
        else
            open_.back().items.push_back(std::move(n));
    }
    void begin(const YAML::Mark& m, YAML::anchor_t anchor, Node::Kind kind) {
        Node n;
        n.kind = kind;
        n.place = place_of(m);
        if (open_.size() >= max_depth) throw TooMuch{n.place};
        open_.push_back(std::move(n));
        open_anchor_.push_back(anchor);
    }
    void end() {
        auto n = std::move(open_.back());
        auto anchor = open_anchor_.back();
        open_.pop_back();
        open_anchor_.pop_back();
        put(std::move(n), anchor);
    }

  public:
    Node document;

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& m, YAML::anchor_t a) override {
        Node n;
        n.place = place_of(m);
        put(std::move(n), a);
    }
    void OnAlias(const YAML::Mark& m, YAML::anchor_t a) override {
        auto it = anchors_.find(a);
        if (it == anchors_.end()) throw TooMuch{place_of(m)}; // an alias inside what it names
        put(it->second, 0, count(it->second));
    }
    void OnScalar(const YAML::Mark& m, const std::string& tag, YAML::anchor_t a, const std::string& value) override {
        Node n;
        n.kind = tag == "?" && (value == "~" || value == "null") ? Node::Kind::null : Node::Kind::scalar;
        n.quoted = tag == "!";
        n.place = place_of(m);
        n.scalar = value;
        put(std::move(n), a);
    }
    void OnSequenceStart(const YAML::Mark& m, const std::string&, YAML::anchor_t a,
                         YAML::EmitterStyle::value) override {
        begin(m, a, Node::Kind::list);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& m, const std::string&, YAML::anchor_t a, YAML::EmitterStyle::value) override {
        begin(m, a, Node::Kind::map);
    }
    void OnMapEnd() override { end(); }
};

void inspect_keys(const Node& n, Problems& problems) {
    std::set<std::string_view> keys;
    for (std::size_t i = 0; i < n.pairs(); ++i) {
        auto& key = n.key(i);
        if (!key.is_scalar())
            problems.add(key.place, Text{"a key must be a plain word", "键必须是普通单词"},
                         Text{"Quote a value that begins with { or [.", "以 { 或 [ 开头的值请加引号。"});
        else if (!keys.insert(key.scalar).second)
            problems.add(key.place, say("'{}' is given twice", "'{}' 重复出现", one_line(key.scalar)),
                         Text{"Keep one of the two.", "只保留其中一个。"});
    }
    for (auto& i : n.items) inspect_keys(i, problems);
}

} // namespace

Node parse_yaml(std::string_view text, Problems& problems) {
    if (text.size() > max_size) {
        problems.add({},
                     say("is {}; at most {} are read", "大小为 {}，最多读取 {}", show_bytes(double(text.size())),
                         show_bytes(double(max_size))),
                     Text{"Is it the right file?", "是否指定了正确的文件？"});
        return {};
    }
    if (auto bad = bad_utf8(text)) {
        problems.add(place_at(text, *bad), Text{"a byte that is not UTF-8", "含有非 UTF-8 字节"},
                     Text{"Save the file as UTF-8; from GBK:  iconv -f GBK -t UTF-8 FILE > NEW",
                          "请以 UTF-8 保存；由 GBK 转换：  iconv -f GBK -t UTF-8 旧文件 > 新文件"});
        return {};
    }
    Builder builder;
    try {
        std::istringstream in{std::string{text}};
        YAML::Parser parser{in};
        if (!parser.HandleNextDocument(builder) || builder.document.is_null()) {
            problems.add({}, Text{"is empty", "是空文件"},
                         Text{"`imops init` writes one to begin with.", "可用 `imops init` 生成一份初始文件。"});
            return {};
        }
        Builder second;
        if (parser.HandleNextDocument(second))
            problems.add(second.document.place, Text{"a second document (after ---)", "出现第二个文档（--- 之后）"},
                         Text{"One file holds one document.", "一个文件只能包含一个文档。"});
    } catch (const TooMuch& e) {
        problems.add(
            e.place, Text{"aliases or nesting expand without measure", "别名或嵌套展开后过大"},
            Text{"Write the values out; nothing here needs nested aliases.", "请直接写出各值；此处不需要嵌套别名。"});
        return {};
    } catch (const YAML::Exception& e) {
        problems.add(place_of(e.mark), say("not valid YAML: {}", "不是合法的 YAML：{}", one_line(e.msg)),
                     Text{"Look at the indentation (spaces only), the colon with a space after it, and the quotes "
                          "around this line.",
                          "请检查该行附近的缩进（只能用空格）、冒号后的空格以及引号。"});
        return {};
    }
    inspect_keys(builder.document, problems);
    return std::move(builder.document);
}

// ---- packed documents: kind, quoted, line, column, text, number of items, items

namespace {

constexpr char packed_mark = '\x01';

void put_number(std::string& s, std::size_t n) {
    for (; n >= 0x80; n >>= 7) s += char(n | 0x80);
    s += char(n);
}

void put_node(std::string& s, const Node& n) {
    s += char(int(n.kind) | (n.quoted ? 8 : 0));
    put_number(s, std::size_t(n.place.line));
    put_number(s, std::size_t(n.place.column));
    put_number(s, n.scalar.size());
    s += n.scalar;
    put_number(s, n.items.size());
    for (auto& i : n.items) put_node(s, i);
}

std::size_t get_number(std::string_view& s) {
    std::size_t n = 0;
    for (int shift = 0;; shift += 7) {
        auto c = static_cast<unsigned char>(s.at(0));
        s.remove_prefix(1);
        n |= std::size_t(c & 0x7F) << shift;
        if (!(c & 0x80)) return n;
    }
}

Node get_node(std::string_view& s) {
    Node n;
    auto head = s.at(0);
    s.remove_prefix(1);
    n.kind = Node::Kind(head & 7);
    n.quoted = head & 8;
    n.place.line = int(get_number(s));
    n.place.column = int(get_number(s));
    auto size = get_number(s);
    n.scalar = s.substr(0, size);
    s.remove_prefix(size);
    auto items = get_number(s);
    n.items.reserve(items);
    while (items--) n.items.push_back(get_node(s));
    return n;
}

} // namespace

std::string pack_node(const Node& n) {
    std::string s{packed_mark};
    put_node(s, n);
    return s;
}

Node unpack_node(std::string_view bytes) {
    bytes.remove_prefix(1);
    return get_node(bytes);
}

Node parse_document(std::string_view text, Problems& problems) {
    return text.starts_with(packed_mark) ? unpack_node(text) : parse_yaml(text, problems);
}

} // namespace imops
