#include "core/loop/threads.hpp"
#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <vector>

namespace imops {

void for_each_at_once(std::size_t count, std::size_t most, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr first;
    auto some = [&] {
        for (std::size_t k; (k = next++) < count;) try {
                work(k);
            } catch (...) {
                std::lock_guard lock{mutex};
                if (!first) first = std::current_exception();
            }
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < std::min(count, std::max<std::size_t>(most, 1)); ++i) threads.emplace_back(some);
    }
    if (first) std::rethrow_exception(first);
}

} // namespace imops
