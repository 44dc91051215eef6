#include "cli/services.hpp"
#include "cli/program.hpp"
#include "core/client/tls/starttls.hpp"
#include "core/loop/threads.hpp"
#include "core/probe/dns.hpp"
#include "core/probe/endpoint.hpp"
#include "core/probe/http.hpp"
#include "core/probe/memcached.hpp"
#include "core/probe/message/message.hpp"
#include "core/probe/mysql/mysql.hpp"
#include "core/probe/postgres/postgres.hpp"
#include "core/probe/redis/redis.hpp"
#include "core/probe/s3.hpp"
#include "core/probe/smtp.hpp"
#include "core/probe/tls/tls.hpp"
#include "core/probe/turn.hpp"
#include "core/probe/xmpp.hpp"
#include <algorithm>
#include <functional>
#include <tuple>

namespace imops {

namespace {

using client::Target;
using probe::Told;

/// Who asks which kind of service.
Told (*asker(const Service& s))(const Target&) {
    if (s.to) return s.type == ServiceType::xmpp ? probe::message_by_xmpp : probe::message_by_matrix;
    switch (s.type) {
    case ServiceType::postgres: return probe::ask_postgres;
    case ServiceType::mysql: return probe::ask_mysql;
    case ServiceType::redis: return probe::ask_redis;
    case ServiceType::memcached: return probe::ask_memcached;
    case ServiceType::mongodb:
    case ServiceType::kafka:
    case ServiceType::tcp: return probe::ask_tcp;
    case ServiceType::smtp: return probe::ask_smtp;
    case ServiceType::turn: return probe::ask_turn;
    case ServiceType::http: return probe::ask_http;
    case ServiceType::xmpp: return probe::ask_xmpp;
    case ServiceType::tls: return probe::ask_tls;
    case ServiceType::dns: return probe::ask_dns;
    case ServiceType::s3: return probe::ask_s3;
    }
    return probe::ask_tcp;
}

/// The fact that tells how the log-in or the answer went.
std::string first_fact(const Service& s) {
    auto group = std::string{groups(s).front()};
    return group + (group == "endpoint" ? ".answer" : ".login");
}

constexpr std::size_t threads = 64; // at most, at one time

/// One service, and what is needed to ask it.
struct Asked {
    const Service* service = nullptr;
    Target target;
    std::optional<Result<Secret>> password;
    Told told;
};

/// The TLS of many services: what many have in common (a hundred urls of one proxy) is looked at once.
class TlsRound {
    using Key = std::tuple<std::string, int, std::string, std::string, std::string, client::Preamble>;
    std::map<Key, std::size_t> places_;
    std::vector<Target> targets_;
    std::vector<Told> told_;
    std::map<const Service*, std::size_t> of_;
    probe::TlsScope scope_{false, false};

  public:
    TlsRound(const std::vector<Asked>& asked, const std::vector<const Check*>& checks) {
        bool wanted = false;
        for (auto* c : checks) {
            wanted = wanted || c->service == "tls";
            scope_.weak = scope_.weak || std::ranges::find(c->facts, "tls.weak") != c->facts.end();
            scope_.backends = scope_.backends || std::ranges::find(c->facts, "tls.backends") != c->facts.end();
        }
        for (auto& a : asked) {
            auto groups = imops::groups(*a.service);
            if (!wanted || std::ranges::find(groups, "tls") == groups.end()) continue;
            auto& t = a.target;
            auto [it, fresh] = places_.try_emplace(
                {t.address, t.port, t.wish.name, t.wish.ca, a.service->via, probe::preamble_of(*a.service)},
                targets_.size());
            if (fresh) targets_.push_back(t);
            of_[a.service] = it->second;
        }
        told_.resize(targets_.size());
    }
    std::size_t size() const { return targets_.size(); }
    void ask(std::size_t i, std::chrono::milliseconds limit) {
        targets_[i].deadline = net::Clock::now() + limit;
        told_[i] = probe::inspect_tls(targets_[i], scope_);
    }
    void add_to(Told& told, const Service& s) const {
        if (auto it = of_.find(&s); it != of_.end()) told.insert(told_[it->second].begin(), told_[it->second].end());
    }
};

/// All that is asked in one run.
class Round {
    const Deployment& d_;
    std::chrono::milliseconds limit_;
    net::Tunnels tunnels_;
    std::vector<Asked> asked_;

