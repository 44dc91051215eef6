#include "core/client/redis/conversation.hpp"
#include <new>

namespace imops::client {

Result<RedisConversation::Reply> RedisConversation::ask(const std::vector<std::string_view>& words) {
    std::vector<const char*> argv;
    std::vector<std::size_t> sizes;
    for (auto w : words) argv.push_back(w.data()), sizes.push_back(w.size());
    char* formatted = nullptr;
    auto n = ::redisFormatCommandArgv(&formatted, int(argv.size()), argv.data(), sizes.data());
    if (n < 0) throw std::bad_alloc{};
    auto wrong = stream_.write({formatted, std::size_t(n)});
    ::explicit_bzero(formatted, std::size_t(n)); // it may hold the password
    ::redisFreeCommand(formatted);
    if (wrong) return std::move(*wrong);
    for (;;) {
        void* reply = nullptr;
        if (::redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) return someone_else();
        if (reply) return Reply{static_cast<redisReply*>(reply)};
        auto got = stream_.read();
        if (!got) return got.error();
        if (got->empty()) return closed_early(stream_);
        if (first_.empty()) first_ = got->substr(0, 80);
        if ((bytes_ += got->size()) > 8 << 20) return someone_else();
        ::redisReaderFeed(reader_.get(), got->data(), got->size());
    }
}

} // namespace imops::client
