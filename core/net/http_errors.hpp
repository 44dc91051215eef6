#pragma once
#include "core/net/curl_api.hpp"

namespace imops::net {

/// How far a question came before it failed.
struct Failed {
    CURLcode code = CURLE_OK;
    long os_error = 0, verify = 0; // errno of connect(), OpenSSL's verdict on the certificate
    bool resolved = false, connected = false, encrypted = false, tls = false; // tls: it was to be encrypted
    std::size_t body = 0;                                                     // bytes that had come
    int status = 0;                                                           // of the answer so far
    std::string detail;                                                       // libcurl's words
    std::string ca;
};
Error http_error(const Failed&, const Line& where);
/// What came is not HTTP; `first` are the first bytes of it.
Error not_http(const Line& where, std::string_view first);
Error long_headers(const Line& where);
Error long_body(const Line& where, std::size_t limit);

} // namespace imops::net
