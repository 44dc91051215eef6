#include "core/probe/endpoint.hpp"
#include "core/base/string.hpp"

namespace imops::probe {

void Answer::fail(Error e) {
    auto code = std::string{name(e.code)};
    fail(std::move(code), std::move(e));
}

void Answer::fail(std::string code, Error e) {
    code_ = std::move(code);
    error_ = std::move(e);
}

Told Answer::told(const Service& s, Told others) const {
    auto code = code_;
    auto error = error_;
    if (!s.reachable) {
        bool hidden = code == "refused" || code == "timed_out" || code == "unreachable" || code == "name_not_found" ||
                      code == "hidden";
        code = hidden ? "ok" : "exposed";
        error.reset();
        if (!hidden)
            error =
                Error{Code::remote,
                      say("{} answers, and must not", "{} 有应答，但它不应能被访问", s.url.empty() ? s.name : s.url),
                      Text{"Bind it to a private address, or refuse it in the proxy and the firewall for everybody but "
                           "those who need it.",
                           "请把它绑定到内网地址，或在反向代理和防火墙上只对需要者放行。"},
                      {}};
    }
    Told told;
    if (s.reachable) told = std::move(others);
    auto& answer = told["endpoint.answer"].text = login_text(code, error ? &*error : nullptr);
    answer += fmt::format("reachable {}\n", s.reachable ? "yes" : "no");
    if (!seen_.empty()) answer += fmt::format("seen {}\n", one_line(seen_, 200));
    if (code != "ok" || !s.reachable) return told;
    auto& time = told["endpoint.time"].text;
    bool total = false;
    for (auto& [phase, seconds] : times_) {
        time += fmt::format("{} {:.6f}\n", phase, seconds);
        total = total || phase == "total";
    }
    if (!total) time += fmt::format("total {:.6f}\n", std::chrono::duration<double>(Clock::now() - begun_).count());
    time += fmt::format("within {}\n", s.within.seconds);
    return told;
}

std::unique_ptr<Stream> connect(const Target& t, Answer& answer) {
    auto begun = Clock::now();
    auto stream = Stream::dial(t.origin, t.address, t.port, t.deadline);
    if (!stream) return answer.fail(stream.error()), nullptr;
    answer.took("connect", std::chrono::duration<double>(Clock::now() - begun).count());
    return *std::move(stream);
}

bool secure(Stream& stream, const TlsWish& wish, Answer& answer) {
    auto begun = Clock::now();
    if (auto wrong = stream.start_tls(wish)) return answer.fail(std::move(*wrong)), false;
    answer.took("tls", std::chrono::duration<double>(Clock::now() - begun).count());
    if (auto wrong = stream.distrust()) return answer.fail("untrusted", std::move(*wrong)), false;
    return true;
}

Told ask_tcp(const Target& t) {
    Answer answer;
    connect(t, answer);
    return answer.told(*t.service);
}

} // namespace imops::probe
