#include "core/base/string.hpp"
#include "core/client/stream.hpp"
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace imops::client {

namespace {

bool is_address(const std::string& s) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, s.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, s.c_str(), bytes) == 1;
}

struct FreeContext {
    void operator()(SSL_CTX* c) const { ::SSL_CTX_free(c); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

/// The certificate is verified, but the handshake goes on whatever comes out: an expired one is to be reported with its
/// date.
int go_on(int, X509_STORE_CTX*) { return 1; }

/// The peer asks for a certificate of ours: there is none, but that it asks is worth knowing.
int no_certificate(SSL* s, X509**, EVP_PKEY**) {
    *static_cast<bool*>(SSL_get_app_data(s)) = true;
    return 0;
}

Result<Context> context(const TlsWish& wish) {
    Context c{::SSL_CTX_new(::TLS_client_method())};
    if (!c) throw std::bad_alloc{};
    bool trusts = wish.ca.empty() ? ::SSL_CTX_set_default_verify_paths(c.get()) == 1
                                  : ::SSL_CTX_load_verify_file(c.get(), wish.ca.c_str()) == 1;
    ::ERR_clear_error();
    if (!trusts)
        return Error{
            Code::config,
            say("{}: holds no certificates of authorities that can be read", "{}：无法从中读取 CA 证书", wish.ca),
            Text{"`ca:` names a PEM file with one or more CERTIFICATE blocks.",
                 "`ca:` 应指向包含一个或多个 CERTIFICATE 块的 PEM 文件。"},
            {}};
    ::SSL_CTX_set_min_proto_version(c.get(), wish.oldest);
    ::SSL_CTX_set_max_proto_version(c.get(), wish.newest);
    if (wish.oldest < TLS1_2_VERSION) { // asked on purpose: whether a server still speaks it
        ::SSL_CTX_set_security_level(c.get(), 0);
        ::SSL_CTX_set_cipher_list(c.get(), "ALL:@SECLEVEL=0");
    }
    ::SSL_CTX_set_verify(c.get(), SSL_VERIFY_PEER, go_on);
    ::SSL_CTX_set_client_cert_cb(c.get(), no_certificate);
    ::SSL_CTX_set_tlsext_status_type(c.get(), TLSEXT_STATUSTYPE_ocsp);
    ::SSL_CTX_set_mode(c.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ::SSL_CTX_set_options(c.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    return c;
}

std::string reason_text(unsigned long e) {
    const char* why = e ? ::ERR_reason_error_string(e) : nullptr;
    return why ? why : "";
}

} // namespace

std::optional<Error> Stream::start_tls(const TlsWish& wish) {
    auto made = context(wish);
    if (!made) return made.error();
    tls_.reset(::SSL_new(made->get()));
    if (!tls_) throw std::bad_alloc{};
    ::SSL_set_fd(tls_.get(), fd_);
    SSL_set_app_data(tls_.get(), &asked_for_certificate_);
    if (is_address(wish.name))
        ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(tls_.get()), wish.name.c_str());
    else if (!wish.name.empty()) {
        ::SSL_set_tlsext_host_name(tls_.get(), wish.name.c_str());
        ::SSL_set1_host(tls_.get(), wish.name.c_str());
    }
    for (;;) {
        ::ERR_clear_error();
        int n = ::SSL_connect(tls_.get());
        if (n == 1) return {};
        auto why = ::SSL_get_error(tls_.get(), n);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
            if (auto e = wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return e;
            continue;
        }
        auto error = ::ERR_get_error();
        ::ERR_clear_error();
        tls_reason_ = ERR_GET_REASON(error);
        auto reason = reason_text(error);
        return Error{Code::handshake,
                     say("{}: no TLS: {}", "{}：TLS 握手失败：{}", where_,
                         reason.empty() ? "the connection was closed" : reason),
                     Text{"Does this port speak TLS at all, and in a version since 1.2? `openssl s_client -connect "
                          "ADDRESS:PORT -servername NAME` shows the handshake.",
                          "该端口是否启用了 TLS，且版本不低于 1.2？用 `openssl s_client -connect 地址:端口 -servername "
                          "域名` 查看握手过程。"},
                     {}};
    }
}

std::optional<Error> Stream::distrust() const {
    auto result = ::SSL_get_verify_result(tls_.get());
    if (result == X509_V_OK) return {};
    return Error{Code::handshake,
                 say("{}: its certificate is not trusted: {}", "{}：证书不受信任：{}", where_,
                     ::X509_verify_cert_error_string(result)),
                 Text{"Renew or complete the certificate on the server; for an authority of your own name its file "
                      "with `ca:` in imops.yaml. Verification cannot be turned off.",
                      "请在服务器上更新或补全证书；自建 CA 请在 imops.yaml 中用 `ca:` 指定其证书文件。校验不能关闭。"},
                 {}};
}

} // namespace imops::client
