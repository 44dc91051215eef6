#include "core/model/rules.hpp"
#include "core/base/string.hpp"
#include <cctype>

namespace imops {

bool only(std::string_view s, std::string_view marks) {
    return std::all_of(s.begin(), s.end(),
                       [&](unsigned char c) { return std::isalnum(c) || marks.find(char(c)) != marks.npos; });
}

Rule<std::string> word_of(std::string_view marks, std::size_t max) {
    return [marks, max](const std::string& s) -> std::optional<Objection> {
        if (!s.empty() && s.size() <= max && s[0] != '-' && only(s, marks)) return {};
        return Objection{say("'{}' is not allowed here", "此处不允许 '{}'", one_line(s, 80)),
                         say("Use letters, digits and {}; not '-' at the beginning, at most {} characters.",
                             "只能用字母、数字和 {}，不能以 '-' 开头，最长 {} 个字符。", marks, max)};
    };
}

Rule<int> port_number() {
    return [](const int& p) -> std::optional<Objection> {
        if (p >= 1 && p <= 65535) return {};
        return Objection{say("{} is not a port", "{} 不是端口号", p),
                         Text{"Ports are 1 to 65535.", "端口范围是 1 到 65535。"}};
    };
}

Rule<std::string> absolute_path() {
    return [](const std::string& s) -> std::optional<Objection> {
        if (s.starts_with('/') && s.find('\n') == s.npos) return {};
        return Objection{say("'{}' is not an absolute path", "'{}' 不是绝对路径", one_line(s, 80)),
                         Text{"Begin it with /.", "请以 / 开头。"}};
    };
}

Objection scalar_instead(const SecretRef&) {
    return {
        Text{"a secret must not stand in this file", "密码等敏感信息不能直接写在此文件中"},
        Text{"Refer to it: {env: NAME}, {file: path} (mode 0600) or {command: [program, argument]}. Change the secret "
             "that stood here.",
             "请引用它：{env: 变量名}、{file: 路径}（权限 0600）或 {command: [程序, 参数]}。写在这里的密码应当更换。"}};
}

Rule<SecretRef> one_reference() {
    return [](const SecretRef& r) -> std::optional<Objection> {
        int given = !r.env.empty() + !r.file.empty() + !r.command.empty();
        if (given == 1) return {};
        return Objection{Text{"a secret needs exactly one of env, file, command",
                              "敏感信息必须且只能用 env、file、command 之一给出"},
                         Text{"Write {env: NAME}, {file: path} or {command: [program, argument]}.",
                              "请写 {env: 变量名}、{file: 路径} 或 {command: [程序, 参数]}。"}};
    };
}

} // namespace imops
