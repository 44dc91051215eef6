#include "cli/services.hpp"
#include "cli/program.hpp"
#include "core/base/process.hpp"
#include "core/service/dns.hpp"
#include "core/service/endpoint.hpp"
#include "core/service/redis.hpp"
#include "core/service/smtp.hpp"
#include "core/service/turn.hpp"
#include "core/service/xmpp.hpp"
#include <algorithm>
#include <atomic>
#include <thread>

namespace imops {

namespace {

using service::Target;
using service::Told;

/// Who asks which kind of service.
Told (*asker(ServiceType t))(const Target&) {
    switch (t) {
    case ServiceType::redis: return service::ask_redis;
    case ServiceType::tcp:
    case ServiceType::mongodb:
    case ServiceType::kafka: return service::ask_tcp;
    case ServiceType::smtp: return service::ask_smtp;
    case ServiceType::turn: return service::ask_turn;
    case ServiceType::xmpp: return service::ask_xmpp;
    case ServiceType::dns: return service::ask_dns;
    case ServiceType::postgres:
    case ServiceType::mysql:
    case ServiceType::memcached:
    case ServiceType::s3:
    case ServiceType::http:
    case ServiceType::tls: return nullptr;
    }
    return nullptr;
}

/// The fact that tells how the log-in or the answer went.
std::string first_fact(const Service& s) {
    auto group = std::string{groups(s).front()};
    return group + (group == "endpoint" ? ".answer" : ".login");
}

/// All that is asked in one run.
class Round {
    const Deployment& d_;
    std::chrono::milliseconds limit_;
    net::Tunnels tunnels_;

  public:
    Round(const Deployment& d, std::chrono::milliseconds limit) : d_{d}, limit_{limit}, tunnels_{d.hosts, limit, stop_flag()} {}

    Told ask(const Service& s) {
        auto first = first_fact(s);
        auto* ask = asker(s.type);
        if (!ask) return {{first, {{}, fmt::format("imops cannot ask a service of type {} yet", word(s.type))}}};
        Target t;
        std::optional<Secret> password;
        if (!s.password.empty()) {
            auto read = s.password.read();
            if (!read) return {{first, {service::login_text(name(read.error().code), &read.error()), {}}}};
            password.emplace(std::move(*read));
            t.password = &*password;
        }
        t.address = d_.address(s);
        t.port = s.port ? s.port : usual_port(s.type);
        t.wish = {t.address, s.ca};
        if (!s.at.empty()) split_authority(s.at, t.address, t.port);
        t.user = s.user;
        t.database = s.database;
        t.tls = s.tls.value_or(false);
        auto* via = s.via.empty() ? nullptr : d_.host(s.via);
        if (via && via->transport == Transport::local) via = nullptr;
        t.origin = {via, &tunnels_, stop_flag()};
        t.deadline = net::Clock::now() + limit_;
        t.service = &s;
        return ask(t);
    }
};

Facts as_facts(const Service& s, Told told, const Catalogue& catalogue) {
    Facts facts;
    auto groups = imops::groups(s);
    for (auto& f : catalogue.facts()) {
        if (std::ranges::find(groups, f.service) == groups.end()) continue;
        auto it = told.find(f.id);
        auto& raw = facts[f.id];
        if (it == told.end()) raw.got = Got::no_answer;
        else if (!it->second.error.empty()) raw = {Got::failed, 1, {}, it->second.error, 0};
        else raw = {Got::ok, 0, it->second.text, {}, 0};
    }
    return facts;
}

} // namespace

std::map<std::string, Facts> ask_services(const Deployment& d, const std::vector<const Service*>& services, const Catalogue& catalogue, std::chrono::milliseconds limit) {
    IgnorePipes ignore_pipes;
    Round round{d, std::min(limit, std::chrono::milliseconds{15'000})};
    std::vector<Told> told(services.size());
    std::atomic<std::size_t> next{0};
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < std::min<std::size_t>(services.size(), 64); ++i)
            threads.emplace_back([&] {
                for (std::size_t k; (k = next++) < services.size();) told[k] = round.ask(*services[k]);
            });
    }
    std::map<std::string, Facts> all;
    for (std::size_t i = 0; i < services.size(); ++i) all[services[i]->name] = as_facts(*services[i], std::move(told[i]), catalogue);
    return all;
}

} // namespace imops
