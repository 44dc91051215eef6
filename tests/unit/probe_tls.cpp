#include "core/client/tls/hello.hpp"
#include "core/client/tls/starttls.hpp"
#include "core/probe/tls/certificate.hpp"
#include "core/probe/tls/tls.hpp"
#include <array>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace imops;
using namespace imops::probe;

namespace {

struct Free {
    void operator()(EVP_PKEY* k) const { ::EVP_PKEY_free(k); }
    void operator()(X509* x) const { ::X509_free(x); }
    void operator()(SSL_CTX* c) const { ::SSL_CTX_free(c); }
    void operator()(SSL* s) const { ::SSL_free(s); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

void extend(X509* x, X509* issuer, int nid, const char* value) {
    X509V3_CTX c;
    X509V3_set_ctx(&c, issuer, x, nullptr, nullptr, 0);
    auto* e = ::X509V3_EXT_conf_nid(nullptr, &c, nid, value);
    ::X509_add_ext(x, e, -1);
    ::X509_EXTENSION_free(e);
}

/// A certificate made in the test. Without an issuer it signs itself.
struct Made {
    Key key{EVP_EC_gen("P-256")};
    Certificate x{::X509_new()};
    Made(const char* name, const char* names, const Made* issuer = nullptr, long from = -86400,
         long until = 90 * 86400L) {
        ::X509_set_version(x.get(), 2);
        ::ASN1_INTEGER_set(::X509_get_serialNumber(x.get()), 1);
        ::X509_gmtime_adj(::X509_getm_notBefore(x.get()), from);
        ::X509_gmtime_adj(::X509_getm_notAfter(x.get()), until);
        ::X509_set_pubkey(x.get(), key.get());
        ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(x.get()), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        ::X509_set_issuer_name(x.get(), ::X509_get_subject_name(issuer ? issuer->x.get() : x.get()));
        if (names)
            extend(x.get(), x.get(), NID_subject_alt_name, names);
        else
            extend(x.get(), x.get(), NID_basic_constraints, "critical,CA:TRUE");
        ::X509_sign(x.get(), issuer ? issuer->key.get() : key.get(), ::EVP_sha256());
    }
};

/// A TLS server at the other end of a socket pair, for one handshake.
class Server {
    int fds_[2];
    std::jthread thread_;

  public:
    std::unique_ptr<Stream> stream;
    Server(const Made& leaf, std::vector<const Made*> chain = {}) {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds_), 0);
        std::shared_ptr<SSL_CTX> c{::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free};
        ::SSL_CTX_use_certificate(c.get(), leaf.x.get());
        ::SSL_CTX_use_PrivateKey(c.get(), leaf.key.get());
        for (auto* m : chain) ::SSL_CTX_add1_chain_cert(c.get(), m->x.get());
        ::SSL_CTX_set_mode(c.get(), SSL_MODE_NO_AUTO_CHAIN);
        thread_ = std::jthread{[c, fd = fds_[1]] {
            std::unique_ptr<SSL, Free> s{::SSL_new(c.get())};
            ::SSL_set_fd(s.get(), fd);
            ::SSL_accept(s.get());
        }};
        stream = Stream::over(fds_[0], Line{"im:443", "im:443"}, Clock::now() + std::chrono::seconds{5});
    }
    ~Server() {
        stream.reset();
        thread_.join();
        ::close(fds_[1]);
    }
};

/// The root as a file for `ca`.
struct CaFile {
    std::string path = testing::TempDir() + fmt::format("service_tls_{}.pem", ::getpid());
    explicit CaFile(const Made& root) {
        auto* f = ::fopen(path.c_str(), "w");
        ::PEM_write_X509(f, root.x.get());
        ::fclose(f);
    }
    ~CaFile() { ::unlink(path.c_str()); }
};

bool has(const std::string& text, std::string_view line) {
    return ("\n" + text).find("\n" + std::string{line} + "\n") != std::string::npos;
}

struct Seen {
    std::string peer, chain, trust;
};
Seen see(Server& s, const std::string& name, const std::string& ca) {
    TlsWish wish{name, ca};
    auto wrong = s.stream->start_tls(wish);
    EXPECT_FALSE(wrong) << wrong->what.en;
    if (wrong) return {};
    return {peer_text(s.stream->tls(), name), chain_text(s.stream->tls()),
            trust_text(s.stream->tls(), ca, s.stream->where())};
}
std::string code(const std::string& trust) { return trust.substr(5, trust.find('\n') - 5); }

const Made root{"Root", nullptr}, sub{"Sub", nullptr, &root}, leaf{"im", "DNS:im.test,DNS:*.a.test,IP:10.0.0.1", &sub};

/// A peer of a talk in the clear: says one thing at once, and closes.
std::string preamble_code(std::string_view says, Preamble p, std::string* heard = nullptr) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    EXPECT_EQ(::write(fds[1], says.data(), says.size()), ssize_t(says.size()));
    ::shutdown(fds[1], SHUT_WR);
    auto stream = Stream::over(fds[0], Line{"im:25", "im:25"}, Clock::now() + std::chrono::seconds{2});
    auto o = lead_to_tls(*stream, p, "im.test");
    stream.reset();
    char got[4096];
    auto n = ::read(fds[1], got, sizeof got);
    if (heard) heard->assign(got, std::size_t(std::max<ssize_t>(n, 0)));
    ::close(fds[1]);
    return o ? o->code : "ok";
}

