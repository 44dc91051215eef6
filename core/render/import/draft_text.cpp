#include "core/base/string.hpp"
#include "core/render/format.hpp"
#include "core/render/import/draft.hpp"

namespace imops::render {

namespace {

class DraftWriter {
    const Draft& d_;
    const DraftStyle& o_;
    std::string s_;

    std::string c(Text t) const { return std::string{t.in(o_.lang)}; }
    static std::string word_(const std::string& s) { return written(Format::yaml, s); }
    static std::string list(const auto& items) {
        return written(Format::yaml, std::vector<std::string>{items.begin(), items.end()});
    }
    std::string secret(const std::string& name) const {
        return fmt::format("{{file: {}}}", word_(o_.secrets + "/" + name));
    }

    void head() {
        s_ += "# " +
              c({"Drafted by `imops import` from what was found on the hosts. Look through it, then: imops validate",
                 "由 `imops import` 根据主机现状生成的草稿。请检查后执行：imops validate"}) +
              "\n";
        s_ += fmt::format("imops: 1\nname: {}\nproduct: {}\n", word_(o_.name.empty() ? "im" : o_.name),
                          word_(d_.product));
        if (d_.product == "generic")
            s_ += "# " +
                  c({"no messaging server that imops knows was found: `imops size --products` lists them",
                     "没有发现 imops 认识的即时通讯服务：`imops size --products` 列出全部"}) +
                  "\n";
        if (o_.lang == Lang::zh) s_ += "language: zh\n";
        if (!d_.domain.empty()) s_ += fmt::format("domain: {}\n", word_(d_.domain));
        if (!d_.names.empty()) s_ += fmt::format("names: {}\n", list(d_.names));
        s_ += fmt::format("\nworkload:\n  registered: {:.0f}", o_.registered > 0 ? o_.registered : 100);
        if (o_.registered <= 0)
            s_ += "             # " + c({"a guess: the files do not say how many accounts there are; set it",
                                         "占位数字：配置文件中没有账号数量，请填写实际值"});
        s_ += "\n";
        if (!d_.federation.empty()) s_ += fmt::format("  federation: {}\n", word_(d_.federation));
    }

    void ssh() {
        std::string s;
        if (!o_.user.empty()) s += fmt::format("  user: {}\n", word_(o_.user));
        if (!o_.transport.empty()) s += fmt::format("  transport: {}\n", o_.transport);
        if (o_.sudo) s += "  sudo: true\n";
        if (!o_.host_key.empty()) s += fmt::format("  host_key: {}\n", word_(o_.host_key));
        if (!o_.known_hosts.empty()) s += fmt::format("  known_hosts: {}\n", word_(o_.known_hosts));
        if (!o_.identities.empty()) s += fmt::format("  identities: {}\n", list(o_.identities));
        if (!s.empty()) s_ += "\nssh:\n" + s;
    }

    void host(const DraftHost& h) {
        auto& old = *h.old;
        s_ += fmt::format("  - name: {}\n    address: {}\n    roles: {}\n", word_(old.name), word_(old.address),
                          list(h.roles));
        if (!h.components.empty()) s_ += fmt::format("    components: {}\n", list(h.components));
        if (old.local)
            s_ += "    transport: local          # " + c({"this machine, without SSH", "本机，不经过 SSH"}) + "\n";
        else if (old.port != 22)
            s_ += fmt::format("    port: {}\n", old.port);
        if (!h.ports.empty()) s_ += "    ports:\n";
        for (auto& [name, port] : h.ports) s_ += fmt::format("      {}: {}\n", name, port);
        if (!h.settings.empty())
            s_ += "    settings:                 # " +
                  c({"where the old files differ from what imops would choose", "旧配置与 imops 默认值不同之处"}) +
                  "\n";
        for (auto& [component, variables] : h.settings) {
            s_ += fmt::format("      {}:\n", component);
            for (auto& [name, value] : variables)
                s_ +=
                    fmt::format("        {}: {}\n", name, value.starts_with('\x01') ? secret(value.substr(1)) : value);
        }
    }

    void service(const DraftService& x) {
        s_ += fmt::format("  - name: {}\n    type: {}\n", x.name, x.type);
        s_ += x.host.empty() ? fmt::format("    address: {}\n", word_(x.address))
                             : fmt::format("    host: {}\n", word_(x.host));
        if (x.port) s_ += fmt::format("    port: {}\n", x.port);
        if (!x.user.empty()) s_ += fmt::format("    user: {}\n", word_(x.user));
        if (!x.database.empty()) s_ += fmt::format("    database: {}\n", word_(x.database));
        if (!x.secret.empty()) s_ += fmt::format("    password: {}\n", secret(x.secret));
    }

  public:
    DraftWriter(const Draft& d, const DraftStyle& o) : d_{d}, o_{o} {}
    std::string text() {
        head();
        ssh();
        s_ += "\nhosts:\n";
        for (auto& h : d_.hosts) host(h);
        if (!d_.services.empty()) s_ += "\nservices:\n";
        for (auto& x : d_.services) service(x);
        return std::move(s_);
    }
};

} // namespace

std::string draft_text(const Draft& d, const DraftStyle& o) { return DraftWriter{d, o}.text(); }

} // namespace imops::render
