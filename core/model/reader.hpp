#pragma once
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/model/yaml.hpp"
#include <algorithm>
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <utility>

/// One declaration of a structure, `template <class X> void describe(X& x, T& t)`, serves three readers: this one, the
/// schema (schema.hpp) and the documentation.
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
/// YAML's words for yes and no.
inline std::optional<bool> parse_bool(const Node& n) {
    for (auto word : {"true", "yes", "on"})
        if (n.is_scalar() && n.scalar == word) return true;
    for (auto word : {"false", "no", "off"})
        if (n.is_scalar() && n.scalar == word) return false;
    return {};
}
/// Any YAML, kept for later: values whose type another file decides.
struct Any {
    Node node;
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

template <class T>
concept Described = requires(Reader& r, T& t) {
    describe(r, t);
};

/// Reads one mapping into a described structure.
class Reader {
    const Node& node_;
    Problems& problems_;
    std::vector<std::string_view> known_;

    void expected(const Node& n, Text what, Text example) {
        problems_.add(n.place, say("{} is needed here", "此处需要{}", what),
                      say("For example: {}", "例如：{}", example));
    }

    bool scalar(const Node& n, Text what, Text example) {
        if (n.is_scalar()) return true;
        expected(n, what, example);
        return false;
    }
    template <class F> void number(const Node& n, double& into, F parse, Text what, Text example) {
        if (!scalar(n, what, example)) return;
        if (auto x = parse(n.scalar))
            into = *x;
        else
            expected(n, what, example);
    }

  public:
    Reader(const Node& n, Problems& p) : node_{n}, problems_{p} {}

    void read(const Node& n, std::string& v) {
        if (!scalar(n, {"text", "文本"}, {"app1", "app1"})) return;
        v = n.scalar;
        if (v.find_first_of(std::string_view{"\0\x1b\x7f", 3}) != v.npos || bad_utf8(v))
            problems_.add(n.place, Text{"text with control characters", "文本含有控制字符"},
                          Text{"Remove them.", "请删除控制字符。"});
    }
    void read(const Node& n, double& v) { number(n, v, parse_number, {"a number", "数字"}, {"1000", "1000"}); }
    void read(const Node& n, int& v) {
        double x = 0;
        number(n, x,
               [](auto s) {
                   auto d = parse_number(s);
                   return d && *d > -1e9 && *d < 1e9 && *d == double(int(*d)) ? d : std::nullopt;
               },
               {"a whole number", "整数"}, {"22", "22"});
        v = int(x);
    }
    void read(const Node& n, bool& v) {
        if (auto x = parse_bool(n))
            v = *x;
        else
            expected(n, {"true or false", "true 或 false"}, {"true", "true"});
    }
    void read(const Node& n, Bytes& v) {
        number(n, v.value, parse_bytes, {"a size with its unit", "带单位的容量"}, {"8 GiB, 500 MB", "8 GiB、500 MB"});
    }
    void read(const Node& n, Duration& v) {
        number(n, v.seconds, parse_duration, {"a time with its unit", "带单位的时长"},
               {"30 s, 12 h, 90 days", "30 s、12 h、90 days"});
    }
    void read(const Node& n, Share& v) { number(n, v.value, parse_share, {"a share", "百分比"}, {"85 %", "85 %"}); }
    void read(const Node& n, Date& v) {
        number(n, v.seconds, parse_date, {"a date", "日期"}, {"2026-12-31", "2026-12-31"});
    }
    void read(const Node& n, Any& v) { v.node = n; }
    void read(const Node& n, Line& v) {
        if (!n.is_map())
            return expected(n, {"a text in both languages", "两种语言的文本"},
                            {"{en: Memory, zh: 内存}", "{en: Memory, zh: 内存}"});
        Reader r{n, problems_};
        r.need("en", v.en, {"English", "英文"});
        r.need("zh", v.zh, {"Chinese", "中文"});
        r.finish();
    }
    template <class T> void read(const Node& n, std::optional<T>& v) { read(n, v.emplace()); }
    template <class T> void read(const Node& n, Placed<T>& v) {
        v.place = n.place;
        read(n, v.value);
    }
    template <class T> void read(const Node& n, std::vector<T>& v) {
        if (!n.is_list()) return expected(n, {"a list", "列表"}, {"[a, b]", "[a, b]"});
        v.clear(); // a list that is given replaces the default
        for (auto& item : n.items) read(item, v.emplace_back());
    }
    template <class T> void read(const Node& n, Ordered<T>& v) {
        if (!n.is_map()) return expected(n, {"a mapping", "键值表"}, {"{name: value}", "{名称: 值}"});
        for (std::size_t i = 0; i < n.pairs(); ++i) {
            if (!n.key(i).is_scalar()) continue; // parse_yaml has said so
            v.emplace_back(n.key(i).scalar, T{});
            read(n.value(i), v.back().second);
        }
    }
    template <class T> void read(const Node& n, std::map<std::string, T>& v) {
        Ordered<T> pairs;
        read(n, pairs);
        for (auto& [k, x] : pairs) v.insert_or_assign(k, std::move(x));
    }
    template <class E>
    requires std::is_enum_v<E>
    void read(const Node& n, E& v) {
        std::vector<std::string> words;
        for (auto& [word, value] : Words<E>::of) {
            if (n.is_scalar() && n.scalar == word) return void(v = value);
            words.emplace_back(word);
        }
        auto near = n.is_scalar() ? nearest(n.scalar, words) : "";
        problems_.add(n.place, say("one of {} is needed here", "此处只能是 {} 之一", fmt::join(words, ", ")),
                      near.empty() ? Line{} : say("Did you mean '{}'?", "是否想写 '{}'？", near));
    }
    template <Described T> void read(const Node& n, T& v) {
        if constexpr (requires { scalar_instead(v); })
            if (n.is_scalar()) {
                auto o = scalar_instead(v); // the text itself is not shown: it may be a secret
                return problems_.add(n.place, std::move(o.what), std::move(o.remedy));
            }
        if (!n.is_map()) return expected(n, {"a mapping", "键值表"}, {"{name: value}", "{名称: 值}"});
        Reader r{n, problems_};
        describe(r, v);
        r.finish(requires { scalar_instead(v); }); // {hunter2} is a mapping with a secret for its key
    }

