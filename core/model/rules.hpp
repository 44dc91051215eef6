#pragma once
#include "core/model/reader.hpp"
#include "core/model/secret_ref.hpp"

/// Conditions that several declarations share, and how a reference to a secret is written.
namespace imops {

/// Nothing but letters, digits and these marks.
bool only(std::string_view s, std::string_view marks);
/// A word that may stand in argv, in ssh's configuration and in a report.
Rule<std::string> word_of(std::string_view marks, std::size_t max);
Rule<int> port_number();
Rule<std::string> absolute_path();

template <class X> void describe(X& x, SecretRef& s) {
    x.may("env", s.env, {"name of an environment variable", "环境变量名"},
          Rule<std::string>{[](const std::string& name) -> std::optional<Objection> {
              if (!word_of("_", 128)(name)) return {};
              return Objection{Text{"not the name of an environment variable",
                                    "不是环境变量名"}, // not shown: it may be the secret itself
                               Text{"Write the name of the variable, not its value: letters, digits and _.",
                                    "请写变量名而不是它的值：只能用字母、数字和 _。"}};
          }});
    x.may("file", s.file,
          {"path of a file with mode 0600; its first line is the secret", "权限为 0600 的文件路径；第一行是其内容"});
    x.may("command", s.command,
          {"program and arguments; its first line of output is the secret", "程序及参数；输出的第一行是其内容"});
}

Objection scalar_instead(const SecretRef&);
/// Exactly one of env, file and command.
Rule<SecretRef> one_reference();

template <class X> void secret(X& x, const char* key, SecretRef& s, Text doc) { x.may(key, s, doc, one_reference()); }

} // namespace imops
