#pragma once
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace imops {

enum class Lang { en, zh };

/// A fixed message in both languages. A missing language does not compile.
struct Text {
    std::string_view en, zh;
    consteval Text(const char* e, const char* z) : en{e}, zh{z} {
        if (en.empty() || zh.empty()) throw "both languages are required";
    }
    constexpr std::string_view in(Lang l) const { return l == Lang::zh ? zh : en; }
};

/// A message made at run time, in both languages; what findings and errors carry.
struct Line {
    std::string en, zh;
    Line() = default;
    Line(Text t) : en{t.en}, zh{t.zh} {}
    Line(std::string e, std::string z) : en{std::move(e)}, zh{std::move(z)} {}
    const std::string& in(Lang l) const { return l == Lang::zh ? zh : en; }
    bool empty() const { return en.empty() && zh.empty(); }
    bool operator==(const Line&) const = default;
};

namespace detail {
template <class T> decltype(auto) speak(const T& v, Lang l) {
    if constexpr (std::is_same_v<T, Line>)
        return v.in(l);
    else if constexpr (std::is_same_v<T, Text>)
        return v.in(l);
    else
        return (v);
}
template <class T>
using spoken = std::conditional_t<std::is_same_v<std::decay_t<T>, Line>, std::string,
                                  std::conditional_t<std::is_same_v<std::decay_t<T>, Text>, std::string_view, T>>;
} // namespace detail

/// Formats in both languages; both format strings are checked at compile time. An argument that is itself a Text or a
/// Line is taken in the language of the sentence.
template <class... A>
Line say(fmt::format_string<detail::spoken<A>...> en, fmt::format_string<detail::spoken<A>...> zh, A&&... a) {
    auto in = [&](fmt::string_view f, [[maybe_unused]] Lang l) {
        return [&](auto&&... x) {
            return fmt::vformat(f, fmt::make_format_args(x...));
        }(detail::speak<std::decay_t<A>>(a, l)...);
    };
    return {in(en, Lang::en), in(zh, Lang::zh)};
}

} // namespace imops
