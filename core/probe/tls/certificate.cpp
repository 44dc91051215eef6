#include "core/probe/tls/certificate.hpp"
#include "core/base/string.hpp"
#include <arpa/inet.h>
#include <ctime>
#include <openssl/x509v3.h>

namespace imops::probe {

namespace {

struct Free {
    void operator()(X509* x) const { ::X509_free(x); }
    void operator()(BIO* b) const { ::BIO_free(b); }
    void operator()(GENERAL_NAMES* g) const { ::GENERAL_NAMES_free(g); }
    void operator()(X509_STORE_CTX* c) const { ::X509_STORE_CTX_free(c); }
    void operator()(STACK_OF(X509) * s) const { ::sk_X509_pop_free(s, ::X509_free); }
    void operator()(AUTHORITY_INFO_ACCESS* a) const { ::AUTHORITY_INFO_ACCESS_free(a); }
};
template <class T> using Own = std::unique_ptr<T, Free>;

Own<X509> leaf_of(SSL* s) { return Own<X509>{::SSL_get1_peer_certificate(s)}; }

long long seconds(const ASN1_TIME* t) {
    std::tm tm{};
    return t && ::ASN1_TIME_to_tm(t, &tm) == 1 ? ::timegm(&tm) : 0;
}

std::string shown(const X509_NAME* n) {
    Own<BIO> bio{::BIO_new(::BIO_s_mem())};
    ::X509_NAME_print_ex(bio.get(), n, 0, XN_FLAG_RFC2253 & ~unsigned(ASN1_STRFLGS_ESC_MSB));
    char* text = nullptr;
    auto size = BIO_get_mem_data(bio.get(), &text);
    auto line = one_line({text, std::size_t(size)}, 200);
    return line.empty() ? "-" : line;
}

/// DNS names and addresses that it is for.
std::string names_of(const X509* x) {
    constexpr int most = 30;
    std::string all;
    int count = 0;
    Own<GENERAL_NAMES> names{
        static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(x, NID_subject_alt_name, nullptr, nullptr))};
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto* n = sk_GENERAL_NAME_value(names.get(), i);
        std::string one;
        char text[INET6_ADDRSTRLEN]{};
        if (n->type == GEN_DNS)
            one.assign(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(n->d.dNSName)),
                       std::size_t(::ASN1_STRING_length(n->d.dNSName)));
        else if (n->type == GEN_IPADD && ::inet_ntop(::ASN1_STRING_length(n->d.iPAddress) == 16 ? AF_INET6 : AF_INET,
                                                     ::ASN1_STRING_get0_data(n->d.iPAddress), text, sizeof text))
            one = text;
        if (one.empty()) continue;
        if (count++ < most) all += (all.empty() ? "" : " ") + one_line(one, 100);
    }
    if (count > most) all += " …";
    return all.empty() ? "none" : all;
}

