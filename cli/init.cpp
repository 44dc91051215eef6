#include "cli/program.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <filesystem>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace imops {

namespace {

struct Options {
    std::string product, name = "im";
    double registered = 0, concurrent = 0;
    std::vector<std::string> hosts; // NAME=ADDRESS:ROLE[,ROLE]
    std::string user;
    bool force = false, airgap = false;
};

std::string ask(const Program& p, Text question, const std::string& otherwise) {
    std::cerr << question.in(p.lang) << " [" << otherwise << "] " << std::flush;
    std::string answer;
    if (!std::getline(std::cin, answer)) throw Failure{Error{Code::interrupted, Text{"no answer", "没有输入"}, {}, {}}};
    auto t = trim(answer);
    return t.empty() ? otherwise : std::string{t};
}

double ask_number(const Program& p, Text question, double otherwise) {
    for (;;) {
        auto answer = parse_number(ask(p, question, fmt::format("{:.0f}", otherwise)));
        if (answer && *answer >= 0) return *answer;
        std::cerr << p.in({"a number, please", "请输入数字"}) << '\n';
    }
}

void ask_all(const Program& p, Options& o) {
    auto ids = p.product_ids();
    std::cerr << p.in({"Products: ", "产品："}) << fmt::format("{}", fmt::join(ids, ", ")) << '\n';
    while (o.product.empty()) {
        auto answer = ask(p, {"Product?", "哪个产品？"}, "synapse");
        if (std::find(ids.begin(), ids.end(), answer) != ids.end())
            o.product = answer;
        else
            std::cerr << say("'{}' is not known; did you mean '{}'?", "未知的产品 '{}'，是否想写 '{}'？",
                             one_line(answer, 40), nearest(answer, ids))
                             .in(p.lang)
                      << '\n';
    }
    if (!o.registered) o.registered = ask_number(p, {"Registered users?", "注册用户数？"}, 1000);
    if (!o.concurrent)
        o.concurrent = ask_number(p, {"Users on line at the busiest time?", "高峰同时在线人数？"},
                                  std::max(1.0, o.registered / 10));
    if (!o.hosts.empty()) return;
    std::cerr << p.in({"Hosts, one a line as NAME=ADDRESS:ROLE,ROLE (roles: app db cache proxy media turn); an empty "
                       "line ends.",
                       "逐行输入主机，格式 名称=地址:角色,角色（角色：app db cache proxy media turn）；空行结束。"})
              << '\n';
    for (;;) {
        auto line = ask(p, {"Host?", "主机？"}, o.hosts.empty() ? "app1=127.0.0.1:app,db,cache,proxy" : "");
        if (line.empty()) break;
        o.hosts.push_back(line);
        if (o.hosts.size() == 1 && line.find("127.0.0.1") != line.npos) break;
    }
}

/// One host of the file. The address may be an IPv6 address: the roles begin after the last colon.
std::string host_block(const std::string& spec, Lang lang) {
    auto equals = spec.find('='), colon = spec.rfind(':');
    if (equals == spec.npos || colon == spec.npos || colon < equals)
        throw Failure{Error{
            Code::usage,
            say("--host {}: not NAME=ADDRESS:ROLE,ROLE", "--host {}：格式不是 名称=地址:角色,角色", one_line(spec, 60)),
            Text{"For example: --host app1=10.0.0.11:app,proxy", "例如：--host app1=10.0.0.11:app,proxy"},
            {}}};
    auto name = spec.substr(0, equals), address = spec.substr(equals + 1, colon - equals - 1),
         roles = spec.substr(colon + 1);
    bool local = address == "127.0.0.1" || address == "localhost" || address == "::1";
    auto s = fmt::format("  - name: {}\n    address: {}\n    roles: [{}]\n", name, address, roles);
    for (std::size_t at = 0; (at = s.find(",", at)) != s.npos && s[at + 1] != ' '; at += 2) s.insert(at + 1, " ");
    if (local)
        s += fmt::format("    transport: local          # {}\n",
                         Text{"this machine, without SSH", "本机，不经过 SSH"}.in(lang));
    return s;
}

std::string rendered(const Program& p, const Options& o) {
    auto c = [&](Text t) { return std::string{t.in(p.lang)}; };
    std::string s;
    s += "# " +
         c({"The deployment, as imops sees it. `imops validate` reports every mistake; `imops schema > "
            "imops.schema.json` lets editors complete it.",
            "imops 所见的部署。`imops validate` 报告所有错误；`imops schema > imops.schema.json` "
            "可让编辑器自动补全。"}) +
         "\n";
    s += "# yaml-language-server: $schema=imops.schema.json\n";
    s += "imops: 1                      # " + c({"format of this file", "文件格式版本"}) + "\n";
    s += fmt::format("name: {}\nproduct: {}\n", o.name, o.product);
    if (p.lang == Lang::zh) s += "language: zh                  # " + c({"language of reports", "报告语言"}) + "\n";
    if (o.airgap) s += "airgap: true                  # " + c({"no way to the Internet", "不能访问互联网"}) + "\n";
    s += "# names: [im.example.org]     # " +
         c({"DNS names by which clients reach the service", "客户端访问用的域名"}) + "\n\n";
    s += fmt::format("workload:\n  registered: {:.0f}\n  concurrent: {:.0f}            # {}\n", o.registered,
                     o.concurrent, c({"on line at the busiest time", "高峰同时在线"}));
    s += fmt::format("  messages: {:.0f}              # {}\n", o.concurrent * 40,
                     c({"a day, all users together", "每日消息总数"}));
    s += fmt::format("  media: {}               # {}\n  retention: 365 days\n  growth: 20 %                # {}\n\n",
                     "2 GiB", c({"uploads a day", "每日上传量"}), c({"more users a year", "用户年增长率"}));
    s += fmt::format("ssh:                          # {}\n  {}user: {}\n",
                     c({"for all hosts, unless a host says otherwise", "所有主机的默认值，主机可另行指定"}),
                     o.user.empty() ? "# " : "", o.user.empty() ? "root" : o.user);
    if (!o.user.empty() && o.user != "root") s += "  sudo: true\n";
    s += "  # identities: [~/.ssh/id_ed25519]\n  # host_key: strict          # " +
         c({"or accept-new, or SHA256:...", "或 accept-new，或 SHA256:…"}) + "\n\nhosts:\n";
    for (auto& h : o.hosts) s += host_block(h, p.lang);
    s += "    # via: bastion             # " + c({"jump host: the name of another host", "跳板机：另一台主机的名称"}) +
         "\n";
    s += "    # data: /srv/im            # " +
         c({"data directory, if not the product's usual one", "数据目录（若非产品默认目录）"}) + "\n\n";
    s += "# waivers:                    # " + c({"findings that are accepted for a time", "限期接受的问题"}) +
         "\n#   - {check: swap.present, host: app1, reason: \"" +
         c({"approved by the customer until the move", "迁移前客户已批准"}) + "\", until: 2027-03-31}\n";
    return s;
}

void run_init(Program& p, Options& o) {
    if (std::filesystem::exists(p.config) && !o.force)
        throw Failure{Error{Code::usage,
                            say("{} exists already", "{} 已存在", p.config),
                            Text{"Name another file with --config, or overwrite it with --force.",
                                 "用 --config 指定其他文件，或用 --force 覆盖。"},
                            {}}};
    if (::isatty(STDIN_FILENO) && (o.product.empty() || !o.registered || o.hosts.empty())) ask_all(p, o);
    std::vector<Error> missing;
    auto need = [&](bool there, std::string_view flag, std::string_view example) {
        if (!there)
            missing.push_back(
                {Code::usage, say("{} is needed", "缺少 {}", flag), say("For example: {}", "例如：{}", example), {}});
    };
    need(!o.product.empty(), "--product", "--product synapse");
    need(o.registered > 0, "--registered", "--registered 5000");
    need(!o.hosts.empty(), "--host", "--host app1=10.0.0.11:app,proxy --host db1=10.0.0.12:db,cache");
    if (!missing.empty()) throw Failure{std::move(missing)};
    if (!o.concurrent) o.concurrent = std::max(1.0, o.registered / 10);
    p.product(o.product);
    auto text = rendered(p, o);
    parse_deployment(text, p.config); // what was given on the command line may be wrong
    write_file(p.config, text);
    std::cout << say("{} written; next: imops validate, imops size, imops preflight",
                     "已写入 {}；下一步：imops validate、imops size、imops preflight", p.config)
                     .in(p.lang)
              << '\n';
}

} // namespace

