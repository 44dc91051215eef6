#include "cli/collect.hpp"
#include "cli/matrix.hpp"
#include "core/base/string.hpp"
#include "core/facts/script.hpp"
#include <algorithm>
#include <deque>

namespace imops {

double wall_clock() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Variables script_variables(const Host& h, const Placement& p) {
    auto& d = p.deployment();
    auto joined = [](const std::vector<std::string>& v) { return fmt::format("{}", fmt::join(v, " ")); };
    std::vector<std::string> peers;
    for (auto& other : d.hosts)
        if (other.name != h.name) peers.push_back(other.address);
    auto all = host_variables(p.view(h));
    all.emplace_back("IMOPS_PEERS", joined(peers));
    all.emplace_back("IMOPS_NAMES", joined(d.names));
    return all;
}

std::unique_ptr<Fleet> fleet_of(const Deployment& d, int fan_out) {
    FleetOptions o;
    o.fan_out = fan_out;
    o.connect_limit = std::chrono::seconds{15};
    o.hosts = d.hosts;
    o.stop = stop_flag();
    return make_fleet(o);
}

namespace {

/// One script on one host, with what reads its answer.
struct Round {
    const Host* host;
    std::vector<const FactDef*> defs;
    FrameReader reader;
    Job job;

    Round(const Host& h, std::vector<const FactDef*> facts, const Variables& variables, std::chrono::milliseconds limit,
          std::string nonce)
        : host{&h}, defs{std::move(facts)}, reader{defs, nonce, wall_clock} {
        job.host = host;
        job.script = {fact_script(defs, variables, nonce), Effect::read, limit, true};
        job.out = [this](Stream s, std::string_view bytes) {
            s == Stream::out ? reader.out(bytes) : reader.err(bytes);
        };
    }
};

Raw told(std::string text) { return {Got::ok, 0, std::move(text), {}, 0}; }
std::string flat(const std::string& s) { return one_line(s, 1500); }

/// How the log-in went, as facts: the checks of checks/access.yaml judge them like all others.
void add_access(Facts& facts, const Host& h, const Outcome& o, const FrameReader& reader) {
    Error e{Code::internal, {}, {}, {}};
    std::string code = "ok";
    if (!o.result) {
        e = o.result.error();
        code = name(e.code);
    } else if (!reader.finished()) {
        code = name(Code::no_shell);
        e.what = say("the script did not come to its end (status {}): {}", "脚本未能执行完毕（状态 {}）：{}",
                     (*o.result).status, flat(reader.noise_text()));
        e.remedy = Text{"Log in by hand and run `sh -c 'echo fine'`: the user needs a POSIX sh and must not be forced "
                        "into another command.",
                        "请手工登录并执行 `sh -c 'echo fine'`：该用户需要 POSIX sh，且不能被强制执行其他命令。"};
    }
    if (code == "ok") e.what = say("logged in ({})", "登录成功（{}）", word(o.transport));
    auto line = [](const char* key, const std::string& text) {
        return text.empty() ? std::string{} : fmt::format("{} {}\n", key, flat(text));
    };
    facts["access.login"] = told(fmt::format("code {}\n", code) + line("en", e.what.en) + line("zh", e.what.zh) +
                                 line("remedy_en", e.remedy.en) + line("remedy_zh", e.remedy.zh) +
                                 fmt::format("transport {}\n", word(o.transport)));
    if (code != "ok") {
        for (auto id : {"access.root", "access.noise"}) facts[id].got = Got::unreached;
        return;
    }
    auto& noise = reader.noise_text();
    auto refused = noise.find("imops-sudo: refused: ");
    auto message =
        refused == noise.npos ? std::string{} : noise.substr(refused + 21, noise.find('\n', refused) - refused - 21);
    facts["access.root"] =
        told(fmt::format("wanted {}\ngot {}\n", h.sudo != Sudo::none ? "yes" : "no", reader.root() ? "yes" : "no") +
             line("message", message));
    facts["access.noise"] = told(fmt::format("bytes {}\n", reader.noise()));
}

} // namespace

bool collect(Fleet& fleet, const Placement& placement, const Catalogue& catalogue,
             const std::vector<const Host*>& hosts, const std::vector<const Check*>& checks, const CollectOptions& o,
             const Program& program, const std::function<void(const Host&, Facts)>& arrived) {
    bool interrupted = false;
    std::map<const Host*, Facts> waiting; // hosts with active facts still to come
    bool matrix = !o.passive && std::any_of(checks.begin(), checks.end(), [](auto* c) {
        return std::find(c->facts.begin(), c->facts.end(), "net.matrix") != c->facts.end();
    });
    for (bool active : {false, true}) {
        if (active && o.passive) break;
        auto nonce = random_nonce();
        std::deque<Round> rounds;
        for (auto* h : hosts) {
            auto defs = needed_facts(checks, catalogue, *h, active);
            if (active && (defs.empty() || !waiting.contains(h))) continue;
            rounds.emplace_back(*h, std::move(defs), script_variables(*h, placement), o.timeout, nonce);
        }
        std::vector<Job> jobs;
        std::map<const Host*, Round*> by_host;
        for (auto& r : rounds) {
            jobs.push_back(r.job);
            by_host[r.host] = &r;
        }
        fleet.run(jobs, [&](const Outcome& outcome) {
            auto& h = *outcome.host;
            auto& round = *by_host.at(&h);
            auto facts = round.reader.facts();
            bool reached = outcome.result ||
                           std::any_of(facts.begin(), facts.end(), [](auto& f) { return f.second.got != Got::lost; });
            if (!outcome.result && outcome.result.error().code == Code::interrupted) interrupted = true;
            if (!reached)
                for (auto& [id, raw] : facts) raw.got = Got::unreached;
            if (!active) add_access(facts, h, outcome, round.reader);
            if (program.verbose && !outcome.why.empty())
                program.say(say("{}: {} in {} ms", "{}：{}，用时 {} ms", h.name, outcome.why, outcome.took.count()));
            if (active) facts.merge(waiting[&h]);
            bool more = !active && reached && !o.passive && !needed_facts(checks, catalogue, h, true).empty();
            if (more || (reached && matrix))
                waiting[&h] = std::move(facts);
            else {
                waiting.erase(&h);
                arrived(h, std::move(facts));
            }
        });
    }
    if (matrix && !interrupted) {
        std::vector<const Host*> reached;
        for (auto* h : hosts)
            if (waiting.contains(h)) reached.push_back(h);
        for (auto& [name, raw] : ask_matrix(fleet, reached, placement.deployment(), placement.product(), o.timeout))
            waiting[placement.deployment().host(name)]["net.matrix"] = std::move(raw);
    }
    for (auto& [h, facts] : waiting) arrived(*h, std::move(facts));
    return interrupted;
}

} // namespace imops
