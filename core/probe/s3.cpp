#include "core/probe/s3.hpp"
#include "core/base/string.hpp"
#include "core/client/http_words.hpp"
#include "core/client/xml.hpp"
#include "core/probe/http.hpp"
#include <algorithm>
#include <array>

namespace imops::probe {

namespace {

constexpr std::string_view usual_region = "us-east-1"; // which MinIO and Ceph take as well

/// What stands directly in the root of a short document.
struct Document {
    std::string root;
    std::map<std::string, std::string, std::less<>> texts;

    std::string of(std::string_view name) const {
        auto it = texts.find(name);
        return it == texts.end() ? std::string{} : one_line(it->second, 200);
    }
};

Document read(std::string_view xml) {
    Document d;
    XmlStream stream;
    stream.feed(xml);
    Element e;
    for (XmlStream::Got got; (got = stream.next(e)) == XmlStream::Got::root || got == XmlStream::Got::element;)
        if (got == XmlStream::Got::root)
            d.root = e.name;
        else
            d.texts.try_emplace(e.name, e.text);
    return d;
}

struct Words {
    std::string_view said, code;
    Text what, remedy;
};

constexpr Words not_there{"NoSuchBucket",
                          "bucket_missing",
                          {"there is no such bucket", "存储桶不存在"},
                          {"Compare `database` in imops.yaml with the application's settings; `mc ls STORE` or `aws "
                           "--endpoint-url URL s3 ls` lists the buckets. If it was never made: `mc mb STORE/BUCKET`.",
                           "请核对 imops.yaml 中的 `database` 与应用的配置；用 `mc ls 存储名` 或 `aws --endpoint-url "
                           "地址 s3 ls` 列出存储桶。从未创建时：`mc mb 存储名/桶名`。"}};
constexpr Words unknown_key{
    "InvalidAccessKeyId",
    "key_wrong",
    {"the store does not know this access key id", "对象存储中没有该 access key id"},
    {"Compare `user` in imops.yaml with the store's list of keys: `mc admin user ls STORE`, `radosgw-admin user info "
     "--uid NAME`, `garage key list`. Was it removed or replaced? Then the application needs the new one as well.",
     "请核对 imops.yaml 中的 `user` 与对象存储的密钥列表：`mc admin user ls 存储名`、`radosgw-admin user info --uid "
     "用户`、`garage key list`。是否已删除或更换？如已更换，应用也需要更新。"}};
constexpr Words bad_signature{
    "SignatureDoesNotMatch",
    "secret_wrong",
    {"the signature does not match: the secret key is wrong, or something between changes the request",
     "签名不匹配：secret key 有误，或中间设备改动了请求"},
    {"Compare what `password` points to with the store's key, without blanks around it. If the key is right, a proxy "
     "in front changes what was signed: in nginx `proxy_set_header Host $http_host;`, and no path of its own in "
     "`proxy_pass`.",
     "请核对 `password` "
     "所指的内容与对象存储中的密钥，首尾不能有空格。密钥无误时，是前面的代理改动了已签名的内容：nginx 中请写 "
     "`proxy_set_header Host $http_host;`，且 `proxy_pass` 不带路径。"}};
constexpr Words wrong_clock{"RequestTimeTooSkewed",
                            "clock_skew",
                            {"the clocks of this machine and of the store are more than 15 minutes apart",
                             "本机与对象存储的时钟相差超过 15 分钟"},
                            {"`timedatectl` on both shows which is wrong; there: `timedatectl set-ntp true`, and "
                             "`chronyc sources` for whether it finds a time server.",
                             "在两边执行 `timedatectl`，看哪一边不准；在不准的一边执行 `timedatectl set-ntp "
                             "true`，并用 `chronyc sources` 确认能连上时间服务器。"}};
constexpr std::array<Words, 9> refusals{{
    not_there,
    unknown_key,
    bad_signature,
    wrong_clock,
    {"AccessDenied",
     "denied",
     {"the key is right, but may not list this bucket", "密钥有效，但无权列出该存储桶"},
     {"Give its user a policy with `s3:ListBucket` on `arn:aws:s3:::BUCKET`, and on `arn:aws:s3:::BUCKET/*` what the "
      "application needs (`s3:GetObject`, `s3:PutObject`, `s3:DeleteObject`): `mc admin policy attach STORE POLICY "
      "--user KEY`.",
      "请给该用户授予策略：对 `arn:aws:s3:::桶名` 有 `s3:ListBucket`，对 `arn:aws:s3:::桶名/*` "
      "有应用所需的权限（`s3:GetObject`、`s3:PutObject`、`s3:DeleteObject`）：`mc admin policy attach 存储名 策略 "
      "--user 密钥`。"}},
    {"InvalidBucketName",
     "bucket_missing",
     {"this can be no name of a bucket", "这不是合法的存储桶名"},
     {"3 to 63 small letters, digits, dots and hyphens: correct `database` in imops.yaml.",
      "应为 3 到 63 个小写字母、数字、点或连字符：请改正 imops.yaml 中的 `database`。"}},
    {"SecondLevelDomainForbidden",
     "path_style",
     {"the store wants the bucket in the domain name, not in the path", "对象存储要求把存储桶写在域名中，而不是路径中"},
     {"In imops.yaml write the bucket's own domain as `address` (BUCKET.oss-cn-hangzhou.aliyuncs.com) and leave "
      "`database` out.",
      "请在 imops.yaml 的 `address` 中填写存储桶自己的域名（桶名.oss-cn-hangzhou.aliyuncs.com），并删去 `database`。"}},
    {"PathStyleDomainForbidden",
     "path_style",
     {"the store wants the bucket in the domain name, not in the path", "对象存储要求把存储桶写在域名中，而不是路径中"},
     {"In imops.yaml write the bucket's own domain as `address` (BUCKET.cos.ap-guangzhou.myqcloud.com) and leave "
      "`database` out.",
      "请在 imops.yaml 的 `address` 中填写存储桶自己的域名（桶名.cos.ap-guangzhou.myqcloud.com），并删去 "
      "`database`。"}},
    {"AccountProblem",
     "denied",
     {"the account of this key is blocked", "该密钥的账号已被停用"},
     {"Ask who runs the store: an unpaid bill, or a user that was switched off.",
      "请联系对象存储的管理方：可能欠费，或用户已被停用。"}},
}};

using Fault = std::optional<std::pair<std::string, Error>>;

Fault fault(std::string_view code, Line what, Line remedy) {
    return std::pair{std::string{code}, Error{Code::remote, std::move(what), std::move(remedy), {}}};
}

Line where(const Target& t) {
    auto place = fmt::format("{}:{}", t.address, t.port);
    auto at = t.database.empty() ? Line{place, place}
                                 : say("{}, bucket {}", "{}，存储桶 {}", place, one_line(t.database, 63));
    return t.origin.via ? say("{} from {}", "{}（从 {}）", at, t.origin.via->name) : at;
}

std::string region(const Target& t) {
    return t.service->region.empty() ? std::string{usual_region} : t.service->region;
}

bool is_list(const Document& d) { return d.root == "ListBucketResult" || d.root == "ListAllMyBucketsResult"; }

/// Who it may be that answers without the XML of S3.
Fault somebody_else(const Target& t, const net::Response& r) {
    if (!t.tls && r.status == 400 && r.body.find("HTTPS") != r.body.npos) // of Go's servers and nginx
        return fault("tls_wanted", say("{}: this port speaks only TLS", "{}：该端口只接受 TLS", where(t)),
                     Text{"Leave `tls: no` out in imops.yaml, there and in the application.",
                          "请删去 imops.yaml 中的 `tls: no`，应用的配置也应使用 https。"});
    auto* server = r.header("Server");
    auto* to = r.header("Location");
    auto shown = to               ? say("it leads to {}", "它重定向到 {}", one_line(*to, 120))
                 : r.body.empty() ? Line{Text{"without a body", "没有响应体"}}
                                  : Line{one_line(r.body, 80), one_line(r.body, 80)};
    auto who = server ? say(" of {}", "（{}）", one_line(*server, 60)) : Line{};
    if (r.status >= 500) {
        auto& words = status_words(r.status, false);
        return fault(words.code, say("{}: HTTP {}{}: {}", "{}：HTTP {}{}：{}", where(t), r.status, who, words.what),
                     words.remedy);
    }
    return fault(
        "not_s3",
        say("{}: an HTTP server{} answers, which does not speak S3: HTTP {}, {}",
            "{}：应答的是 HTTP 服务{}，不是 S3：HTTP {}，{}", where(t), who, r.status, shown),
        Text{"Correct address and port: the API of MinIO listens on 9000 (its console, on 9001, is a web page), Ceph's "
             "on 7480, Garage's on 3900. Behind a proxy the whole site must lead there: S3 has no path of its own.",
             "请改正地址和端口：MinIO 的 API 在 9000 端口（9001 是网页控制台），Ceph 为 7480，Garage 为 "
             "3900。经过代理时整个站点都应转发到那里，S3 不能放在子路径下。"});
}

/// The store lies, or the bucket, in another region than was signed for. Empty: not that.
Fault elsewhere(const Target& t, const net::Response& r, const Document& d) {
    auto said = d.of("Code");
    auto* header = r.header("x-amz-bucket-region");
    auto wanted = header ? one_line(*header, 63) : d.of("Region");
    bool moved = said == "PermanentRedirect" || said == "TemporaryRedirect" || said == "Redirect";
    if (!moved && said != "AuthorizationHeaderMalformed" && said != "AuthorizationQueryParametersError") return {};
    auto endpoint = d.of("Endpoint");
    auto own = region(t);
    if (!wanted.empty() && wanted != own)
        return fault("region_wrong",
                     say("{}: the region is {}, not {}", "{}：region 是 {}，不是 {}", where(t), wanted, own),
                     say("Write `region: {}` for this service in imops.yaml{}, and the same in the application.",
                         "请在 imops.yaml 的该服务中写 `region: {}`{}，应用的配置也应一致。", wanted,
                         endpoint.empty() ? Line{} : say(" and {} as its address", "，地址改为 {}", endpoint)));
    auto more = endpoint.empty() ? d.of("Message") : endpoint;
    return fault("region_wrong",
                 say("{}: the bucket is in another region or at another address than {}: {}",
                     "{}：存储桶不在 {} 区域或该地址：{}", where(t), own, more),
                 Text{"Write the region that the store names as `region`, or the address as `address`: in MinIO "
                      "`MINIO_SITE_REGION`, in Garage `s3_region`, in Ceph the zonegroup.",
                      "请把对象存储给出的区域写入 `region`，或把地址写入 `address`：MinIO 为 "
                      "`MINIO_SITE_REGION`，Garage 为 `s3_region`，Ceph 为 zonegroup。"});
}

Fault refused(const Target& t, const net::Response& r, const Document& d) {
    auto said = d.of("Code");
    auto message = d.of("Message");
    if (auto other = elsewhere(t, r, d)) return other;
    auto it = std::ranges::find(refusals, said, &Words::said);
    if (it != refusals.end()) {
        auto time = d.of("ServerTime");
        if (auto* date = r.header("Date"); time.empty() && date) time = one_line(*date, 40);
        auto clock = it->code == wrong_clock.code && !time.empty()
                         ? say("; the store's says {}", "；对象存储的时间为 {}", time)
                         : Line{};
        return fault(it->code, say("{}: {}{}", "{}：{}{}", where(t), it->what, clock), it->remedy);
    }
    if (r.status >= 500)
        return fault(
            "unavailable",
            say("{}: the store cannot work now: {}: {}", "{}：对象存储暂时无法工作：{}：{}", where(t), said, message),
            Text{"Its log says why: `journalctl -u minio -n 100`, `ceph health detail`, `garage status`. Often too few "
                 "of its disks or nodes are there, or a disk is full; SlowDown: it has too many requests.",
                 "原因见其日志：`journalctl -u minio -n 100`、`ceph health detail`、`garage "
                 "status`。多半是在线的磁盘或节点不足，或磁盘已满；SlowDown 表示请求过多。"});
    return fault("s3_error",
                 say("{}: the store refuses: HTTP {}, {}: {}", "{}：对象存储拒绝请求：HTTP {}，{}：{}", where(t),
                     r.status, said, message),
                 Text{"The store's log says more; `mc ls STORE/BUCKET` or `aws --endpoint-url URL s3 ls s3://BUCKET` "
                      "asks the same.",
                      "详情见对象存储的日志；用 `mc ls 存储名/桶名` 或 `aws --endpoint-url 地址 s3 ls s3://桶名` "
                      "可发出同样的请求。"});
}

/// The log-in that is half said.
Fault half_a_key(const Target& t) {
    if (t.user.empty() == !t.password) return {};
    return fault("key_incomplete",
                 say("service {}: {}", "服务 {}：{}", t.service->name,
                     t.user.empty() ? Line{Text{"a secret key is given, but no access key id",
                                                "给出了 secret key，但没有 access key id"}}
                                    : Line{Text{"an access key id is given, but no secret key",
                                                "给出了 access key id，但没有 secret key"}}),
                 Text{"In imops.yaml write both, `user: KEY_ID` and `password: {env: NAME}`; or none, to see that "
                      "strangers are refused.",
                      "请在 imops.yaml 中同时写 `user: KEY_ID` 和 `password: {env: "
                      "变量名}`；或都不写，只检查匿名访问会被拒绝。"});
}

/// The HTTP engine's words are about urls, which a service of this kind has not.
Error of_engine(Error e, bool tls) {
    if (tls && e.code == Code::handshake && e.what.en.ends_with("does not speak TLS"))
        e.remedy = Text{"Turn TLS on in the store (MinIO: public.crt and private.key in ~/.minio/certs), or correct "
                        "the port. A store that is meant to be spoken to in clear, in a network of its own, has `tls: "
                        "no`: then everybody on the way reads what is stored.",
                        "请在对象存储上启用 TLS（MinIO：把 public.crt 和 private.key 放入 "
                        "~/.minio/certs），或改正端口。只有在独立内网中本就使用明文的对象存储才写 `tls: "
                        "no`：此时途中任何人都能读到存取的内容。"};
    if (!tls && e.code == Code::not_http)
        e.remedy = Text{"If the port wants TLS leave `tls: no` out. Else correct address and port: `ss -ltnp` on its "
                        "host shows which process has which port.",
                        "该端口要求 TLS 时请删去 `tls: no`。否则请改正地址和端口：在其主机上用 `ss -ltnp` "
                        "查看各端口属于哪个进程。"};
    return e;
}

} // namespace

std::optional<std::pair<std::string, Error>> s3_fault(const Target& t, const net::Response& r) {
    auto d = read(r.body);
    if (d.root == "Error" && d.texts.contains("Code")) {
        if (t.user.empty() && d.of("Code") == "AccessDenied") return {}; // as strangers should be
        return refused(t, r, d);
    }
    if (r.status != 200 || !is_list(d)) return somebody_else(t, r);
    if (!t.user.empty()) return {};
    return fault(
        "open", say("{}: everybody can list it, without any key", "{}：任何人不需密钥即可列出其内容", where(t)),
        Text{"Names of files and often the files themselves are open to whoever reaches this address: `mc anonymous "
             "set none STORE/BUCKET`, or take the bucket's public policy away. To see more give `user` and `password`.",
             "凡能访问该地址的人都能看到文件名，往往也能读到文件：执行 `mc anonymous set none "
             "存储名/桶名`，或删除存储桶的公开策略。要进一步检查请给出 `user` 和 `password`。"});
}

Told ask_s3(const Target& t) {
    Answer answer;
    if (auto half = half_a_key(t)) {
        answer.fail(std::move(half->first), std::move(half->second));
        return answer.told(*t.service);
    }
    net::Request q;
    q.url =
        fmt::format("{}{}?list-type=2&max-keys=1", root_url(t), percent_escaped(t.database)); // sorted: so it is signed
    q.ca = t.wish.ca;
    q.where = where(t);
    q.body_limit = 64 << 10;
    q.whole = false;
    if (t.password) q.s3 = {t.user, region(t), t.password};
    auto r = fetch(t, std::move(q));
    if (!r) {
        answer.fail(of_engine(r.error(), t.tls));
        return answer.told(*t.service);
    }
    auto* server = (*r).header("Server");
    answer.seen(fmt::format("S3, HTTP {}{}{}", (*r).status, server ? ", " : "", server ? *server : ""));
    tell_times(*r, answer);
    if (auto wrong = s3_fault(t, *r)) answer.fail(std::move(wrong->first), std::move(wrong->second));
    return answer.told(*t.service);
}

} // namespace imops::probe
