#pragma once
#include "core/model/reader.hpp"
#include <map>
#include <string>
#include <vector>

namespace imops {

/// What an endpoint must answer. What is not given is not looked at, but for an HTTP status of 200 to 299.
struct Expect {
    std::vector<int> status;                    // of HTTP: one of these
    std::map<std::string, std::string> headers; // name: regular expression (RE2)
    std::string body;                           // regular expression (RE2)
    std::map<std::string, std::string> json;    // JSON pointer: text of the value
    std::vector<std::string> values;            // of a DNS name: all of these, and no other
};

/// A regular expression in RE2's syntax.
Rule<std::string> pattern();

template <class X> void describe(X& x, Expect& e) {
    x.may("status", e.status,
          {"HTTP status codes that are fine; default: 200 to 299", "可接受的 HTTP 状态码；默认 200 到 299"},
          Rule<std::vector<int>>{[](auto& all) -> std::optional<Objection> {
              for (auto code : all)
                  if (code < 100 || code > 599)
                      return Objection{say("{} is not an HTTP status", "{} 不是 HTTP 状态码", code),
                                       Text{"They go from 100 to 599.", "范围是 100 到 599。"}};
              return {};
          }});
    x.may("headers", e.headers, {"header: regular expression", "响应头: 正则表达式"},
          Rule<std::map<std::string, std::string>>{[](auto& all) -> std::optional<Objection> {
              for (auto& [name, expression] : all)
                  if (auto o = pattern()(expression)) return o;
              return {};
          }});
    x.may("body", e.body, {"regular expression that the body must match somewhere", "响应体须匹配的正则表达式"},
          pattern());
    x.may("json", e.json, {"JSON pointer: value, such as {/status: ok}", "JSON 指针: 值，例如 {/status: ok}"},
          Rule<std::map<std::string, std::string>>{[](auto& all) -> std::optional<Objection> {
              for (auto& [pointer, value] : all)
                  if (!pointer.empty() && !pointer.starts_with('/'))
                      return Objection{say("'{}' is not a JSON pointer", "'{}' 不是 JSON 指针", one_line(pointer, 60)),
                                       Text{"Write /name/0/name.", "请写 /名称/0/名称。"}};
              return {};
          }});
    x.may("values", e.values, {"the answers of a DNS look-up, all of them", "DNS 查询的全部结果"});
}

} // namespace imops
