#pragma once
#include "core/base/value.hpp"
#include "core/model/deployment.hpp"
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace imops {

/// What became of reading a fact on a host.
enum class Got { ok, failed, absent, timed_out, too_long, needs_root, lost, unreached, no_answer };

/// What one fact printed on one host. The same in a live run, a bundle and a fixture.
struct Raw {
    Got got = Got::lost;
    int status = 0;       // exit status, for Got::failed
    std::string out, err; // at most 1 MiB and 4 KiB; well-formed UTF-8
    double at = 0;        // imops' clock when the answer came, seconds since 1970; 0: unknown
};

/// Everything known of one host: raw text by fact id, typed where it is used.
using Facts = std::map<std::string, Raw, std::less<>>;

/// Something that can be read from a host; declared in a pack.
struct FactDef {
    std::string id;
    std::string sh;      // POSIX sh, read-only; empty for a native fact
    bool native = false; // imops itself produces it
    std::string service; // imops asks it of the services of this type, not of a host
    std::string with;    // the fact whose fragment prints this one too, after `also ID`: one process start for both
    Type type;
    bool root = false;
    Duration timeout{10};
    std::vector<std::string> roles; // empty: all
    bool active = false;            // writes a file or opens a port on purpose
    Place place;
};

/// Why there is no value, for people; and whether that means "does not apply here" (absent) or "could not be read".
struct Unread {
    bool absent = false;
    Line why;
};

/// The value that a fact's text stands for. Keys of a map that were not printed are simply not in the object.
std::variant<nlohmann::json, Unread> typed(const FactDef&, const Raw&);
/// The same for a value written in YAML (an example): "4 GiB", a list of mappings for a table. Problems go to the
/// reader's list.
nlohmann::json typed(const Node&, const Type&, Problems&);

/// After `describe`: type, keys and columns made into `type`; what is wrong goes to `problems`.
struct FactEntry : FactDef {
    Placed<std::string> kind;
    Ordered<std::string> keys, columns;
    void finish(Problems&);
};
template <class X> void describe(X& x, FactEntry& f) {
    x.may("sh", f.sh, {"POSIX sh, read-only; its standard output is the fact", "只读的 POSIX sh，标准输出即事实"});
    x.may("native", f.native, {"imops itself produces it", "由 imops 自身产生"});
    x.may("service", f.service,
          {"imops asks it of the services of this group: postgres, mysql, redis, memcached, endpoint, tls, message",
           "由 imops 向该组服务询问：postgres、mysql、redis、memcached、endpoint、tls、message"},
          Rule<std::string>{[](const std::string& s) -> std::optional<Objection> {
              for (auto group : service_groups)
                  if (s == group) return {};
              return Objection{say("no service of group '{}' can be asked", "无法询问 '{}' 组的服务", one_line(s, 40)),
                               say("Possible is: {}.", "可选：{}。", fmt::join(service_groups, ", "))};
          }});
    x.may("with", f.with,
          {"the fact whose fragment prints this one too, after `also ID`", "由该事实的脚本在 `also ID` 之后一并输出"});
    x.need("type", f.kind,
           {"text, number, bytes, seconds, bool, list, map, table or clock",
            "text、number、bytes、seconds、bool、list、map、table 或 clock"});
    x.may("keys", f.keys, {"for a map: {name: type}", "map 的键：{名称: 类型}"});
    x.may("columns", f.columns, {"for a table: {name: type}, in order", "table 的列：{名称: 类型}，按顺序"});
    x.may("root", f.root, {"needs root", "需要 root"});
    x.may("timeout", f.timeout, {"it is ended after this time", "超过此时间即终止"});
    x.may("roles", f.roles, {"read only on hosts with one of these roles", "仅在具有这些角色的主机上读取"});
    x.may("active", f.active, {"writes a file or opens a port on purpose", "会写文件或打开端口"});
}

} // namespace imops
