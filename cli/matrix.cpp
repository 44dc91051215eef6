#include "cli/matrix.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/string.hpp"
#include "core/facts/script.hpp"
#include "core/model/placement.hpp"
#include <algorithm>
#include <charconv>
#include <deque>
#include <set>

namespace imops {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t at_once = 64; // ways that one host dials at one time: as the scripts do
constexpr auto one_batch = 5s,
               for_names =
                   5s; // what that takes at the most: 3 s to connect, 2 s for the answer; one second more in perl
constexpr std::size_t line_limit = 4096; // ours are short; a longer one is noise

/// Where the answer of one host is read, and what became of it.
struct Member {
    const Host* host = nullptr;
    std::string token, listener, dialler, pending;
    std::set<int> ports, held, no_root;
    std::map<int, std::string> failed;                                  // port, why
    std::vector<std::size_t> ways;                                      // those that go out from it
    std::set<std::size_t> expected;                                     // of them, those where a token was to come
    std::map<std::size_t, std::pair<std::string, std::string>> answers; // by way: word, detail
    bool spoke = false, ready = false, sent_go = false, done = false, sent_bye = false, ended = false;
    std::optional<Error> error;

    bool listens(int port) const {
        return ready && listener != "none" && ports.contains(port) && !held.contains(port) && !no_root.contains(port) &&
               !failed.contains(port);
    }
};

std::optional<std::size_t> number(std::string_view s) {
    std::size_t n = 0;
    auto [end, bad] = std::from_chars(s.data(), s.data() + s.size(), n);
    if (bad != std::errc{} || end != s.data() + s.size()) return {};
    return n;
}

/// Takes the first word away.
std::string_view first(std::string_view& rest) {
    auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

/// Foreign text for the last column: a tab would begin another.
std::string field(std::string_view s) {
    auto text = one_line(trim(s), 200);
    std::replace(text.begin(), text.end(), '\t', ' ');
    return text;
}

std::string_view embedded(std::string_view path) {
    for (auto& file : embedded_prelude())
        if (file.path == path) return file.text;
    throw Failure{Error{Code::internal, say("{} is not in the program", "程序中没有 {}", path), {}, {}}};
}

/// A host's address as the scripts want it: without the brackets of a URL.
std::string bare(const std::string& address) {
    return address.starts_with('[') && address.ends_with(']') ? address.substr(1, address.size() - 2) : address;
}

/// The talk with all hosts: ready, go, done, bye. One thread: the fleet's loop calls in.
class Matrix {
    const std::vector<Flow> flows_;
    const std::string mark_ = random_nonce();
    std::deque<Member> members_; // jobs hold references
    const Clock::duration limit_, barrier_, dialling_;
    const Clock::time_point begun_ = Clock::now();
    std::optional<Clock::time_point> gone_; // when the barrier opened

    const Member* member(const Host* h) const {
        auto at = std::find_if(members_.begin(), members_.end(), [&](auto& m) { return m.host == h; });
        return at == members_.end() ? nullptr : &*at;
    }
    static Clock::duration dialling(const std::vector<Flow>& flows) {
        std::map<const Host*, std::size_t> count;
        std::size_t most = 0;
        for (auto& f : flows) most = std::max(most, ++count[f.from]);
        return one_batch * int((most + at_once - 1) / at_once) + for_names;
    }
    /// What the script may take at the most: so long a host that has died is waited for.
    Clock::duration script_limit() const { return std::min(limit_, barrier_ + dialling_ + 3s); }

    std::string script(const Member&) const;
    void line(Member&, std::string_view);
    void take(Member&, std::string_view);
    std::string targets(Member&);
    bool may_go();
    bool may_end() const;
    Feed feed(Member&);
    std::pair<std::string, std::string> without_listener(const Flow&, const Member* to) const;
    std::pair<std::string, std::string> result(const Member& from, std::size_t way) const;

  public:
    Matrix(std::vector<Flow> flows, const std::vector<const Host*>& hosts, std::chrono::milliseconds limit);
    std::vector<Job> jobs();
    void ended(const Outcome&);
    Raw rows(const Host*) const;
};

Matrix::Matrix(std::vector<Flow> flows, const std::vector<const Host*>& hosts, std::chrono::milliseconds limit)
    : flows_{std::move(flows)},
      limit_{limit},
      barrier_{std::min<Clock::duration>(limit / 3, 15s)},
      dialling_{dialling(flows_)} {
    for (auto* h : hosts) {
        Member m;
        m.host = h;
        m.token = random_nonce();
        for (std::size_t i = 0; i < flows_.size(); ++i) {
            if (flows_[i].from == h) m.ways.push_back(i);
            if (flows_[i].to == h) m.ports.insert(flows_[i].port);
        }
        if (!m.ways.empty() || !m.ports.empty()) members_.push_back(std::move(m));
    }
}

std::string Matrix::script(const Member& m) const {
    auto seconds = std::chrono::ceil<std::chrono::seconds>(script_limit()).count();
    // Variables and functions only, but for the last line: so the shell has read all of it before it begins to talk.
    return fmt::format(
        "matrix_mark={}\nmatrix_token={}\nmatrix_ports='{}'\nmatrix_limit={}\nmatrix_python={}\nmatrix_perl={}\n{}",
        mark_, m.token, fmt::join(m.ports, " "), seconds, shell_quote(embedded("core/facts/matrix.py")),
        shell_quote(embedded("core/facts/matrix.pl")), embedded("core/facts/matrix.sh"));
}

std::vector<Job> Matrix::jobs() {
    std::vector<Job> jobs;
    for (auto& m : members_) {
        Job job;
        job.host = m.host;
        job.script = {script(m), Effect::read, std::chrono::duration_cast<std::chrono::milliseconds>(script_limit()),
                      true};
        job.in = [this, &m] { return feed(m); };
        job.out = [this, &m](Stream s, std::string_view bytes) {
            if (s == Stream::out) take(m, bytes);
        };
        jobs.push_back(std::move(job));
    }
    return jobs;
}

void Matrix::take(Member& m, std::string_view bytes) {
    m.pending += bytes;
    std::size_t done = 0;
    for (std::size_t end; (end = m.pending.find('\n', done)) != m.pending.npos; done = end + 1)
        line(m, std::string_view{m.pending}.substr(done, end - done));
    m.pending.erase(0, done);
    if (m.pending.size() > line_limit) m.pending.clear();
}

/// What has no mark is noise: a banner, messages of a shell.
void Matrix::line(Member& m, std::string_view rest) {
    if (first(rest) != mark_) return;
    m.spoke = true;
    auto word = first(rest);
    auto port = [&] { return int(number(first(rest)).value_or(0)); };
    if (word == "tool") {
        m.listener = first(rest);
        m.dialler = first(rest);
    } else if (word == "held")
        m.held.insert(port());
    else if (word == "no_root")
        m.no_root.insert(port());
    else if (word == "failed") {
        auto p = port();
        m.failed[p] = rest;
    } else if (word == "ready")
        m.ready = true;
    else if (word == "done")
        m.done = true;
    else if (word == "broken")
        m.error =
            Error{Code::remote, say("the script failed there: {}", "脚本在该主机上出错：{}", field(rest)), {}, {}};
    else if (auto way = number(word); way && std::find(m.ways.begin(), m.ways.end(), *way) != m.ways.end()) {
        auto result = first(rest);
        m.answers.try_emplace(*way, std::string{result}, std::string{rest});
    }
}

/// The barrier: all listen or have failed, or it has been waited for long enough.
bool Matrix::may_go() {
    if (gone_) return true;
    auto now = Clock::now();
    bool all = std::all_of(members_.begin(), members_.end(), [](auto& m) { return m.ready || m.ended; });
    if (all || now >= begun_ + barrier_) gone_ = now;
    return gone_.has_value();
}

bool Matrix::may_end() const {
    return Clock::now() >= *gone_ + dialling_ ||
           std::all_of(members_.begin(), members_.end(), [](auto& m) { return m.done || m.ended; });
}

std::string Matrix::targets(Member& m) {
    std::string text;
    for (auto way : m.ways) {
        auto& f = flows_[way];
        auto* to = member(f.to);
        bool listens = to && !to->ended && to->listens(f.port);
        if (listens) m.expected.insert(way);
        text += fmt::format("to {} {} {} {}\n", way, bare(f.to->address), f.port, listens ? to->token : "-");
    }
    return text + "go\n";
}

Feed Matrix::feed(Member& m) {
    if (!m.ready || !may_go()) return {};
    if (!std::exchange(m.sent_go, true)) return {Feed::data, targets(m)};
    if (m.sent_bye) return {Feed::end, {}};
    if (!may_end()) return {};
    m.sent_bye = true;
    return {Feed::data, "bye\n"};
}

void Matrix::ended(const Outcome& o) {
    for (auto& m : members_)
        if (m.host == o.host) {
            m.ended = true;
            if (!o.result) m.error = o.result.error();
        }
}

/// Nobody of ours was behind the port, so that neither a refusal nor silence proves anything; this is why.
std::pair<std::string, std::string> Matrix::without_listener(const Flow& f, const Member* to) const {
    auto& name = f.to->name;
    if (!to) return {"error", name + " takes no part in this run"};
    if (to->no_root.contains(f.port)) return {"no_tool", fmt::format("needs root to listen on {} on {}", f.port, name)};
    if (auto why = to->failed.find(f.port); why != to->failed.end())
        return {"error", fmt::format("{} cannot listen on {}: {}", name, f.port, why->second)};
    if (to->error) return {"error", fmt::format("{}: {}", name, to->error->what.en)};
    if (to->listener == "none") return {"no_tool", name};
    return {"error", name + (to->ended ? ": its script ended before it listened" : " was not ready in time")};
}

std::pair<std::string, std::string> Matrix::result(const Member& from, std::size_t way) const {
    auto& f = flows_[way];
    auto* to = member(f.to);
    if (from.dialler == "none") return {"no_tool", from.host->name};
    auto at = from.answers.find(way);
    if (at == from.answers.end()) {
        if (from.error) return {"error", fmt::format("{}: {}", from.host->name, from.error->what.en)};
        return {"error", from.host->name + " did not answer in time"};
    }
    auto [word, detail] = at->second;
    if (word == "ok" && from.expected.contains(way)) return {"ok", ""};
    if (word == "open") return {"held", ""};
    if (word == "error") return {"error", detail};
    bool held = to && to->held.contains(f.port);
    if (!from.expected.contains(way) && !held) return without_listener(f, to);
    // It listened, and then it or the link to it died: that explains more than a firewall would.
    if (to && to->error && !to->done) return {"error", fmt::format("{}: {}", to->host->name, to->error->what.en)};
    // Nearly always a firewall that rejects with another message ("no route to host" is the usual one of firewalld).
    if (word == "unreachable") return {"refused", detail};
    if (word == "refused" || word == "timed_out" || word == "other") return {word, detail};
    return {"error", "not understood: " + word};
}

Raw Matrix::rows(const Host* h) const {
    double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    Raw raw{Got::ok, 0, {}, {}, now};
    auto* m = member(h);
    if (!m || m->ways.empty()) return raw;
    if (!m->ready && m->dialler != "none") {
        raw.got = m->spoke ? Got::lost : Got::unreached;
        if (m->error) raw.err = field(m->error->what.en);
        return raw;
    }
    for (auto way : m->ways) {
        auto& f = flows_[way];
        auto [word, detail] = result(*m, way);
        raw.out += fmt::format("{} tcp/{}\t{}\ttcp/{}\t{}\t{}\n", f.to->name, f.port, f.to->address, f.port, word,
                               field(detail));
    }
    if (!raw.out.empty()) raw.out.pop_back();
    return raw;
}

} // namespace

std::vector<Flow> plan_flows(const std::vector<const Host*>& hosts, const Deployment& d, const Product& product) {
    std::vector<Flow> flows;
    auto add = [&](const Host& from, const Host& to) {
        std::set<int> ports; // two components may share one
        for (auto& p : ports_on(to, d, product)) {
            bool connects = std::any_of(from.roles.begin(), from.roles.end(), [&](auto& role) {
                return std::find(p.from.begin(), p.from.end(), role) != p.from.end();
            });
            if (p.proto == "tcp" && p.first == p.last && connects) ports.insert(p.first);
        }
        for (int port : ports) flows.push_back({&from, &to, port});
    };
    for (auto* from : hosts) {
        auto self = std::find_if(d.hosts.begin(), d.hosts.end(), [&](auto& h) { return &h == from; });
        auto n = d.hosts.size();
        auto begin = self == d.hosts.end() ? n - 1 : std::size_t(self - d.hosts.begin());
        for (std::size_t i = 1; i <= n; ++i)
            if (auto& to = d.hosts[(begin + i) % n]; &to != from) add(*from, to);
    }
    return flows;
}

std::map<std::string, Raw> ask_matrix(Fleet& fleet, const std::vector<const Host*>& hosts, const Deployment& d,
                                      const Product& product, std::chrono::milliseconds limit) {
    Matrix matrix{plan_flows(hosts, d, product), hosts, limit};
    if (auto jobs = matrix.jobs(); !jobs.empty()) fleet.run(jobs, [&](const Outcome& o) { matrix.ended(o); });
    std::map<std::string, Raw> facts;
    for (auto* h : hosts) facts[h->name] = matrix.rows(h);
    return facts;
}

} // namespace imops
