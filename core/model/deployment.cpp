#include "core/model/deployment_file.hpp"
#include "core/model/rules.hpp"
#include "core/model/schema.hpp"
#include <algorithm>

namespace imops {

namespace {

const Rule<std::string> host_name = word_of("._-", 63), address = word_of("._-:[]%", 253),
                        user_name = word_of("._-", 64), dns_name = word_of("._-", 253);

Rule<double> at_least_zero() {
    return [](const double& x) -> std::optional<Objection> {
        if (x >= 0) return {};
        return Objection{say("{} is negative", "{} 是负数", x), Text{"Write 0 or more.", "请写 0 或更大的数。"}};
    };
}

Rule<std::string> key_mode() {
    return [](const std::string& s) -> std::optional<Objection> {
        if (s == "strict" || s == "accept-new" || (s.starts_with("SHA256:") && s.size() >= 50 && only(s, ":+/=")))
            return {};
        return Objection{
            say("'{}' is no way to verify a host key", "'{}' 不是校验主机密钥的方式", one_line(s, 80)),
            Text{"Use strict, accept-new or a fingerprint (SHA256:...); verification cannot be turned off.",
                 "请用 strict、accept-new 或指纹（SHA256:…）；校验不能关闭。"}};
    };
}

template <class X> void describe_access(X& x, Access& a) {
    x.may("port", a.port, {"SSH port", "SSH 端口"},
          Rule<std::optional<int>>{[](auto& p) { return port_number()(*p); }});
    x.may("user", a.user, {"user to log in as; default: the current one", "登录用户；默认为当前用户"}, user_name);
    x.may("transport", a.transport,
          {"auto, local (this machine), libssh2 or openssh", "auto、local（本机）、libssh2 或 openssh"});
    x.may("identities", a.identities,
          {"private key files; default: agent, then ~/.ssh/id_*", "私钥文件；默认先用 agent，再用 ~/.ssh/id_*"});
    secret(x, "passphrase", a.passphrase, {"passphrase of the private key", "私钥口令"});
    secret(x, "password", a.password, {"password for the log-in", "登录密码"});
    x.may("sudo", a.sudo, {"become root with sudo", "用 sudo 取得 root 权限"});
    secret(x, "sudo_password", a.sudo_password, {"password that sudo asks for", "sudo 所需的密码"});
    x.may("host_key", a.host_key,
          {"strict, accept-new or a fingerprint SHA256:...", "strict、accept-new 或指纹 SHA256:…"}, key_mode());
    x.may("known_hosts", a.known_hosts, {"file of known host keys", "known_hosts 文件"});
}

} // namespace

template <class X> void describe(X& x, Access& a) { describe_access(x, a); }

template <class X> void describe(X& x, HostEntry& h) {
    x.need("name", h.name, {"short unique name, used in reports", "唯一的短名称，用于报告"}, host_name);
    x.need("address", h.address, {"DNS name or IP address", "域名或 IP 地址"}, address);
    x.need("roles", h.roles,
           {"what the host is for: app, db, cache, proxy, media, turn, queue, search, monitor, backup, jump",
            "主机角色：app、db、cache、proxy、media、turn、queue、search、monitor、backup、jump"});
    x.may("components", h.components,
          {"components of the product that run here; default: the usual ones of its roles",
           "在此运行的产品组件；默认为其角色的常规组件"});
    x.may("via", h.via, {"jump host: the name of another host", "跳板机：另一台主机的名称"}, host_name);
    x.may("data", h.data, {"data directory; default: what the product uses", "数据目录；默认为产品的目录"},
          absolute_path());
    x.may("ports", h.ports,
          {"ports that differ from the product's usual ones, by their name there",
           "与产品默认不同的端口，按产品中的端口名给出"},
          Rule<std::map<std::string, int>>{[](auto& all) -> std::optional<Objection> {
              for (auto& [name, port] : all)
                  if (auto o = port_number()(port)) return o;
              return {};
          }});
    x.may("settings", h.settings,
          {"settings of templates that differ on this host: {component: {variable: value}}",
           "该主机上不同的模板设置：{组件: {变量: 值}}"});
    describe_access(x, h);
}

template <class X> void describe(X& x, Workload& w) {
    x.need("registered", w.registered, {"accounts", "注册用户数"}, at_least_zero());
    x.may("concurrent", w.concurrent,
          {"users on line at the busiest time; default: a tenth of the registered",
           "高峰同时在线数；默认为注册数的十分之一"},
          at_least_zero());
    x.may("messages", w.messages,
          {"messages a day, all users together; default: 40 for each user on line",
           "每日消息总数；默认每个在线用户 40 条"},
          at_least_zero());
    x.may("media", w.media, {"uploads a day, all users together", "每日上传总量"});
    x.may("retention", w.retention, {"how long messages and media are kept", "消息与媒体的保留时长"});
    x.may("growth", w.growth, {"more users a year", "用户年增长率"});
    x.may("federation", w.federation, {"none, small or open", "联邦：none、small 或 open"});
}

template <class X> void describe(X& x, Service& s) {
    x.need("name", s.name, {"short unique name", "唯一的短名称"}, host_name);
    x.need("type", s.type, {"kind of service", "服务类型"});
    x.may("host", s.host, {"host of the deployment on which it runs", "运行它的主机名称"}, host_name);
    x.may("address", s.address, {"its address, when it is on none of the hosts", "不在上述主机时的地址"}, address);
    x.may("port", s.port, {"its port; default: the usual one", "端口；默认为常用端口"}, port_number());
    x.may("via", s.via, {"host from which it is asked", "从哪台主机发起检查"}, host_name);
    x.may("user", s.user, {"account", "账号"});
    x.may("database", s.database, {"database name; bucket of s3", "数据库名；s3 的存储桶名"});
    x.may("region", s.region, {"region of s3; default: us-east-1", "s3 的 region；默认为 us-east-1"},
          word_of("._-", 63));
    secret(x, "password", s.password, {"password of the account", "账号密码"});
    x.may("tls", s.tls,
          {"whether it is spoken to with TLS; default: as the kind of service does by itself",
           "是否使用 TLS；默认取决于服务类型"});
    x.may("ca", s.ca,
          {"PEM file of the authority that signed its certificate; default: the system's",
           "签发其证书的 CA 文件（PEM）；默认用系统的"},
          absolute_path());
}

template <class X> void describe(X& x, EndpointEntry& e) {
    x.need("name", e.name, {"short unique name", "唯一的短名称"}, host_name);
    x.need("url", e.url,
           {"https://NAME/PATH, wss://, tcp://NAME:PORT, tls://, xmpp://DOMAIN, xmpp-server://, stun://, turn://, "
            "smtp://, dns:NAME?type=SRV",
            "https://域名/路径、wss://、tcp://域名:端口、tls://、xmpp://域名、xmpp-server://、stun://、turn://、smtp://"
            "、dns:域名?type=SRV"});
    x.may("at", e.at, {"ADDRESS or ADDRESS:PORT to connect to instead of the url's", "改为连接此 地址 或 地址:端口"},
          address);
    x.may("via", e.via, {"host from which it is asked", "从哪台主机发起检查"}, host_name);
    x.may("expect", e.expect, {"what it must answer", "期望的应答"});
    x.may("within", e.within, {"longest time for the whole answer", "完整应答的最长时间"});
    x.may("reachable", e.reachable, {"no: nobody may get an answer there", "no：不应能访问"});
    x.may("user", e.user, {"account", "账号"});
    secret(x, "password", e.password,
           {"password of the account, or the shared secret of TURN", "账号密码，或 TURN 的共享密钥"});
    x.may("ca", e.ca,
          {"PEM file of the authority that signed its certificate; default: the system's",
           "签发其证书的 CA 文件（PEM）；默认用系统的"},
          absolute_path());
}

template <class X> void describe(X& x, Waiver& w) {
    x.need("check", w.check, {"id of the check", "检查项 id"});
    x.may("host", w.host, {"host it is for; default: all", "适用的主机；默认全部"}, host_name);
    x.need("reason", w.reason, {"why it is accepted", "接受的理由"},
           Rule<std::string>{[](const std::string& s) -> std::optional<Objection> {
               if (trim(s).size() >= 5) return {};
               return Objection{Text{"a waiver needs a reason", "豁免必须写明理由"},
                                Text{"Say in a few words why, for the one who reads it next year.",
                                     "请写几个字，让明年看到的人明白原因。"}};
           }});
    x.need("until", w.until, {"last day on which it holds, such as 2027-01-31", "有效期的最后一天，如 2027-01-31"});
}

template <class X> void describe(X& x, Override& o) {
    x.may("fail", o.fail, {"condition instead of the pack's", "替换检查包中的条件"});
    x.may("warn", o.warn, {"condition instead of the pack's", "替换检查包中的条件"});
    x.may("level", o.level, {"warn: a failure counts as a warning", "warn：失败按警告计"},
          Rule<std::string>{[](const std::string& s) -> std::optional<Objection> {
              if (s == "warn") return {};
              return Objection{say("'{}' is not possible", "不能写 '{}'", one_line(s, 40)),
                               Text{"Only `level: warn`; to switch it off write `off: reason`.",
                                    "只能写 `level: warn`；要关闭请写 `off: 理由`。"}};
          }});
    x.may("off", o.off, {"the reason why it is not judged", "不做该检查的理由"});
}

template <class X> void describe(X& x, LogWish& l) {
    x.need("file", l.file, {"the file that is written on", "日志文件"}, absolute_path());
    x.may("level", l.level, {"debug, info (default), warning or error", "debug、info（默认）、warning 或 error"});
    x.may("format", l.format, {"text (default) or json: an object a line", "text（默认）或 json（每行一个对象）"});
    x.may("size", l.size, {"a new file is begun then; default: 10 MiB", "超过该大小时换新文件；默认 10 MiB"},
          Rule<Bytes>{[](const Bytes& b) -> std::optional<Objection> {
              if (b.value >= 65536) return {};
              return Objection{Text{"too small for a log", "日志大小过小"}, Text{"At least 64 KiB.", "至少 64 KiB。"}};
          }});
    x.may("keep", l.keep, {"former files that are kept; default: 5", "保留的旧文件数；默认 5"},
          Rule<int>{[](const int& n) -> std::optional<Objection> {
              if (n >= 0 && n <= 1000) return {};
              return Objection{say("{} files cannot be kept", "不能保留 {} 个文件", n),
                               Text{"From 0 to 1000.", "请写 0 到 1000。"}};
          }});
}

template <class X> void describe(X& x, DeploymentFile& f) {
    auto& d = f.d;
    x.need("imops", d.format, {"version of this file's format: 1", "文件格式版本：1"},
           Rule<int>{[](const int& v) -> std::optional<Objection> {
               if (v == 1) return {};
               return Objection{say("format {} is not known", "不支持格式 {}", v),
                                Text{"This imops reads format 1.", "此版本的 imops 读取格式 1。"}};
           }});
    x.need("name", d.name, {"name of the deployment", "部署名称"}, word_of("._-", 63));
    x.need("product", d.product,
           {"what is deployed, such as synapse; `imops size --products` lists them",
            "产品，如 synapse；`imops size --products` 列出全部"});
    x.may("language", d.language, {"language of reports: en or zh", "报告语言：en 或 zh"},
          Rule<std::string>{[](const std::string& s) -> std::optional<Objection> {
              if (s == "en" || s == "zh") return {};
              return Objection{say("language '{}' is not known", "不支持语言 '{}'", one_line(s, 40)),
                               Text{"Use en or zh.", "请写 en 或 zh。"}};
          }});
    x.may("airgap", d.airgap, {"the hosts have no way to the Internet", "主机不能访问互联网"});
    x.may("names", d.names, {"DNS names by which clients reach the service", "客户端访问用的域名"},
          Rule<std::vector<std::string>>{[](auto& all) -> std::optional<Objection> {
              for (auto& n : all)
                  if (auto o = dns_name(n)) return o;
              return {};
          }});
    x.may("domain", d.domain,
          {"what stands behind the @ (Matrix: behind the colon) of an account; default: the first of names",
           "账号 @ 之后（Matrix 为冒号之后）的域名；默认为 names 的第一个"},
          dns_name);
    x.may("ca", d.ca,
          {"PEM file of the site's own authority, for services and endpoints that name none",
           "站点自建 CA 的 PEM 文件，用于没有单独指定的服务和端点"},
          absolute_path());
    x.need("workload", d.workload, {"how many people and messages", "用户与消息规模"});
    x.may("ssh", f.ssh, {"how hosts are reached, unless a host says otherwise", "主机的默认登录方式"});
    x.need("hosts", f.hosts, {"the machines", "主机列表"});
    x.may("services", f.services, {"databases, caches and other components", "数据库、缓存等组件"});
    x.may("endpoints", f.endpoints,
          {"what must answer, or must not, for `imops probe`", "须能（或不应能）访问的端点，供 `imops probe` 使用"});
    x.may("message", d.message,
          {"two accounts between which `imops probe --message` sends a message",
           "供 `imops probe --message` 互发消息的两个账号"});
    x.may("waivers", f.waivers, {"findings that are accepted for a time", "限期接受的问题"});
    x.may("checks", d.checks, {"changes to single checks, by id", "按 id 调整单个检查项"});
    x.may("settings", d.settings,
          {"settings of templates: {component: {variable: value}}; `imops templates list` shows them",
           "模板设置：{组件: {变量: 值}}；`imops templates list` 可查看"});
    x.may("log", d.log, {"where imops writes what it does", "imops 自身的日志"});
}

namespace {

const SecretRef& either(const SecretRef& own, const SecretRef& common) { return own.empty() ? common : own; }
const std::string& either(const std::string& own, const std::string& common) { return own.empty() ? common : own; }

Host made(const HostEntry& e, const Access& common) {
    Host h;
    h.name = e.name;
    h.address = e.address;
    h.via = e.via;
    h.data = e.data;
    h.components = e.components;
    h.ports = e.ports;
    h.settings = e.settings;
    for (auto r : e.roles) h.roles.emplace_back(word(r));
    h.port = e.port.value_or(common.port.value_or(22));
    h.user = either(e.user, common.user);
    h.transport = e.transport.value_or(common.transport.value_or(Transport::automatic));
    for (auto& i : e.identities.empty() ? common.identities : e.identities) h.identities.push_back(expand_home(i));
    h.passphrase = either(e.passphrase, common.passphrase);
    h.password = either(e.password, common.password);
    auto& sudo_password = either(e.sudo_password, common.sudo_password);
    if (e.sudo.value_or(common.sudo.value_or(!sudo_password.empty()))) {
        h.sudo = sudo_password.empty() ? Sudo::ask_without_password : Sudo::password;
        h.sudo_password = sudo_password;
    }
    h.host_key = either(e.host_key, common.host_key);
    if (h.host_key.empty()) h.host_key = "strict";
    h.known_hosts = expand_home(either(e.known_hosts, common.known_hosts));
    return h;
}

} // namespace

const Host* Deployment::host(std::string_view n) const {
    auto it = std::find_if(hosts.begin(), hosts.end(), [&](auto& h) { return h.name == n; });
    return it == hosts.end() ? nullptr : &*it;
}

const std::string& Deployment::address(const Service& s) const {
    auto* on = s.address.empty() ? host(s.host) : nullptr;
    return on ? on->address : s.address;
}

std::vector<const Host*> Deployment::with_role(std::string_view role) const {
    std::vector<const Host*> found;
    for (auto& h : hosts)
        if (std::find(h.roles.begin(), h.roles.end(), role) != h.roles.end()) found.push_back(&h);
    return found;
}

Deployment parse_deployment(std::string text, std::string file, const KnownNames& names) {
    Problems problems{file};
    DeploymentFile f;
    read_document(text, f, problems);
    if (problems.none()) {
        validate_hosts(f, problems);
        validate_references(f, problems);
    } else if (!f.hosts.empty())
        validate_hosts(f, problems);
    validate_names(f, names, problems);
    if (!problems.none()) throw Failure{problems.take()};
    auto& d = f.d;
    d.file = std::move(file);
    d.text = std::move(text);
    for (auto& h : f.hosts) d.hosts.push_back(made(*h, f.ssh));
    for (auto& s : f.services) d.services.push_back(std::move(s.value));
    if (d.domain.empty() && !d.names.empty()) d.domain = d.names.front();
    for (auto& e : f.endpoints) d.endpoints.push_back(std::move(e.value));
    for (auto* list : {&d.services, &d.endpoints})
        for (auto& s : *list)
            if (s.ca.empty()) s.ca = d.ca;
    for (auto& s : d.services)
        if (s.type == ServiceType::s3 && !s.tls)
            s.tls = true; // of files nothing goes over the network in clear unless somebody says so
    for (auto& w : f.waivers) d.waivers.push_back(std::move(w.value));
    if (d.workload.concurrent == 0) d.workload.concurrent = d.workload.registered / 10;
    if (d.workload.messages == 0) d.workload.messages = d.workload.concurrent * 40;
    return std::move(d);
}

nlohmann::ordered_json deployment_schema(Lang lang) { return Schema::document<DeploymentFile>(lang); }

} // namespace imops
