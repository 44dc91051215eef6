#pragma once
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/model/yaml.hpp"
#include <concepts>
#include <functional>
#include <optional>
#include <utility>

/// One declaration of a structure, `template <class X> void describe(X& x, T& t)`, serves three readers: this one, the schema
/// (schema.hpp) and the documentation.
namespace imops {

/// Scalars with a unit; the declaration shows it.
struct Bytes {
    double value = 0;
};
struct Duration {
    double seconds = 0;
};
struct Share {
    double value = 0; // 0.85 for "85 %"
};
struct Date {
    double seconds = 0; // since 1970
};
/// Any YAML, kept for later: values whose type another file decides.
struct Any {
    YAML::Node node;
};
/// A map whose order counts.
template <class T> using Ordered = std::vector<std::pair<std::string, T>>;

/// The words of an enum: specialise `static constexpr std::array<std::pair<std::string_view, E>, N> of`.
template <class E> struct Words;

/// A condition on a value that was read: empty when it holds, else what is wrong and what to do.
struct Objection {
    Line what, remedy;
};
template <class T> using Rule = std::function<std::optional<Objection>(const T&)>;

class Reader;

template <class T> concept Described = requires(Reader& r, T& t) { describe(r, t); };

/// Reads one mapping into a described structure.
class Reader {
    const YAML::Node& node_;
    Problems& problems_;
    std::vector<std::string> known_;

    void expected(const YAML::Node& n, Text what, Text example) {
        problems_.add(place_of(n), say("{} is needed here", "此处需要{}", what), say("For example: {}", "例如：{}", example));
    }

    bool scalar(const YAML::Node& n, Text what, Text example) {
        if (n.IsScalar()) return true;
        expected(n, what, example);
        return false;
    }
    template <class F> void number(const YAML::Node& n, double& into, F parse, Text what, Text example) {
        if (!scalar(n, what, example)) return;
        if (auto x = parse(n.Scalar())) into = *x;
        else expected(n, what, example);
    }

  public:
    Reader(const YAML::Node& n, Problems& p) : node_{n}, problems_{p} {}

