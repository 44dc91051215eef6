#include "core/net/question.hpp"
#include <unistd.h>

namespace imops::net {

namespace {
constexpr std::chrono::seconds limit{5};
constexpr std::size_t most = 1 << 20;
} // namespace

std::unique_ptr<SshQuestion> SshQuestion::ask(const std::string& config, const std::string& address,
                                              Clock::time_point now) {
    auto child = Child::start({"ssh", "-G", "-F", config, "--", address});
    if (!child) return nullptr;
    auto question = std::unique_ptr<SshQuestion>(new SshQuestion{*std::move(child), now + limit});
    question->child_.in.close();
    return question;
}

std::optional<SshSays> SshQuestion::step(Clock::time_point now) {
    auto status = child_.status();
    char buffer[16384];
    ssize_t n = 0;
    while (child_.out && (n = ::read(child_.out.get(), buffer, sizeof buffer)) > 0 && answer_.size() < most)
        answer_.append(buffer, std::size_t(n));
    if (n == 0) child_.out.close();
    while (child_.err && (n = ::read(child_.err.get(), buffer, sizeof buffer)) > 0) {}
    if (n == 0) child_.err.close();
    over_ = status.has_value() || now >= deadline_;
    if (status != 0) return {};
    return parse_ssh_says(answer_);
}

Wants SshQuestion::wants() const {
    Wants wants;
    wants.at(deadline_);
    wants.fd(child_.ending(), POLLIN);
    for (auto* fd : {&child_.out, &child_.err})
        if (*fd) wants.fd(fd->get(), POLLIN);
    return wants;
}

} // namespace imops::net