std::string mysql_hello(char capabilities) {
    std::string body = std::string{"\x0a"
                                   "8.0\0",
                                   5} +
                       std::string(12, 'x') + '\0' + '\xff' + capabilities + std::string(31, '\0');
    return std::string{char(body.size()), '\0', '\0', '\0'} + body;
}

} // namespace

TEST(Tls, a_good_certificate_is_told_with_its_names_and_dates) {
    CaFile ca{root};
    Server s{leaf, {&sub}};
    auto seen = see(s, "im.test", ca.path);
    EXPECT_TRUE(has(seen.peer, "names im.test *.a.test 10.0.0.1")) << seen.peer;
    for (auto line : {"subject CN=im", "issuer CN=Sub", "covered yes", "key EC", "bits 256", "digest SHA256",
                      "self_signed no", "protocol TLSv1.3", "must_staple no", "stapled no"})
        EXPECT_TRUE(has(seen.peer, line)) << line << '\n' << seen.peer;
    EXPECT_EQ(code(seen.trust), "ok") << seen.trust;
    EXPECT_TRUE(seen.chain.starts_with("CN=im\tCN=Sub\t")) << seen.chain;
    EXPECT_EQ(seen.chain.find("\tno\n"), std::string::npos) << seen.chain;
}

TEST(Tls, names_and_addresses_are_covered_as_clients_judge) {
    CaFile ca{root};
    for (auto& [name, covered] : std::vector<std::pair<std::string, std::string>>{{"im.test", "yes"},
                                                                                  {"x.a.test", "yes"},
                                                                                  {"x.y.a.test", "no"},
                                                                                  {"im", "no"},
                                                                                  {"10.0.0.1", "yes"},
                                                                                  {"10.0.0.2", "no"}}) {
        Server s{leaf, {&sub}};
        EXPECT_TRUE(has(see(s, name, ca.path).peer, "covered " + covered)) << name;
    }
}

TEST(Tls, each_cause_of_distrust_has_its_own_code) {
    CaFile ca{root};
    Made self{"self", "DNS:self.test"}, stranger_root{"Root", nullptr},
        of_stranger{"im", "DNS:im.test", &stranger_root};
    Made old_sub{"Old", nullptr, &root, -86400 * 9, -86400}, under_old{"im", "DNS:im.test", &old_sub};
    auto trust = [](const Made& m, std::vector<const Made*> chain, const std::string& file) {
        Server s{m, std::move(chain)};
        return code(see(s, "im.test", file).trust);
    };
    EXPECT_EQ(trust(self, {}, ca.path), "self_signed");
    EXPECT_EQ(trust(leaf, {}, ca.path), "missing_intermediate");
    EXPECT_EQ(trust(leaf, {&sub}, ""), "unknown_authority");
    EXPECT_EQ(trust(leaf, {&sub, &root}, ""), "unknown_authority");
    EXPECT_EQ(trust(of_stranger, {}, ca.path), "unknown_authority") << "an authority of the same name with another key";
    EXPECT_EQ(trust(under_old, {&old_sub}, ca.path), "chain_expired");
}

TEST(Tls, its_own_dates_are_no_matter_of_trust) {
    CaFile ca{root};
    Made expired{"im", "DNS:im.test", &root, -86400 * 9, -86400}, later{"im", "DNS:im.test", &root, 86400, 86400 * 9};
    for (auto* m : {&expired, &later}) {
        Server s{*m};
        auto seen = see(s, "im.test", ca.path);
        EXPECT_EQ(code(seen.trust), "ok");
    }
}

TEST(Tls, a_chain_out_of_order_is_seen) {
    CaFile ca{root};
    Server s{leaf, {&root, &sub}};
    auto seen = see(s, "im.test", ca.path);
    EXPECT_NE(seen.chain.find("CN=Root\tCN=Root\t"), std::string::npos);
    EXPECT_EQ(code(seen.trust), "ok");
    EXPECT_NE(seen.chain.find("\tno\n"), std::string::npos) << seen.chain;
}