/// As browsers, phones and Go judge: the subject's CN is no name.
bool covers(X509* x, const std::string& name) {
    unsigned char bytes[16];
    if (::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1)
        return ::X509_check_ip_asc(x, name.c_str(), 0) == 1;
    return ::X509_check_host(x, name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

std::string_view key_kind(const EVP_PKEY* k) {
    switch (::EVP_PKEY_get_base_id(k)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: return "RSA";
    case EVP_PKEY_EC: return "EC";
    case EVP_PKEY_ED25519: return "Ed25519";
    case EVP_PKEY_ED448: return "Ed448";
    case EVP_PKEY_DSA: return "DSA";
    }
    return "other";
}

bool self_signed(X509* x) { return ::X509_check_issued(x, x) == X509_V_OK; }

bool must_staple(const X509* x) { return ::X509_get_ext_by_NID(x, NID_tlsfeature, -1) >= 0; }

/// What is wrong with the chain, leaving aside the dates of the certificate itself.
struct Fault {
    int error = X509_V_OK, depth = 0;
};
int note(int fine, X509_STORE_CTX* c) {
    auto& fault = *static_cast<Fault*>(X509_STORE_CTX_get_app_data(c));
    auto error = ::X509_STORE_CTX_get_error(c), depth = ::X509_STORE_CTX_get_error_depth(c);
    bool own_dates = depth == 0 && (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID);
    if (!fine && !own_dates && fault.error == X509_V_OK) fault = {error, depth};
    return 1;
}

struct Trust {
    std::string_view code = "ok";
    std::optional<Error> error;
};

/// The certificate's own issuer is neither sent nor known, though one is to be had.
bool lacks_intermediate(X509* leaf, STACK_OF(X509) * sent, X509_STORE_CTX* c, bool private_ca) {
    for (int i = 1; i < sk_X509_num(sent); ++i)
        if (::X509_check_issued(sk_X509_value(sent, i), leaf) == X509_V_OK) return false;
    Own<STACK_OF(X509)> known{::X509_STORE_CTX_get1_certs(c, ::X509_get_issuer_name(leaf))};
    if (known && sk_X509_num(known.get()) > 0) return false; // an authority of that name, but with another key
    Own<AUTHORITY_INFO_ACCESS> where{
        static_cast<AUTHORITY_INFO_ACCESS*>(::X509_get_ext_d2i(leaf, NID_info_access, nullptr, nullptr))};
    return private_ca || where;
}

Trust distrusted(const Fault& fault, X509* leaf, STACK_OF(X509) * sent, X509_STORE_CTX* c, const std::string& ca,
                 const Line& at) {
    auto fails = [&](std::string_view code, Line what, Text remedy) {
        return Trust{code, Error{Code::handshake, say("{}: {}", "{}：{}", at, std::move(what)), remedy, {}}};
    };
    auto issuer = shown(::X509_get_issuer_name(sk_X509_value(sent, sk_X509_num(sent) - 1)));
    switch (fault.error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return fails(
            "self_signed", Text{"the certificate is signed by itself alone", "证书是自签名的"},
            Text{"Give the server a certificate of an authority that its clients trust (Let's Encrypt, or your own). "
                 "If it is meant to be so, name this very certificate with `ca:` in imops.yaml, and in every client.",
                 "请为服务器换上客户端信任的 CA（Let's Encrypt 或自建 CA）签发的证书。若确需自签名，请在 imops.yaml "
                 "中用 `ca:` 指定该证书，各客户端也要信任它。"});
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: // of an authority with a trusted name, but another key
        if (fault.error != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN && lacks_intermediate(leaf, sent, c, !ca.empty()))
            return fails("missing_intermediate",
                         say("the intermediate certificate is not sent: {}", "服务器没有发送中间证书：{}",
                             shown(::X509_get_issuer_name(leaf))),
                         Text{"The server's file must hold the whole chain: first its own PEM block, then the "
                              "intermediate's: `cat server.crt intermediate.crt > fullchain.pem`; with certbot name "
                              "fullchain.pem, not cert.pem. Then reload the service.",
                              "服务器的证书文件须包含完整证书链：先是自己的 PEM 块，再是中间证书：`cat server.crt "
                              "intermediate.crt > fullchain.pem`；使用 certbot 时应配置 fullchain.pem 而不是 "
                              "cert.pem。然后重新加载服务。"});
        return fails(
            "unknown_authority",
            say("an authority that is not trusted stands behind the certificate: {}", "证书由不受信任的 CA 签发：{}",
                issuer),
            Text{"A private authority: name its root certificate with `ca:` in imops.yaml, and put it into the trust "
                 "store of every client (`update-ca-certificates`). Otherwise the server has the wrong certificate: "
                 "`openssl s_client -showcerts -connect ADDRESS:PORT -servername NAME`.",
                 "自建 CA：请在 imops.yaml 中用 `ca:` "
                 "指定其根证书，并加入每个客户端的信任库（`update-ca-certificates`）。否则就是服务器用错了证书：`"
                 "openssl s_client -showcerts -connect 地址:端口 -servername 域名`。"});
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return fails(
            "chain_expired", Text{"a certificate of its authority is out of date", "签发它的 CA 证书不在有效期内"},
            Text{"Fetch the authority's present intermediate certificate, put it behind the server's own into the "
                 "file, reload the service; old roots are renewed with the package ca-certificates.",
                 "请取得该 CA 现行的中间证书，放在服务器证书之后写入证书文件，并重新加载服务；旧的根证书通过更新 "
                 "ca-certificates 软件包解决。"});
    }
    return fails(
        "invalid",
        say("the certificate does not hold: {}", "证书校验不通过：{}", ::X509_verify_cert_error_string(fault.error)),
        Text{"Have it issued anew for a server (extended key usage serverAuth), by an authority whose own certificate "
             "says CA:TRUE.",
             "请重新签发服务器证书（扩展密钥用途 serverAuth），签发者的证书须为 CA:TRUE。"});
}

} // namespace

Fingerprint fingerprint(SSL* s) {
    auto x = leaf_of(s);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!x || ::X509_digest(x.get(), ::EVP_sha256(), digest, &size) != 1) return {};
    Fingerprint f{{}, seconds(::X509_get0_notAfter(x.get()))};
    for (unsigned i = 0; i < size; ++i) f.sha256 += fmt::format("{:02X}", digest[i]);
    return f;
}

