#include "cli/services.hpp"
#include "cli/program.hpp"
#include "core/base/process.hpp"
#include "core/service/endpoint.hpp"
#include "core/service/redis.hpp"
#include "core/service/starttls.hpp"
#include "core/service/tls.hpp"
#include <algorithm>
#include <atomic>
#include <tuple>
#include <thread>

namespace imops {

namespace {

using service::Target;
using service::Told;

/// Who asks which kind of service.
Told (*asker(ServiceType t))(const Target&) {
    switch (t) {
    case ServiceType::redis: return service::ask_redis;
    case ServiceType::tls: return service::ask_tls;
    case ServiceType::tcp:
    case ServiceType::mongodb:
    case ServiceType::kafka: return service::ask_tcp;
    case ServiceType::postgres:
    case ServiceType::mysql:
    case ServiceType::memcached:
    case ServiceType::s3:
    case ServiceType::smtp:
    case ServiceType::turn:
    case ServiceType::http:
    case ServiceType::xmpp:
    case ServiceType::dns: return nullptr;
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

    Target target(const Service& s) {
        Target t;
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
        return t;
    }

    Told ask(const Service& s) {
        auto first = first_fact(s);
        auto* ask = asker(s.type);
        if (!ask) return {{first, {{}, fmt::format("imops cannot ask a service of type {} yet", word(s.type))}}};
        auto t = target(s);
        std::optional<Secret> password;
        if (!s.password.empty()) {
            auto read = s.password.read();
            if (!read) return {{first, {service::login_text(name(read.error().code), &read.error()), {}}}};
            password.emplace(std::move(*read));
            t.password = &*password;
        }
        return ask(t);
    }
};

/// The TLS of many services: what many have in common (a hundred urls of one proxy) is looked at once.
class TlsRound {
    using Key = std::tuple<std::string, int, std::string, std::string, std::string, service::Preamble>;
    std::map<Key, std::size_t> places_;
    std::vector<Target> targets_;
    std::vector<Told> told_;
    std::map<const Service*, std::size_t> of_;
    service::TlsScope scope_;
    bool wanted_ = false;

  public:
    TlsRound(Round& round, const std::vector<const Service*>& services, const std::vector<const Check*>& checks) : scope_{false, false} {
        for (auto* c : checks) {
            wanted_ = wanted_ || c->service == "tls";
            scope_.weak = scope_.weak || std::ranges::find(c->facts, "tls.weak") != c->facts.end();
            scope_.backends = scope_.backends || std::ranges::find(c->facts, "tls.backends") != c->facts.end();
        }
        for (auto* s : services) {
            auto groups = imops::groups(*s);
            if (!wanted_ || std::ranges::find(groups, "tls") == groups.end()) continue;
            auto t = round.target(*s);
            auto [it, fresh] = places_.try_emplace({t.address, t.port, t.wish.name, t.wish.ca, s->via, service::preamble_of(*s)}, targets_.size());
            if (fresh) targets_.push_back(std::move(t));
            of_[s] = it->second;
        }
        told_.resize(targets_.size());
    }
    std::size_t size() const { return targets_.size(); }
    void ask(std::size_t i, std::chrono::milliseconds limit) {
        targets_[i].deadline = net::Clock::now() + limit;
        told_[i] = service::inspect_tls(targets_[i], scope_);
    }
    void add_to(Told& told, const Service& s) const {
        if (auto it = of_.find(&s); it != of_.end()) told.insert(told_[it->second].begin(), told_[it->second].end());
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

std::map<std::string, Facts> ask_services(const Deployment& d, const std::vector<const Service*>& services, const Catalogue& catalogue, const std::vector<const Check*>& checks,
                                          std::chrono::milliseconds limit) {
    IgnorePipes ignore_pipes;
    limit = std::min(limit, std::chrono::milliseconds{15'000});
    Round round{d, limit};
    TlsRound tls{round, services, checks};
    std::vector<Told> told(services.size());
    auto jobs = services.size() + tls.size();
    std::atomic<std::size_t> next{0};
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < std::min<std::size_t>(jobs, 64); ++i)
            threads.emplace_back([&] {
                for (std::size_t k; (k = next++) < jobs;)
                    if (k < services.size()) told[k] = round.ask(*services[k]);
                    else tls.ask(k - services.size(), limit);
            });
    }
    std::map<std::string, Facts> all;
    for (std::size_t i = 0; i < services.size(); ++i) {
        tls.add_to(told[i], *services[i]);
        all[services[i]->name] = as_facts(*services[i], std::move(told[i]), catalogue);
    }
    return all;
}

} // namespace imops
