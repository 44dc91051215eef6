#include "cli/collect.hpp"
#include "cli/render.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include "core/model/rules.hpp"
#include "core/render/import/ask.hpp"
#include "core/render/import/summary.hpp"
#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>

namespace imops {

namespace fs = std::filesystem;

namespace {

struct ImportOptions {
    std::vector<std::string> hosts; // [NAME=]ADDRESS
    std::string out = "imops.yaml", secrets, from, transport;
    std::vector<std::string> template_folders;
    render::DraftStyle style;
    bool force = false;
};

Failure usage(Line what, Line remedy) { return Failure{Error{Code::usage, std::move(what), std::move(remedy), {}}}; }

/// "im1=10.0.0.11:2222"; `number` is for a name of its own.
render::OldHost host_of(const std::string& spec, std::size_t number) {
    render::OldHost h;
    auto equals = spec.find('=');
    auto address = equals == spec.npos ? spec : spec.substr(equals + 1);
    if (equals != spec.npos) h.name = spec.substr(0, equals);
    if (address == "local" || address == "localhost")
        h.local = true, h.address = "127.0.0.1";
    else if (std::ranges::count(address, ':') > 1 && address[0] != '[')
        h.address = address; // IPv6, without a port
    else if (!split_authority(address, h.address, h.port))
        h.address.clear();
    if (word_of("._-:[]%", 253)(h.address))
        throw usage(say("'{}' is no address", "'{}' 不是地址", one_line(address, 60)),
                    Text{"Write [NAME=]ADDRESS[:PORT], or local for this machine.",
                         "请写 [名称=]地址[:端口]，本机请写 local。"});
    bool named =
        h.address.find(':') == std::string::npos && h.address.find_first_not_of("0123456789.") != std::string::npos;
    if (equals == spec.npos) h.name = named ? h.address.substr(0, h.address.find('.')) : fmt::format("host{}", number);
    if (word_of("._-", 63)(h.name))
        throw usage(say("'{}' is no name for a host", "'{}' 不能作为主机名称", one_line(h.name, 60)),
                    Text{"Letters, digits, `.`, `_` and `-`, at most 63.",
                         "只能用字母、数字、`.`、`_` 和 `-`，最长 63 个字符。"});
    return h;
}

/// The folders of DIR, each a host; what was named on the command line gives them addresses.
std::vector<render::OldHost> from_folder(const ImportOptions& o, std::vector<render::OldHost> named) {
    std::error_code none;
    if (!fs::is_directory(o.from, none))
        throw usage(say("there is no folder {}", "目录 {} 不存在", o.from),
                    Text{"--from takes a folder as `imops render -o` writes it: DIR/HOST/etc/…",
                         "--from 需要 `imops render -o` 那样的目录：DIR/主机/etc/…"});
    std::vector<render::OldHost> hosts;
    for (auto& e : fs::directory_iterator{o.from}) {
        render::OldHost h;
        h.name = h.address = e.path().filename().string();
        if (!e.is_directory() || word_of("._-", 63)(h.name)) continue;
        if (auto it = std::ranges::find(named, h.name, &render::OldHost::name); it != named.end())
            h = *it;
        else if (!named.empty())
            continue;
        if (h.address == "localhost") h.address = "127.0.0.1", h.local = true;
        render::read_folder(e.path().string(), h);
        hosts.push_back(std::move(h));
    }
    std::ranges::sort(hosts, {}, &render::OldHost::name);
    if (hosts.empty())
        throw usage(say("no folder of a host in {}", "{} 中没有主机目录", o.from),
                    Text{"One for each host is needed: DIR/HOST/etc/…", "每台主机需要一个目录：DIR/主机/etc/…"});
    return hosts;
}

Host reached_as(const render::OldHost& old, const ImportOptions& o) {
    Host h;
    h.name = old.name;
    h.address = old.address;
    h.port = old.port;
    h.user = o.style.user;
    for (auto& [word, value] : Words<Transport>::of)
        if (word == o.transport) h.transport = value;
    if (old.local) h.transport = Transport::local;
    for (auto& i : o.style.identities) h.identities.push_back(expand_home(i));
    if (!o.style.host_key.empty()) h.host_key = o.style.host_key;
    h.known_hosts = expand_home(o.style.known_hosts);
    if (o.style.sudo) h.sudo = Sudo::ask_without_password;
    return h;
}

/// One script on each host, at the same time. True: it was interrupted.
bool ask_hosts(std::vector<render::OldHost>& old, const ImportOptions& o, const Program& p) {
    Deployment d;
    for (auto& h : old) d.hosts.push_back(reached_as(h, o));
    auto fleet = fleet_of(d, 32);
    auto mark = random_mark();
    std::deque<render::AnswerReader> readers;
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < old.size(); ++i) {
        auto& reader = readers.emplace_back(mark, old[i]);
        jobs.push_back({&d.hosts[i], render::ask_script(mark), {}, [&reader](Stream s, std::string_view bytes) {
                            reader.add(s, bytes);
                        }});
    }
    auto outcomes = fleet->run(jobs);
    bool interrupted = false;
    for (std::size_t i = 0; i < old.size(); ++i) {
        auto& outcome = outcomes[i];
        if (p.verbose && !outcome.why.empty())
            p.say(say("{}: {} in {} ms", "{}：{}，用时 {} ms", old[i].name, outcome.why, outcome.took.count()));
        if (!outcome.result) {
            old[i].error = outcome.result.error();
            interrupted = interrupted || old[i].error->code == Code::interrupted;
            continue;
        }
        readers[i].finish();
    }
    return interrupted;
}

/// Refuses before anything is asked or written.
void check_targets(const ImportOptions& o) {
    if (fs::exists(o.out) && !o.force)
        throw usage(say("{} exists already", "{} 已存在", o.out),
                    Text{"Name another file with -o, or overwrite it with --force.",
                         "用 -o 指定其他文件，或用 --force 覆盖。"});
    if (o.hosts.empty() && o.from.empty())
        throw usage(Text{"no host was named", "没有指定主机"},
                    Text{"For example: imops import im1=10.0.0.11 db1=10.0.0.12, or `local` for this machine.",
                         "例如：imops import im1=10.0.0.11 db1=10.0.0.12；本机请写 `local`。"});
    if (!o.style.name.empty() && word_of("._-", 63)(o.style.name))
        throw usage(say("'{}' is no name for a deployment", "'{}' 不能作为部署名称", one_line(o.style.name, 60)),
                    Text{"Letters, digits, `.`, `_` and `-`, at most 63.",
                         "只能用字母、数字、`.`、`_` 和 `-`，最长 63 个字符。"});
}

void write_secrets(const render::Draft& d, const ImportOptions& o) {
    if (d.secrets.empty()) return;
    auto& folder = o.style.secrets;
    for (auto& [name, secret] : d.secrets)
        if (fs::exists(folder + "/" + name) && !o.force)
            throw usage(say("{}/{} exists already", "{}/{} 已存在", folder, name),
                        Text{"Name another folder with --secrets, or overwrite it with --force.",
                             "用 --secrets 指定其他目录，或用 --force 覆盖。"});
    make_folder(folder);
    for (auto& [name, secret] : d.secrets) write_file(folder + "/" + name, std::string{secret.reveal()} + "\n", 0600);
}

void check_names(const std::vector<render::OldHost>& hosts) {
    std::set<std::string> seen{"db", "cache", "turn"};
    for (auto& h : hosts)
        if (!seen.insert(h.name).second)
            throw usage(
                say("the name '{}' is taken", "名称 '{}' 已被使用", h.name),
                Text{"Give each host a name of its own: NAME=ADDRESS; `db`, `cache` and `turn` are names of services.",
                     "请为每台主机指定不同名称：名称=地址；`db`、`cache`、`turn` 是服务的名称。"});
}

void note_secrets(Report& r, const render::Draft& d, const ImportOptions& o) {
    std::string names;
    for (auto& [name, secret] : d.secrets) names += (names.empty() ? "" : ", ") + name;
    if (!names.empty())
        r.notes.push_back(say("secrets are in {} (mode 0600): {}", "密码等敏感信息已存入 {}（权限 0600）：{}",
                              o.style.secrets, names));
    if (std::ranges::any_of(r.findings, [](auto& f) { return f.id == "import.differs" || f.id == "import.adds"; }))
        r.notes.push_back(Text{
            "What should stay as it was goes into `settings:` or into a template of your own: `imops help render`.",
            "需要保持原样的内容，请写入 `settings:` 或使用自己的模板：`imops help render`。"});
    r.notes.push_back(say("{} written; next: look through it, imops validate, imops preflight",
                          "已写入 {}；下一步：检查内容，然后 imops validate、imops preflight", o.out));
}

void run_import(Program& p, ImportOptions& o) {
    p.check_outputs();
    check_targets(o);
    std::vector<render::OldHost> hosts;
    for (auto& spec : o.hosts) hosts.push_back(host_of(spec, hosts.size() + 1));
    if (!o.from.empty()) hosts = from_folder(o, std::move(hosts));
    check_names(hosts);
    Report r;
    r.command = "import";
    r.time = wall_clock();
    if (o.from.empty()) r.interrupted = ask_hosts(hosts, o, p);
    auto products = all_products(p);
    std::vector<std::unique_ptr<std::string>> texts;
    auto scope = render::render_scope(products);
    auto components = render::load_components(template_sources(o.out, o.template_folders, texts), scope, p.lang);
    render::Draft d = render::make_draft(hosts, components, products);
    auto& style = o.style;
    style.lang = p.lang;
    style.transport = o.transport == "auto" ? "" : o.transport;
    if (style.name.empty())
        style.name = !d.domain.empty() && d.domain != "localhost" && !word_of("._-", 63)(d.domain) ? d.domain : "im";
    style.secrets = fs::absolute(o.secrets.empty() ? fs::path{o.out}.parent_path() / "secrets" : fs::path{o.secrets})
                        .lexically_normal()
                        .string();
    auto absolute = [](std::string& path) {
        if (!path.empty() && !path.starts_with('~')) path = fs::absolute(path).lexically_normal().string();
    };
    absolute(style.known_hosts);
    for (auto& i : style.identities) absolute(i);
    r.deployment = style.name;
    if (d.hosts.empty() || r.interrupted) {
        render::summarise(r, d, {}, hosts);
        return p.finish(r);
    }
    auto product = p.product(d.product), generic = p.product("generic");
    render::DraftRenderer renderer{components, product, generic, products, p.lang};
    render::drop_idle_settings(d, style, renderer);
    auto text = render::draft_text(d, style);
    parse_deployment(text, o.out);
    write_secrets(d, o);
    render::summarise(r, d, renderer.files(text, o.out, true), hosts);
    write_file(o.out, text);
    note_secrets(r, d, o);
    p.finish(r);
}

} // namespace