    void read(const YAML::Node& n, std::string& v) {
        if (!scalar(n, {"text", "文本"}, {"app1", "app1"})) return;
        v = n.Scalar();
        if (v.find_first_of(std::string_view{"\0\x1b\x7f", 3}) != v.npos || bad_utf8(v))
            problems_.add(place_of(n), Text{"text with control characters", "文本含有控制字符"}, Text{"Remove them.", "请删除控制字符。"});
    }
    void read(const YAML::Node& n, double& v) { number(n, v, parse_number, {"a number", "数字"}, {"1000", "1000"}); }
    void read(const YAML::Node& n, int& v) {
        double x = 0;
        number(n, x, [](auto s) { auto d = parse_number(s); return d && *d == double(int(*d)) ? d : std::nullopt; }, {"a whole number", "整数"}, {"22", "22"});
        v = int(x);
    }
    void read(const YAML::Node& n, bool& v) {
        bool x = false;
        if (n.IsScalar() && YAML::convert<bool>::decode(n, x)) v = x;
        else expected(n, {"true or false", "true 或 false"}, {"true", "true"});
    }
    void read(const YAML::Node& n, Bytes& v) { number(n, v.value, parse_bytes, {"a size with its unit", "带单位的容量"}, {"8 GiB, 500 MB", "8 GiB、500 MB"}); }
    void read(const YAML::Node& n, Duration& v) { number(n, v.seconds, parse_duration, {"a time with its unit", "带单位的时长"}, {"30 s, 12 h, 90 days", "30 s、12 h、90 days"}); }
    void read(const YAML::Node& n, Share& v) { number(n, v.value, parse_share, {"a share", "百分比"}, {"85 %", "85 %"}); }
    void read(const YAML::Node& n, Date& v) { number(n, v.seconds, parse_date, {"a date", "日期"}, {"2026-12-31", "2026-12-31"}); }
    void read(const YAML::Node& n, Any& v) { v.node = n; }
    void read(const YAML::Node& n, Line& v) {
        if (!n.IsMap()) return expected(n, {"a text in both languages", "两种语言的文本"}, {"{en: Memory, zh: 内存}", "{en: Memory, zh: 内存}"});
        Reader r{n, problems_};
        r.need("en", v.en, {"English", "英文"});
        r.need("zh", v.zh, {"Chinese", "中文"});
        r.finish();
    }
    template <class T> void read(const YAML::Node& n, std::optional<T>& v) { read(n, v.emplace()); }
    template <class T> void read(const YAML::Node& n, Placed<T>& v) {
        v.place = place_of(n);
        read(n, v.value);
    }
    template <class T> void read(const YAML::Node& n, std::vector<T>& v) {
        if (!n.IsSequence()) return expected(n, {"a list", "列表"}, {"[a, b]", "[a, b]"});
        for (auto item : n) read(item, v.emplace_back());
    }
    template <class T> void read(const YAML::Node& n, Ordered<T>& v) {
        if (!n.IsMap()) return expected(n, {"a mapping", "键值表"}, {"{name: value}", "{名称: 值}"});
        for (auto pair : n) {
            if (!pair.first.IsScalar()) continue; // parse_yaml has said so
            v.emplace_back(pair.first.Scalar(), T{});
            read(pair.second, v.back().second);
        }
    }
    template <class T> void read(const YAML::Node& n, std::map<std::string, T>& v) {
        Ordered<T> pairs;
        read(n, pairs);
        for (auto& [k, x] : pairs) v.insert_or_assign(k, std::move(x));
    }
    template <class E> requires std::is_enum_v<E> void read(const YAML::Node& n, E& v) {
        std::vector<std::string> words;
        for (auto& [word, value] : Words<E>::of) {
            if (n.IsScalar() && n.Scalar() == word) return void(v = value);
            words.emplace_back(word);
        }
        auto near = n.IsScalar() ? nearest(n.Scalar(), words) : "";
        problems_.add(place_of(n), say("one of {} is needed here", "此处只能是 {} 之一", fmt::join(words, ", ")),
                      near.empty() ? Line{} : say("Did you mean '{}'?", "是否想写 '{}'？", near));
    }
    template <Described T> void read(const YAML::Node& n, T& v) {
        if constexpr (requires { scalar_instead(v); })
            if (n.IsScalar()) {
                auto o = scalar_instead(v); // the text itself is not shown: it may be a secret
                return problems_.add(place_of(n), std::move(o.what), std::move(o.remedy));
            }
        if (!n.IsMap()) return expected(n, {"a mapping", "键值表"}, {"{name: value}", "{名称: 值}"});
        Reader r{n, problems_};
        describe(r, v);
        r.finish();
    }

    /// A key that may be there.
    template <class T> bool may(const char* key, T& v, Text, const Rule<T>& check = {}) {
        known_.emplace_back(key);
        const YAML::Node& value = node_[key];
        if (!value.IsDefined() || value.IsNull()) return false;
        auto before = problems_.count();
        read(value, v);
        if (check && before == problems_.count())
            if (auto o = check(v)) problems_.add(place_of(value), std::move(o->what), std::move(o->remedy));
        return true;
    }
    /// A key that must be there.
    template <class T> void need(const char* key, T& v, Text doc, const Rule<T>& check = {}) {
        if (!may(key, v, doc, check))
            problems_.add(place_of(node_), say("'{}' is missing", "缺少 '{}'", key), say("{}: {}", "{}：{}", key, doc));
    }
    Place place() const { return place_of(node_); }
    Problems& problems() { return problems_; }

    /// Every key that was not declared is a problem.
    void finish() {
        for (auto pair : node_) {
            if (!pair.first.IsScalar()) continue;
            auto& key = pair.first.Scalar();
            if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
            auto near = nearest(key, known_);
            problems_.add(place_of(pair.first), say("unknown key '{}'", "未知的键 '{}'", one_line(key)),
                          near.empty() ? say("Known here: {}", "此处可用：{}", fmt::join(known_, ", ")) : say("Did you mean '{}'?", "是否想写 '{}'？", near));
        }
    }
};

/// Reads a whole document into a described structure; what is wrong is in `problems`.
template <Described T> void read_document(std::string_view text, T& v, Problems& problems) {
    auto node = parse_yaml(text, problems);
    if (node.IsDefined()) Reader{node, problems}.read(node, v);
}

} // namespace imops