    /// A key that may be there.
    template <class T> bool may(const char* key, T& v, Text, const Rule<T>& check = {}) {
        known_.emplace_back(key);
        auto* value = node_.find(key);
        if (!value || value->is_null()) return false;
        auto before = problems_.count();
        read(*value, v);
        if (check && before == problems_.count())
            if (auto o = check(v)) problems_.add(value->place, std::move(o->what), std::move(o->remedy));
        return true;
    }
    /// A key that must be there.
    template <class T> void need(const char* key, T& v, Text doc, const Rule<T>& check = {}) {
        if (!may(key, v, doc, check))
            problems_.add(node_.place, say("'{}' is missing", "缺少 '{}'", key), say("{}: {}", "{}：{}", key, doc));
    }
    Place place() const { return node_.place; }
    Problems& problems() { return problems_; }

    /// Every key that was not declared is a problem; a secret one is not shown.
    void finish(bool secret = false) {
        for (std::size_t i = 0; i < node_.pairs(); ++i) {
            auto& key = node_.key(i);
            if (!key.is_scalar() || std::find(known_.begin(), known_.end(), key.scalar) != known_.end()) continue;
            std::vector<std::string> words{known_.begin(), known_.end()};
            auto near = nearest(key.scalar, words);
            problems_.add(key.place,
                          secret ? Line{Text{"unknown key", "未知的键"}}
                                 : say("unknown key '{}'", "未知的键 '{}'", one_line(key.scalar)),
                          near.empty() ? say("Known here: {}", "此处可用：{}", fmt::join(words, ", "))
                                       : say("Did you mean '{}'?", "是否想写 '{}'？", near));
        }
    }
};

/// Reads a whole document into a described structure; what is wrong is in `problems`.
template <Described T> void read_document(std::string_view text, T& v, Problems& problems) {
    auto node = parse_document(text, problems);
    if (!node.is_null()) Reader{node, problems}.read(node, v);
}

} // namespace imops
