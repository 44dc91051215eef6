#pragma once
#include "core/base/result.hpp"
#include <curl/curl.h>

namespace imops::net {

/// The functions of libcurl that are used, found by name at run time.
struct CurlApi {
    CURLcode (*global_init)(long) = nullptr;
    curl_version_info_data* (*version_info)(CURLversion) = nullptr;
    CURL* (*easy_init)() = nullptr;
    void (*easy_cleanup)(CURL*) = nullptr;
    void (*easy_reset)(CURL*) = nullptr;
    CURLcode (*easy_setopt)(CURL*, CURLoption, ...) = nullptr;
    CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...) = nullptr;
    const char* (*easy_strerror)(CURLcode) = nullptr;
    curl_slist* (*slist_append)(curl_slist*, const char*) = nullptr;
    void (*slist_free_all)(curl_slist*) = nullptr;
    CURLM* (*multi_init)() = nullptr;
    CURLMcode (*multi_cleanup)(CURLM*) = nullptr;
    CURLMcode (*multi_add_handle)(CURLM*, CURL*) = nullptr;
    CURLMcode (*multi_remove_handle)(CURLM*, CURL*) = nullptr;
    CURLMcode (*multi_perform)(CURLM*, int*) = nullptr;
    CURLMsg* (*multi_info_read)(CURLM*, int*) = nullptr;
    CURLMcode (*multi_poll)(CURLM*, curl_waitfd*, unsigned, int, int*) = nullptr;
};

/// libcurl, opened with the first call, from whatever thread. Errors: Code::unsupported (no libcurl.so.4 on this
/// machine).
Result<const CurlApi*> curl_api();

/// What libcurl knows of a connection that was not made.
struct Unmade {
    CURLcode code = CURLE_OK;
    long os_error = 0; // errno of the last connect()
    bool resolved = false;
};
/// It as a clause about `where`. Code: name_not_found, refused, timed_out, unreachable.
Error connect_error(const Unmade&, const Line& where);

} // namespace imops::net
