#pragma once
#include "core/base/string.hpp"
#include "core/net/curl_api.hpp"
#include "core/net/http.hpp"
#include "core/net/http_errors.hpp"
#include <array>
#include <openssl/crypto.h>

namespace imops::net {

constexpr std::size_t most_headers = 256 << 10; // bytes; nginx and HAProxy stop at 32 KiB

/// Whether two names of headers are the same, in whatever case.
bool same_name(std::string_view a, std::string_view b);

/// One question on its way. Kept for the next one: a handle of libcurl is dear to make.
struct Http::Transfer {
    enum class End { libcurl, upgraded, cut, stranger, headers }; // why it was ended
    struct List {
        const CurlApi* api;
        curl_slist* list = nullptr;
        ~List() { clear(); }
        void add(const std::string& line) {
            if (auto* longer = api->slist_append(list, line.c_str()))
                list = longer;
            else
                throw std::bad_alloc{};
        }
        void clear() { // one of its lines may hold a secret
            for (auto* l = list; l; l = l->next) ::OPENSSL_cleanse(l->data, std::char_traits<char>::length(l->data));
            api->slist_free_all(std::exchange(list, nullptr));
        }
    };
    const CurlApi* api;
    CURLM* multi;
    CURL* easy;
    List headers{api}, connect_to{api};
    std::size_t index = 0, header_bytes = 0;
    Request asked;
    Line where;
    Response answer;
    End end = End::libcurl;
    bool given = false; // the connection that was made already has been handed over
    std::array<char, CURL_ERROR_SIZE> error{};

    Transfer(const CurlApi* a, void* m) : api{a}, multi{static_cast<CURLM*>(m)}, easy{a->easy_init()} {
        if (!easy) throw std::bad_alloc{};
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() {
        api->multi_remove_handle(multi, easy);
        api->easy_cleanup(easy);
    }

    std::optional<Error> begin(Request, const std::string& trusted);
    Result<Response> finish(CURLcode);

    std::optional<Error> prepare();
    std::optional<Error> set_key();
    void set_all(const std::string& trusted);
    void set_connection();
    Failed how(CURLcode);
    double seconds(CURLINFO what) {
        curl_off_t microseconds = 0;
        api->easy_getinfo(easy, what, &microseconds);
        return double(microseconds) / 1e6;
    }

    std::size_t stop(End why) {
        end = why;
        return 0;
    }
    std::size_t on_header(std::string_view line) {
        if ((header_bytes += line.size()) > most_headers) return stop(End::headers);
        auto whole = line.size();
        line = trim(line);
        if (line.starts_with("HTTP/")) { // also of the answer behind a 1xx or a redirect
            answer.headers.clear();
            answer.status = 0;
            if (auto space = line.find(' '); space != line.npos)
                answer.status = std::atoi(std::string{line.substr(space, 4)}.c_str());
        } else if (line.empty()) {
            if (answer.status == 101) return stop(End::upgraded); // what follows is no HTTP, and has no end
        } else if (auto colon = line.find(':'); colon != line.npos)
            answer.headers.push_back(
                {std::string{trim(line.substr(0, colon))}, std::string{trim(line.substr(colon + 1))}});
        return whole;
    }
    std::size_t on_body(std::string_view part) {
        if (answer.status == 0) { // libcurl takes what has no status line for HTTP/0.9
            answer.body.append(part.substr(0, 80));
            return stop(End::stranger);
        }
        auto room = asked.body_limit - answer.body.size();
        answer.body.append(part.substr(0, room));
        if (part.size() <= room) return part.size();
        answer.cut = true;
        return stop(End::cut);
    }
};

} // namespace imops::net