void add_import(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand("import", p.in({"draft an imops.yaml from an installation that is there already",
                                                 "根据已有部署生成 imops.yaml 草稿"}));
    auto o = std::make_shared<ImportOptions>();
    c->add_option("hosts", o->hosts, p.in({"the hosts; `local` is this machine", "主机；`local` 表示本机"}))
        ->type_name("[NAME=]ADDRESS[:PORT]");
    c->add_option("-o,--out", o->out,
                  p.in({"the file to write (default: imops.yaml)", "要写入的文件（默认 imops.yaml）"}))
        ->type_name("FILE");
    c->add_option("--secrets", o->secrets,
                  p.in({"folder for the secrets (default: secrets/ beside the file)",
                        "敏感信息目录（默认为文件旁的 secrets/）"}))
        ->type_name("DIR");
    c->add_option("--from", o->from,
                  p.in({"read DIR/HOST/etc/… instead of the hosts", "读取 DIR/主机/etc/… 而不连接主机"}))
        ->type_name("DIR");
    c->add_option("--name", o->style.name,
                  p.in({"name of the deployment (default: its domain)", "部署名称（默认为域名）"}));
    c->add_option("--registered", o->style.registered, p.in({"accounts", "注册用户数"}))->check(not_negative(p));
    c->add_option("--user", o->style.user, p.in({"log-in user", "登录用户"}));
    c->add_option("--identity", o->style.identities, p.in({"private key file; repeatable", "私钥文件，可重复"}))
        ->type_name("FILE");
    c->add_option("--transport", o->transport,
                  p.in({"auto, local, libssh2 or openssh", "auto、local、libssh2 或 openssh"}))
        ->check(CLI::IsMember({"auto", "local", "libssh2", "openssh"}));
    c->add_flag("--sudo", o->style.sudo, p.in({"become root with sudo", "用 sudo 取得 root 权限"}));
    c->add_option("--host-key", o->style.host_key,
                  p.in({"strict, accept-new or SHA256:...", "strict、accept-new 或 SHA256:…"}));
    c->add_option("--known-hosts", o->style.known_hosts, p.in({"file of known host keys", "known_hosts 文件"}))
        ->type_name("FILE");
    c->add_option("--templates", o->template_folders,
                  p.in({"folder of a site's own templates; repeatable", "自有模板目录，可重复"}))
        ->type_name("DIR");
    c->add_flag("--force", o->force, p.in({"overwrite files that exist", "覆盖已有文件"}));
    add_format_option(*c, p, "--output");
    c->add_flag("--strict", p.strict, p.in({"warnings end with status 1 too", "有警告时也以状态 1 结束"}));
    c->add_flag("-a,--all", p.all, p.in({"show also what is ok or skipped", "也显示通过和跳过的项目"}));
    c->callback([&p, o] { run_import(p, *o); });
}

} // namespace imops
