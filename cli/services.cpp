#include "cli/services.hpp"
#include "cli/program.hpp"
#include "core/service/redis.hpp"
#include <algorithm>
#include <future>

namespace imops {

namespace {

service::Told ask(const Deployment& d, const Service& s, std::chrono::milliseconds limit) {
    auto login = std::string{word(s.type)} + ".login";
    auto failed = [&](const Error& e) { return service::Told{{login, {service::login_text(name(e.code), &e), {}}}}; };
    if (!s.via.empty()) // not asked from here instead: that would be another question
        return {{login, {{}, fmt::format("it is to be asked from {}, which imops cannot do yet", s.via)}}};
    std::optional<Secret> password;
    if (!s.password.empty()) {
        auto read = s.password.read();
        if (!read) return failed(read.error());
        password.emplace(std::move(*read));
    }
    service::Target target{d.address(s), s.port ? s.port : usual_port(s.type), s.user, password ? &*password : nullptr};
    auto stream = service::Stream::dial(target.address, target.port, service::Clock::now() + limit, stop_flag());
    if (!stream) return failed(stream.error());
    return service::ask_redis(**stream, target);
}

} // namespace

std::map<std::string, Facts> ask_services(const Deployment& d, const std::vector<const Service*>& services, const Catalogue& catalogue, std::chrono::milliseconds limit) {
    std::map<std::string, std::future<service::Told>> asked;
    limit = std::min(limit, std::chrono::milliseconds{15'000});
    for (auto* s : services)
        if (s->type == ServiceType::redis) asked[s->name] = std::async(std::launch::async, [&d, s, limit] { return ask(d, *s, limit); });
    std::map<std::string, Facts> all;
    for (auto* s : services) {
        if (!asked.contains(s->name)) continue;
        auto told = asked[s->name].get();
        auto& facts = all[s->name];
        for (auto& f : catalogue.facts()) {
            if (f.service != word(s->type)) continue;
            auto it = told.find(f.id);
            auto& raw = facts[f.id];
            if (it == told.end()) raw.got = Got::unreached;
            else if (!it->second.error.empty()) raw = {Got::failed, 1, {}, it->second.error, 0};
            else raw = {Got::ok, 0, it->second.text, {}, 0};
        }
    }
    return all;
}

} // namespace imops
