#pragma once
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <thread>

/// Threads for libraries that block. Everything else is a guest of a loop.
namespace imops {

/// One that is waited for when it goes.
class Thread {
    std::jthread thread_;

  public:
    explicit Thread(std::function<void()> work) : thread_{std::move(work)} {}
};

/// Calls work(0) to work(count - 1), so many at one time, and returns when all are done. What one throws is thrown
/// again then (the first); the others are not stopped by it.
void for_each_at_once(std::size_t count, std::size_t most, const std::function<void(std::size_t)>& work);

/// Does it in a thread of its own; the future waits for its end when it goes.
template <class F> auto beside(F work) { return std::async(std::launch::async, std::move(work)); }

/// For what knows no deadline and cannot be called back, as a look-up of a name: nobody waits for its end. So it must
/// own all that it uses.
template <class F> auto left_behind(F work) {
    std::packaged_task<std::invoke_result_t<F&>()> task{std::move(work)};
    auto answer = task.get_future();
    std::thread{std::move(task)}.detach();
    return answer;
}

} // namespace imops
