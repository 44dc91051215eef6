// usage: matrix_program DEPLOYMENT PRODUCT LIMIT_MS: asks for the fact net.matrix of all hosts and prints its rows,
// each with the host from which it goes out before it; for tests/real/matrix. On standard error: how each run took, and
// errors of hosts.
#include "cli/matrix.hpp"
#include "core/loop/program.hpp"
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace imops;

namespace {

std::string whole(const char* path) {
    std::ostringstream s;
    s << std::ifstream{path}.rdbuf();
    return s.str();
}

/// Says what the hosts answer as outcomes, which ask_matrix keeps for itself.
struct Telling final : Fleet {
    std::unique_ptr<Fleet> inner;
    bool turn(std::chrono::steady_clock::time_point latest) override { return inner->turn(latest); }
    Running begin(std::shared_ptr<const Job> job, Done done) override { return inner->begin(job, done); }
    void abandon() override { inner->abandon(); }
    std::vector<Outcome> run(std::span<const Job> jobs, const std::function<void(const Outcome&)>& done) override {
        return inner->run(jobs, [&](const Outcome& o) {
            fmt::print(stderr, "{} {} ms: {}\n", o.host->name, o.took.count(),
                       o.result ? fmt::format("status {}", o.result->status) : o.result.error().what.en);
            done(o);
        });
    }
};

} // namespace

int main(int argc, char** argv) try {
    if (argc != 4) return 2;
    begin_program();
    auto d = parse_deployment(whole(argv[1]), argv[1]);
    auto product = parse_product(whole(argv[2]), argv[2]);
    Telling fleet;
    FleetOptions options;
    options.hosts = d.hosts;
    fleet.inner = make_fleet(options);
    std::vector<const Host*> hosts;
    for (auto& h : d.hosts) hosts.push_back(&h);
    // Twice, if wanted: the second time the sessions are there already, as after the passive facts.
    for (int runs = std::getenv("MATRIX_WARM") ? 2 : 1; runs > 0; --runs) {
        auto begun = std::chrono::steady_clock::now();
        auto facts = ask_matrix(fleet, hosts, d, product, std::chrono::milliseconds{std::atoi(argv[3])});
        fmt::print(
            stderr, "took {} ms\n",
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count());
        if (runs > 1) continue;
        for (auto* h : hosts) {
            auto& raw = facts.at(h->name);
            if (raw.got != Got::ok)
                fmt::print("{}\t{} {}\n", h->name, raw.got == Got::unreached ? "unreached" : "lost", raw.err);
            std::istringstream lines{raw.out};
            for (std::string line; std::getline(lines, line);) fmt::print("{}\t{}\n", h->name, line);
        }
    }
} catch (const Failure& f) {
    for (auto& e : f.errors) std::cerr << e.what.en << "\n";
    return 2;
}