void add_init(CLI::App& app, Program& p) {
    auto* c = app.add_subcommand(
        "init", p.in({"write a commented imops.yaml; asks on a terminal", "生成带注释的 imops.yaml；在终端上会提问"}));
    auto o = std::make_shared<Options>();
    add_config_option(*c, p);
    c->add_option(
        "--product", o->product,
        p.in({"what is deployed; `imops size --products` lists them", "产品；`imops size --products` 列出全部"}));
    c->add_option("--name", o->name, p.in({"name of the deployment", "部署名称"}));
    c->add_option("--registered", o->registered, p.in({"accounts", "注册用户数"}))->check(not_negative(p));
    c->add_option("--concurrent", o->concurrent, p.in({"users on line at the busiest time", "高峰在线人数"}))
        ->check(not_negative(p));
    c->add_option("--host", o->hosts, p.in({"a host with its roles; repeatable", "主机及其角色，可重复"}))
        ->type_name("NAME=ADDRESS:ROLE[,ROLE]");
    c->add_option("--user", o->user, p.in({"log-in user", "登录用户"}));
    c->add_flag("--airgap", o->airgap, p.in({"the hosts have no way to the Internet", "主机不能访问互联网"}));
    c->add_flag("--force", o->force, p.in({"overwrite an existing file", "覆盖已有文件"}));
    c->callback([&p, o] { run_init(p, *o); });
}

} // namespace imops