TEST(Tls, names_of_a_certificate_cannot_hurt_a_terminal) {
    CaFile ca{root};
    Made hostile{"im\x1b[2J\nkey RSA", "DNS:im.test", &root};
    Server s{hostile};
    auto seen = see(s, "im.test", ca.path);
    EXPECT_EQ(seen.peer.find('\x1b'), std::string::npos);
    EXPECT_FALSE(has(seen.peer, "key RSA"));
}

TEST(Tls, what_is_chosen_of_old_and_weak_offers_is_read) {
    auto chosen = [](std::string_view says, std::string* heard = nullptr) {
        int fds[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        EXPECT_EQ(::write(fds[1], says.data(), says.size()), ssize_t(says.size()));
        ::shutdown(fds[1], SHUT_WR);
        auto s = Stream::over(fds[0], Line{"im:443", "im:443"}, Clock::now() + std::chrono::seconds{2});
        auto c = offer(*s, 0x0302, old_ciphers(), "im.test");
        char got[1024];
        auto n = ::recv(fds[1], got, sizeof got, MSG_DONTWAIT);
        if (heard) heard->assign(got, std::size_t(n));
        ::close(fds[1]);
        EXPECT_TRUE(c);
        return c ? *c : Chosen{};
    };
    std::string hello = std::string{"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x02", 11} + std::string(32, 'r') +
                        std::string{"\0\x00\x0a\0", 4},
                heard;
    auto c = chosen(hello, &heard);
    EXPECT_TRUE(c.any);
    EXPECT_EQ(protocol_name(c.version), "TLSv1.1");
    EXPECT_EQ(cipher_name(c.cipher), "DES-CBC3-SHA");
    EXPECT_EQ(heard.substr(0, 3), std::string({'\x16', '\x03', '\x01'}));
    EXPECT_NE(heard.find("im.test"), heard.npos);
    EXPECT_FALSE(chosen(std::string{"\x15\x03\x02\x00\x02\x02\x46", 7}).any) << "an alert";
    EXPECT_FALSE(chosen("").any) << "closed";
    EXPECT_FALSE(chosen(hello.substr(0, 20)).any) << "closed too early";
    EXPECT_FALSE(chosen("HTTP/1.1 400 Bad Request\r\n\r\n").any);
}

TEST(Tls, each_protocol_leads_to_tls_in_its_own_way) {
    std::string heard;
    EXPECT_EQ(preamble_code("220-a\r\n220 b\r\n", Preamble::smtp), "closed");
    EXPECT_EQ(preamble_code("SSH-2.0-x\r\n", Preamble::smtp), "not_tls");
    EXPECT_EQ(preamble_code("S", Preamble::postgres, &heard), "ok");
    EXPECT_EQ(heard, std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8));
    EXPECT_EQ(preamble_code("N", Preamble::postgres), "no_starttls");
    EXPECT_EQ(preamble_code("HTTP/1.1 400", Preamble::postgres), "not_tls");
    EXPECT_EQ(preamble_code(mysql_hello('\x0a'), Preamble::mysql, &heard), "ok");
    EXPECT_EQ(heard.size(), 36U);
    EXPECT_EQ(preamble_code(mysql_hello('\x02'), Preamble::mysql), "no_starttls");
    EXPECT_EQ(preamble_code("HTTP/1.1 400 Bad\r\n\r\n", Preamble::mysql), "not_tls");
    std::string stream = "<?xml version='1.0'?><stream:stream>";
    EXPECT_EQ(preamble_code(stream + "<stream:error><host-unknown/></stream:error>", Preamble::xmpp_client, &heard),
              "unrecognised_name");
    EXPECT_NE(heard.find("to='im.test' xmlns='jabber:client'"), heard.npos);
    EXPECT_EQ(preamble_code(stream + "<stream:features><bind/></stream:features>", Preamble::xmpp_server, &heard),
              "no_starttls");
    EXPECT_NE(heard.find("xmlns='jabber:server'"), heard.npos);
    EXPECT_EQ(preamble_code("HTTP/1.1 400 Bad Request\r\n", Preamble::xmpp_client), "not_tls");
    EXPECT_EQ(preamble_code("", Preamble::none), "ok");
}

TEST(Tls, the_kind_of_service_says_when_tls_begins) {
    auto of = [](std::string url) {
        Service s;
        s.url = std::move(url);
        EXPECT_FALSE(read_url(s)) << s.url;
        return preamble_of(s);
    };
    EXPECT_EQ(of("https://im.test"), Preamble::none);
    EXPECT_EQ(of("xmpp://im.test"), Preamble::xmpp_client);
    EXPECT_EQ(of("xmpps://im.test"), Preamble::none);
    EXPECT_EQ(of("xmpp-server://im.test"), Preamble::xmpp_server);
    EXPECT_EQ(of("smtp://im.test:587"), Preamble::smtp);
    EXPECT_EQ(of("smtps://im.test"), Preamble::none);
}
