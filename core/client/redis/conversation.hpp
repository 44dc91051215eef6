#pragma once
#include "core/client/target.hpp"
#include <hiredis/hiredis.h>
#include <memory>
#include <vector>

namespace imops::client {

/// Commands and replies over a stream, read with hiredis' parser and written with its formatter: reading and waiting
/// stay with the stream and its deadline. Errors: those of the stream, Code::unsupported when it is not Redis that
/// answers.
class RedisConversation {
    struct Free {
        void operator()(redisReader* r) const { ::redisReaderFree(r); }
        void operator()(redisReply* r) const { ::freeReplyObject(r); }
    };
    Stream& stream_;
    std::unique_ptr<redisReader, Free> reader_{::redisReaderCreate()};
    std::string first_; // bytes of the first answer: who is it, if it is not Redis
    std::size_t bytes_ = 0;

    Error someone_else() const { return stranger(stream_, Text{"Redis", "Redis"}, 6379, first_); }

  public:
    using Reply = std::unique_ptr<redisReply, Free>;
    explicit RedisConversation(Stream& s) : stream_{s} {}
    Result<Reply> ask(const std::vector<std::string_view>& words);
};

inline std::string_view text_of(const redisReply& r) {
    return r.str ? std::string_view{r.str, std::size_t(r.len)} : std::string_view{};
}

} // namespace imops::client
