#include "core/probe/redis/ha.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace imops::probe {

namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

/// "ip=10.0.0.5,port=6379": `by` is between pairs, `is` within one.
Fields pairs(std::string_view s, char by, char is) {
    Fields all;
    for (auto one : split(s, by))
        if (auto at = one.find(is); at != one.npos) all.emplace(trim(one.substr(0, at)), trim(one.substr(at + 1)));
    return all;
}

std::string of(const Fields& f, std::string_view key) {
    auto it = f.find(key);
    return it == f.end() ? std::string{} : one_line(it->second, 100);
}

long long number(std::string_view s) {
    long long n = 0;
    std::from_chars(s.data(), s.data() + s.size(), n);
    return n;
}

/// Adds a name to a list of at most five.
void add(std::string& names, int& count, std::string_view name) {
    if (count++ < 5) names += fmt::format("{}{}", names.empty() ? "" : ", ", one_line(name, 60));
}

/// One line of CLUSTER NODES.
struct Node {
    std::string_view id, address, primary;
    std::set<std::string_view> flags;
    bool has_slots = false;
};

std::optional<Node> read_node(std::string_view line) {
    auto words = split(line, ' ');
    if (words.size() < 8) return {};
    auto flags = split(words[2], ',');
    return Node{
        words[0], words[1].substr(0, words[1].find('@')), words[3], {flags.begin(), flags.end()}, words.size() > 8};
}

/// A list of fields and values, one after the other, as Redis gives it in RESP2.
Fields flat(const redisReply& r) {
    Fields all;
    for (std::size_t i = 0; i + 1 < r.elements; i += 2) all.emplace(text_of(*r.element[i]), text_of(*r.element[i + 1]));
    return all;
}

void ask_sentinel(RedisConversation& redis, Told& told) {
    auto masters = redis.ask({"SENTINEL", "MASTERS"});
    if (!masters) {
        told["redis.masters"].error = masters.error().what.en;
        return;
    }
    if ((*masters)->type != REDIS_REPLY_ARRAY) return;
    auto& said = told["redis.masters"];
    for (std::size_t i = 0; i < (*masters)->elements; ++i) {
        auto f = flat(*(*masters)->element[i]);
        auto name = f["name"];
        auto quorum = redis.ask({"SENTINEL", "CKQUORUM", name});
        if (!quorum) {
            said = {{}, quorum.error().what.en};
            return;
        }
        auto reach = (*quorum)->type == REDIS_REPLY_ERROR ? one_line(text_of(**quorum), 160) : std::string{"ok"};
        said.text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", of(f, "name"), of(f, "ip"), number(of(f, "port")),
                                 of(f, "flags"), number(of(f, "num-slaves")), number(of(f, "num-other-sentinels")) + 1,
                                 number(of(f, "quorum")), reach);
    }
}

void ask_cluster(RedisConversation& redis, Told& told) {
    std::string texts[2];
    for (int i = 0; auto what : {"INFO", "NODES"}) {
        auto reply = redis.ask({"CLUSTER", what});
        if (!reply) {
            told["redis.cluster"].error = reply.error().what.en;
            return;
        }
        if ((*reply)->type == REDIS_REPLY_ERROR) return;
        texts[i++] = text_of(**reply);
    }
    told["redis.cluster"].text = redis_cluster_text(texts[0], texts[1]);
}

} // namespace

std::string redis_replicas_text(std::string_view info) {
    auto all = pairs(info, '\n', ':');
    auto sent = number(of(all, "master_repl_offset"));
    std::string text;
    for (auto& [key, value] : all) {
        if (!key.starts_with("slave") || value.find("offset=") == value.npos) continue;
        auto f = pairs(value, ',', '=');
        auto offset = number(of(f, "offset"));
        text += fmt::format("{}:{}\t{}\t{}\t{}\n", of(f, "ip"), of(f, "port"), of(f, "state"),
                            offset > 0 ? std::max(sent - offset, 0LL) : sent, std::max(number(of(f, "lag")), 0LL));
    }
    return text;
}

std::string redis_cluster_text(std::string_view info, std::string_view nodes) {
    auto f = pairs(info, '\n', ':');
    auto text = fmt::format("state {}\nslots {}\nknown {}\n", of(f, "cluster_state"),
                            number(of(f, "cluster_slots_assigned")), number(of(f, "cluster_known_nodes")));
    std::string failing, alone;
    int failing_count = 0, alone_count = 0, doubtful = 0;
    std::vector<Node> all;
    std::set<std::string_view> followed;
    for (auto line : split(nodes, '\n')) {
        auto node = read_node(trim(line));
        if (!node) continue;
        bool dead = node->flags.contains("fail") || node->flags.contains("noaddr");
        if (dead) add(failing, failing_count, node->address);
        doubtful += node->flags.contains("fail?");
        if (!dead && node->flags.contains("slave")) followed.insert(node->primary);
        all.push_back(std::move(*node));
    }
    for (auto& node : all)
        if (node.has_slots && node.flags.contains("master") && !followed.contains(node.id))
            add(alone, alone_count, node.address);
    text += fmt::format("failing {}\ndoubtful {}\nalone {}\n", failing_count, doubtful, alone_count);
    if (!failing.empty()) text += fmt::format("failing_names {}\n", failing);
    if (!alone.empty()) text += fmt::format("alone_names {}\n", alone);
    return text;
}

void ask_redis_ha(RedisConversation& redis, std::string_view info, Told& told) {
    auto mode = of(pairs(info, '\n', ':'), "redis_mode");
    if (mode == "sentinel") ask_sentinel(redis, told);
    if (mode == "cluster") ask_cluster(redis, told);
}

} // namespace imops::probe
