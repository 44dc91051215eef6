#include "cli/services.hpp"
#include "cli/program.hpp"
#include "core/base/process.hpp"
#include "core/service/endpoint.hpp"
#include "core/service/http.hpp"
#include "core/service/redis.hpp"
#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
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
    case ServiceType::http: return service::ask_http;
    case ServiceType::postgres:
    case ServiceType::mysql:
    case ServiceType::memcached:
    case ServiceType::s3:
    case ServiceType::smtp:
    case ServiceType::turn:
    case ServiceType::xmpp:
    case ServiceType::tls:
    case ServiceType::dns: return nullptr;
    }
    return nullptr;
}

/// The fact that tells how the log-in or the answer went.
std::string first_fact(const Service& s) {
    auto group = std::string{groups(s).front()};
    return group + (group == "endpoint" ? ".answer" : ".login");
}

/// A target, and the secret that it points to.
struct Asked {
    Target target;
    std::unique_ptr<Secret> password;
};

/// All that is asked in one run.
class Round {
    const Deployment& d_;
    std::chrono::milliseconds limit_;
    net::Tunnels tunnels_;

    const Host* via(const Service& s) const {
        auto* host = s.via.empty() ? nullptr : d_.host(s.via);
        return host && host->transport == Transport::local ? nullptr : host;
    }

    Result<Asked> prepare(const Service& s) {
        Asked asked;
        auto& t = asked.target;
        if (!s.password.empty()) {
            auto read = s.password.read();
            if (!read) return read.error();
            asked.password = std::make_unique<Secret>(std::move(*read));
            t.password = asked.password.get();
        }
        t.address = d_.address(s);
        t.port = s.port ? s.port : usual_port(s.type);
        t.wish = {t.address, s.ca};
        if (!s.at.empty()) split_authority(s.at, t.address, t.port);
        t.user = s.user;
        t.database = s.database;
        t.tls = s.tls.value_or(false);
        t.origin = {via(s), &tunnels_, stop_flag()};
        t.deadline = net::Clock::now() + limit_;
        t.service = &s;
        return asked;
    }

    static Told unasked(const Service& s, const Error& e) { return {{first_fact(s), {service::login_text(name(e.code), &e), {}}}}; }

  public:
    Round(const Deployment& d, std::chrono::milliseconds limit) : d_{d}, limit_{limit}, tunnels_{d.hosts, limit, stop_flag()} {}

    /// Whether it goes with all others of its kind, in one loop instead of a thread of its own.
    bool together(const Service& s) const { return s.type == ServiceType::http && !via(s); }

    Told ask(const Service& s) {
        auto* ask = asker(s.type);
        if (!ask) return {{first_fact(s), {{}, fmt::format("imops cannot ask a service of type {} yet", word(s.type))}}};
        auto asked = prepare(s);
        return asked ? ask((*asked).target) : unasked(s, asked.error());
    }

    void ask_together(const std::vector<const Service*>& services, const std::function<void(const Service&, Told)>& done) {
        std::vector<Target> targets;
        std::vector<std::unique_ptr<Secret>> passwords;
        for (auto* s : services) {
            auto asked = prepare(*s);
            if (!asked) {
                done(*s, unasked(*s, asked.error()));
                continue;
            }
            targets.push_back(std::move((*asked).target));
            passwords.push_back(std::move((*asked).password));
        }
        service::ask_http(targets, limit_, [&](std::size_t i, Told told) { done(*targets[i].service, std::move(told)); });
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
    std::vector<const Service*> together, alone;
    for (auto* s : services) (round.together(*s) ? together : alone).push_back(s);
    std::map<std::string, Facts> all;
    std::mutex mutex; // of `all`
    auto done = [&](const Service& s, Told told) {
        auto facts = as_facts(s, std::move(told), catalogue);
        std::lock_guard lock{mutex};
        all[s.name] = std::move(facts);
    };
    std::atomic<std::size_t> next{0};
    {
        std::vector<std::jthread> threads;
        if (!together.empty()) threads.emplace_back([&] { round.ask_together(together, done); });
        for (std::size_t i = 0; i < std::min<std::size_t>(alone.size(), 64); ++i)
            threads.emplace_back([&] {
                for (std::size_t k; (k = next++) < alone.size();) done(*alone[k], round.ask(*alone[k]));
            });
    }
    return all;
}

} // namespace imops