    const Host* via(const Service& s) const {
        auto* host = s.via.empty() ? nullptr : d_.host(s.via);
        return host && host->transport == Transport::local ? nullptr : host;
    }

    void prepare(Asked& a) {
        auto& s = *a.service;
        auto& t = a.target;
        t.address = d_.address(s);
        t.port = s.port ? s.port : usual_port(s.type);
        t.wish = {t.address, s.ca};
        if (!s.at.empty()) split_authority(s.at, t.address, t.port);
        t.user = s.user;
        t.database = s.database;
        t.tls = s.tls.value_or(false);
        t.origin = {via(s), &tunnels_, stop_flag()};
        t.service = &s;
        if (s.password.empty()) return;
        a.password.emplace(s.password.read());
        if (*a.password)
            t.password = &**a.password;
        else
            a.told = {{first_fact(s), {probe::login_text(name(a.password->error().code), &a.password->error()), {}}}};
    }

    /// HTTP that is asked from here goes in one loop, instead of a thread for each.
    bool together(const Asked& a) const {
        return a.service->type == ServiceType::http && !a.service->to && !a.target.origin.via;
    }

    void ask(Asked& a) {
        a.target.deadline = net::Clock::now() + limit_;
        LogTimer timer;
        a.told = asker(*a.service)(a.target);
        log(LogLevel::info, "service",
            {{"name", a.service->name},
             {"type", word(a.service->type)},
             {"address", a.target.address},
             {"port", a.target.port},
             timer.ms()});
    }

    void ask_together(const std::vector<Asked*>& asked) {
        std::vector<Target> targets;
        for (auto* a : asked) targets.push_back(a->target);
        if (!targets.empty())
            probe::ask_http(targets, limit_, [&](std::size_t i, Told told) { asked[i]->told = std::move(told); });
    }

  public:
    /// Secrets are read first, all at once: a command may take seconds.
    Round(const Deployment& d, const std::vector<const Service*>& services, std::chrono::milliseconds limit)
        : d_{d}, limit_{limit}, tunnels_{d.hosts, limit, stop_flag()}, asked_(services.size()) {
        for_each_at_once(services.size(), threads, [&](std::size_t i) {
            asked_[i].service = services[i];
            prepare(asked_[i]);
        });
    }

    const std::vector<Asked>& ask(const std::vector<const Check*>& checks) {
        TlsRound tls{asked_, checks};
        std::vector<Asked*> alone, in_one_loop;
        for (auto& a : asked_)
            if (a.told.empty()) (together(a) ? in_one_loop : alone).push_back(&a);
        {
            Thread loop{[&] { ask_together(in_one_loop); }};
            for_each_at_once(alone.size() + tls.size(), threads, [&](std::size_t i) {
                if (i < alone.size())
                    ask(*alone[i]);
                else
                    tls.ask(i - alone.size(), limit_);
            });
        }
        for (auto& a : asked_) tls.add_to(a.told, *a.service);
        return asked_;
    }
};

Facts as_facts(const Asked& a, const Catalogue& catalogue) {
    Facts facts;
    auto groups = imops::groups(*a.service);
    for (auto& f : catalogue.facts()) {
        if (std::ranges::find(groups, f.service) == groups.end()) continue;
        auto it = a.told.find(f.id);
        auto& raw = facts[f.id];
        if (it == a.told.end())
            raw.got = Got::no_answer;
        else if (!it->second.error.empty())
            raw = {Got::failed, 1, {}, it->second.error, 0};
        else
            raw = {Got::ok, 0, it->second.text, {}, 0};
    }
    return facts;
}

} // namespace

std::map<std::string, Facts> ask_services(const Deployment& d, const std::vector<const Service*>& services,
                                          const Catalogue& catalogue, const std::vector<const Check*>& checks,
                                          std::chrono::milliseconds limit) {
    Round round{d, services, std::min(limit, std::chrono::milliseconds{15'000})};
    std::map<std::string, Facts> all;
    for (auto& a : round.ask(checks)) all[a.service->name] = as_facts(a, catalogue);
    return all;
}

} // namespace imops