std::string peer_text(SSL* s, const std::string& name) {
    auto x = leaf_of(s);
    if (!x) return {};
    std::string text;
    auto line = [&](std::string_view key, auto&& value) { text += fmt::format("{} {}\n", key, value); };
    auto yes = [](bool b) { return b ? "yes" : "no"; };
    auto* key = ::X509_get0_pubkey(x.get());
    int digest = NID_undef;
    ::X509_get_signature_info(x.get(), &digest, nullptr, nullptr, nullptr);
    line("subject", shown(::X509_get_subject_name(x.get())));
    line("issuer", shown(::X509_get_issuer_name(x.get())));
    line("not_before", seconds(::X509_get0_notBefore(x.get())));
    line("not_after", seconds(::X509_get0_notAfter(x.get())));
    line("names", names_of(x.get()));
    line("name", one_line(name, 200));
    line("covered", yes(covers(x.get(), name)));
    line("fingerprint", fingerprint(s).sha256);
    if (key) line("key", key_kind(key)), line("bits", ::EVP_PKEY_get_bits(key));
    line("digest", digest == NID_undef ? "none" : ::OBJ_nid2sn(digest));
    line("self_signed", yes(self_signed(x.get())));
    line("protocol", ::SSL_get_version(s));
    line("cipher", ::SSL_get_cipher_name(s));
    unsigned char* stapled = nullptr;
    line("must_staple", yes(must_staple(x.get())));
    line("stapled", yes(::SSL_get_tlsext_status_ocsp_resp(s, &stapled) > 0));
    return text;
}

std::string chain_text(SSL* s) {
    std::string rows;
    auto* sent = ::SSL_get_peer_cert_chain(s);
    for (int i = 0; sent && i < std::min(sk_X509_num(sent), 20); ++i) {
        auto* x = sk_X509_value(sent, i);
        bool follows = i == 0 || ::X509_check_issued(x, sk_X509_value(sent, i - 1)) == X509_V_OK;
        rows += fmt::format("{}\t{}\t{}\t{}\n", shown(::X509_get_subject_name(x)), shown(::X509_get_issuer_name(x)),
                            seconds(::X509_get0_notAfter(x)), follows ? "yes" : "no");
    }
    return rows;
}

std::string trust_text(SSL* s, const std::string& ca, const Line& where) {
    auto leaf = leaf_of(s);
    auto* sent = ::SSL_get_peer_cert_chain(s);
    if (!leaf || !sent) return {};
    Own<X509_STORE_CTX> c{::X509_STORE_CTX_new()};
    Fault fault;
    if (!c || ::X509_STORE_CTX_init(c.get(), ::SSL_CTX_get_cert_store(::SSL_get_SSL_CTX(s)), leaf.get(), sent) != 1)
        throw std::bad_alloc{};
    ::X509_STORE_CTX_set_default(c.get(), "ssl_server");
    X509_STORE_CTX_set_app_data(c.get(), &fault);
    ::X509_STORE_CTX_set_verify_cb(c.get(), note);
    ::X509_verify_cert(c.get());
    Trust trust;
    if (fault.error != X509_V_OK) trust = distrusted(fault, leaf.get(), sent, c.get(), ca, where);
    return login_text(trust.code, trust.error ? &*trust.error : nullptr);
}

} // namespace imops::probe
