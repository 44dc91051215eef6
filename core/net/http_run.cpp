#include "core/base/log.hpp"
#include "core/net/http_transfer.hpp"
#include <algorithm>

namespace imops::net {

namespace {

constexpr int slice = 200; // ms after which an interrupt is noticed

/// Without its query: a token may stand there.
void note(const Request& asked, const Result<Response>& answer, double seconds) {
    if (!logs(LogLevel::info)) return;
    auto ms = std::chrono::milliseconds{std::int64_t(seconds * 1000)};
    auto url = asked.url.substr(0, asked.url.find_first_of("?#"));
    if (answer)
        log(LogLevel::info, "http", {{"method", asked.method}, {"url", url}, {"status", (*answer).status}, {"ms", ms}});
    else
        log(LogLevel::warning, "http",
            {{"method", asked.method}, {"url", url}, {"error", answer.error().what.en}, {"ms", ms}});
}

} // namespace

const std::string* Response::header(std::string_view name) const {
    auto it = std::ranges::find_if(headers, [&](auto& h) { return same_name(h.name, name); });
    return it == headers.end() ? nullptr : &it->value;
}

void Http::Free::operator()(void* multi) const { api->multi_cleanup(static_cast<CURLM*>(multi)); }

Result<Http> Http::open() {
    auto api = curl_api();
    if (!api) return api.error();
    Http http;
    http.api_ = *api;
    http.multi_ = std::unique_ptr<void, Free>{(*api)->multi_init(), Free{*api}};
    if (!http.multi_) throw std::bad_alloc{};
    auto* easy = (*api)->easy_init();
    const char* file = nullptr;
    if (easy && (*api)->easy_getinfo(easy, CURLINFO_CAINFO, &file) == CURLE_OK && file) http.trusted_ = file;
    (*api)->easy_cleanup(easy);
    return http;
}

void Http::run(std::size_t count, const Make& make, const Done& done, const volatile int* stop, std::size_t at_once) {
    auto* multi = static_cast<CURLM*>(multi_.get());
    std::vector<std::unique_ptr<Transfer>> all;
    std::vector<Transfer*> idle;
    for (std::size_t i = 0; i < std::min(count, at_once); ++i)
        idle.push_back(all.emplace_back(std::make_unique<Transfer>(api_, multi)).get());
    Error interrupted{Code::interrupted, Text{"interrupted", "已中断"}, Text{"Run it again.", "请重新运行。"}, {}};
    std::size_t next = 0;
    auto stopped = [&] { return stop && *stop; };
    while (!stopped()) {
        while (!idle.empty() && next < count) {
            auto& t = *idle.back();
            t.index = next++;
            if (auto e = t.begin(make(t.index), trusted_))
                done(t.index, *std::move(e));
            else
                idle.pop_back();
        }
        if (idle.size() == all.size()) return;
        int running = 0, left = 0;
        api_->multi_perform(multi, &running);
        bool answered = false;
        while (auto* message = api_->multi_info_read(multi, &left)) {
            auto* easy = message->easy_handle;
            auto code = message->data.result;
            Transfer* t = nullptr;
            api_->easy_getinfo(easy, CURLINFO_PRIVATE, &t);
            auto answer = t->finish(code);
            note(t->asked, answer, t->seconds(CURLINFO_TOTAL_TIME_T));
            api_->multi_remove_handle(multi, easy); // the message is gone with it
            idle.push_back(t);
            answered = true;
            done(t->index, std::move(answer));
        }
        if (!answered) api_->multi_poll(multi, nullptr, 0, slice, nullptr);
    }
    for (auto& t : all)
        if (std::ranges::find(idle, t.get()) == idle.end()) done(t->index, interrupted);
    for (; next < count; ++next) done(next, interrupted);
}

Result<Response> Http::fetch(const Request& question, const volatile int* stop) {
    std::optional<Result<Response>> answer;
    run(
        1, [&](std::size_t) { return question; },
        [&](std::size_t, Result<Response> r) { answer.emplace(std::move(r)); }, stop, 1);
    return *std::move(answer);
}

Result<Response> fetch(const Request& question, const volatile int* stop) {
    auto http = Http::open();
    if (!http) return http.error();
    return (*http).fetch(question, stop);
}

} // namespace imops::net
