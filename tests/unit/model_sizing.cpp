#include "core/base/file.hpp"
#include "core/model/sizing.hpp"
#include "tests/unit/model_problems.hpp"
#include <cmath>
#include <filesystem>

using namespace imops;
using namespace imops::testing_help;

namespace {

const std::string begin =
    "product: p\ntitle: {en: P, zh: P}\nabout: {en: p, zh: p}\ntested: unknown\nsources: [here]\n";  // lines 1 to 5
const std::string component = "components:\n  - {name: server, title: {en: S, zh: S}, role: app}\n"; // lines 6 and 7

Product product(const std::string& rest) { return parse_product(begin + component + rest, "p.yaml"); }
std::vector<std::string> problems(const std::string& rest) {
    return thrown([&] { product(rest); });
}

const std::string figures =
    "figures:\n"
    "  message_bytes: {value: 1000, source: s}\n  index_factor: {value: 2, source: s}\n  log_bytes: {value: 500, "
    "source: s}\n"
    "  files_per_user: {value: 2, source: s}\n  files_base: {value: 100, source: s}\n  pool: {value: 10, source: s}\n"
    "  processes_per_core: {value: 1, source: s}\n  peak_factor: {value: 10, source: s}\n  fan_out: {value: 20, "
    "source: s}\n"
    "  users_per_core: {value: 100, source: s}\n  memory_base: {value: 1 GiB, source: s}\n  memory_per_user: {value: 1 "
    "MiB, source: s}\n"
    "limits: {files: {minimum: 1024, recommended: 4096, source: s}}\n";
const std::string rows =
    "sizing:\n"
    "  - {role: app, concurrent: 500, cores: 2, memory: 4 GiB, source: a}\n"
    "  - {role: app, concurrent: 2000, cores: 6, memory: 8 GiB, source: b}\n"
    "  - {role: app, concurrent: 1000, cores: 4, memory: 6 GiB, source: c}\n"
    "  - {role: app, concurrent: 600, cores: 64, memory: 64 GiB, kind: measured, source: no advice}\n"
    "  - {role: app, cores: 1, memory: 1 GiB, disk: 10 GB, kind: minimum, source: d}\n";

Workload workload(double concurrent) {
    Workload w;
    w.registered = concurrent * 2;
    w.concurrent = concurrent;
    w.messages = 10'000;
    w.media.value = 1e9;
    return w;
}

constexpr double GiB = 1073741824;

const RoleSize& role(const Sizing& s, const std::string& name) {
    for (auto& r : s.roles)
        if (r.role == name) return r;
    throw std::runtime_error("no role " + name);
}

const SizeLine& line(const Sizing& s, const std::string& role, const std::string& part) {
    for (auto& l : s.lines)
        if (l.role == role && l.part == part) return l;
    throw std::runtime_error("no line " + role + " " + part);
}

Product shipped(const std::string& id) {
    auto path = std::string{IMOPS_SOURCE "/products/"} + id + ".yaml";
    return parse_product(*read_file(path), path);
}

} // namespace

TEST(Product, is_read) {
    auto p = parse_product(begin + "components:\n"
                                   "  - {name: pg, title: {en: S, zh: S}, role: db, optional: true, units: "
                                   "[postgresql], ports: [{name: pg, port: 5432, from: [app]}]}\n"
                                   "  - {name: turn, title: {en: S, zh: S}, role: turn, ports: [{name: relay, port: "
                                   "49152-65535, proto: udp, from: [public, local]}]}\n"
                                   "figures: {message_bytes: {value: 2 KiB, source: own}}\n",
                           "p.yaml");
    EXPECT_EQ(p.components[0].ports[0].show(), "tcp/5432");
    EXPECT_EQ(p.components[1].ports[0].show(), "udp/49152-65535");
    EXPECT_EQ(p.figure("message_bytes")->value, 2048);
    EXPECT_EQ(p.figure("pool"), nullptr);
}

TEST(Product, mistakes_have_their_place) {
    std::pair<const char*, const char*> table[]{
        {"figures: {mesage_bytes: {value: 1, source: s}}\n",
         "p.yaml:8:33: 'mesage_bytes' is not a figure of the formulas"},
        {"figures: {pool: {value: many, source: s}}\n", "p.yaml:8:25: 'many' is not a number"},
        {"figures: {pool: {value: 1}}\n", "p.yaml:8:17: 'source' is missing"},
        {"sizing: [{role: app, cores: 2, memory: 4, source: s}]\n", "p.yaml:8:40: a size with its unit is needed here"},
        {"sizing: [{role: server, source: s}]\n",
         "p.yaml:8:17: one of app, db, cache, proxy, media, turn, queue, search, monitor, backup, jump is needed here"},
        {"sizing: [{role: app, kind: least, source: s}]\n",
         "p.yaml:8:28: one of recommended, minimum, measured is needed here"},
        {"colour: red\n", "p.yaml:8:1: unknown key 'colour'"},
    };
    for (auto& [text, en] : table) EXPECT_EQ(problems(text), std::vector<std::string>{en}) << text;
    for (auto port : {"0", "65536", "http", "5-4", "1-2-3", "80.5", "-80", "''"})
        EXPECT_EQ(thrown([&] {
                      parse_product(
                          begin + "components: [{name: s, title: {en: S, zh: S}, role: app, ports: [{name: x, port: " +
                              port + ", from: [app]}]}]\n",
                          "p.yaml");
                  }).size(),
                  1u)
            << port;
}

TEST(Product, components_of_a_host) {
    auto p = parse_product(begin + "components:\n"
                                   "  - {name: server, title: {en: S, zh: S}, role: app}\n  - {name: worker, title: "
                                   "{en: S, zh: S}, role: app, optional: true}\n"
                                   "  - {name: pg, title: {en: S, zh: S}, role: db, optional: true}\n  - {name: my, "
                                   "title: {en: S, zh: S}, role: db, optional: true}\n"
                                   "  - {name: redis, title: {en: S, zh: S}, role: cache, optional: true}\n",
                           "p.yaml");
    auto names = [&](std::vector<std::string> roles, std::vector<std::string> components) {
        Host h;
        h.roles = std::move(roles);
        h.components = std::move(components);
        std::string all;
        for (auto* c : p.on(h)) all += c->name + " ";
        return all;
    };
    EXPECT_EQ(names({"app"}, {}), "server ");
    EXPECT_EQ(names({"app", "cache"}, {}), "server redis ") << "the only one of its role counts though optional";
    EXPECT_EQ(names({"db"}, {}), "") << "two that are optional: nothing is guessed";
    EXPECT_EQ(names({"db", "app"}, {"my", "worker"}), "my worker ");
    EXPECT_EQ(names({"turn"}, {}), "");
}

TEST(Sizing, the_smallest_published_row_that_carries_the_users_counts) {
    auto p = product(rows + figures);
    std::pair<double, double> table[]{{1, 2}, {499, 2}, {500, 2}, {501, 4}, {600, 4}, {1000, 4}, {1001, 6}, {2000, 6}};
    for (auto& [users, cores] : table) {
        auto s = size_up(workload(users), p, p, {"app"});
        EXPECT_EQ(role(s, "app").cores, cores) << users;
        EXPECT_EQ(role(s, "app").hosts, 1) << users;
        EXPECT_EQ(role(s, "app").cores_minimum, std::ceil(cores * 2 / 3)) << users;
    }
}

TEST(Sizing, beyond_the_last_row_it_is_more_of_the_same_machines_and_says_so) {
    auto p = product(rows + figures);
    auto s = size_up(workload(5000), p, p, {"app"});
    EXPECT_EQ(role(s, "app").hosts, 3); // 5000 / 2000
    EXPECT_EQ(role(s, "app").cores, 6);
    ASSERT_FALSE(s.remarks.empty());
    EXPECT_EQ(s.remarks[0].en,
              "app: published figures end at 2000 users on line; beyond them is an estimate of ours, ask the makers");
    EXPECT_EQ(s.connections, 6 * 3 * 10);
}

TEST(Sizing, rows_of_another_variant_do_not_count) {
    auto p = product(
        "sizing:\n  - {role: app, concurrent: 500, cores: 2, memory: 4 GiB, given: {federation: none}, source: a}\n"
        "  - {role: app, concurrent: 500, cores: 5, memory: 4 GiB, given: {federation: open}, source: a}\n" +
        figures);
    auto w = workload(100);
    EXPECT_EQ(role(size_up(w, p, p, {"app"}), "app").cores, 2);
    w.federation = Federation::open;
    EXPECT_EQ(role(size_up(w, p, p, {"app"}), "app").cores, 5);
}

TEST(Sizing, rows_by_accounts_look_at_accounts) {
    auto p = product("sizing: [{role: app, registered: 1000, cores: 2, memory: 4 GiB, source: a}, {role: app, "
                     "registered: 9000, cores: 8, memory: 4 GiB, source: a}]\n" +
                     figures);
    EXPECT_EQ(role(size_up(workload(500), p, p, {"app"}), "app").cores, 2);
    EXPECT_EQ(role(size_up(workload(501), p, p, {"app"}), "app").cores, 8);
}

TEST(Sizing, a_minimum_for_so_many_users_holds_from_that_number_on) {
    auto p = product("sizing:\n  - {role: app, concurrent: 80, cores: 3, memory: 5 GiB, kind: minimum, source: a}\n  - "
                     "{role: app, cores: 2, memory: 2 GiB, disk: 500 GB, kind: minimum, source: b}\n" +
                     figures);
    EXPECT_EQ(role(size_up(workload(79), p, p, {"app"}), "app").cores_minimum, 2);
    EXPECT_EQ(role(size_up(workload(80), p, p, {"app"}), "app").cores_minimum, 3);
    EXPECT_EQ(role(size_up(workload(1), p, p, {"app"}), "app").disk_minimum, 500e9);
    // what is advised is never below the minimum
    EXPECT_EQ(role(size_up(workload(1), p, p, {"app"}), "app").cores, 2);
}

TEST(Sizing, without_rows_the_formulas_count) {
    auto p = product(figures);
    auto s = size_up(workload(250), p, p, {"app"});
    EXPECT_EQ(role(s, "app").cores, 3); // 250 / 100
    EXPECT_EQ(role(s, "app").memory, GiB + 250. * 1048576);
    EXPECT_EQ(role(s, "app").cores_minimum, 2); // two thirds
    EXPECT_EQ(line(s, "app", "cores").arithmetic.en, "250 users on line / 100 a core");
}

TEST(Sizing, storage_reckoned_by_hand) {
    auto p = product(rows + figures);
    auto s = size_up(workload(600), p, p, {"app", "db"});
    ASSERT_EQ(s.months.size(), 6u);
    int months[]{1, 3, 6, 12, 24, 36};
    double days[]{30, 90, 180, 360, 365, 365}; // kept for 365 days
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(s.months[i].month, months[i]);
        EXPECT_DOUBLE_EQ(s.months[i].database, 10'000. * 1000 * 2 * days[i]);
        EXPECT_DOUBLE_EQ(s.months[i].media, 1e9 * days[i]);
        EXPECT_DOUBLE_EQ(s.months[i].logs, 10'000. * 500 * 30);
    }
    EXPECT_DOUBLE_EQ(role(s, "db").disk, 7.2e9 * 1.25 + 20e9);
    EXPECT_DOUBLE_EQ(role(s, "db").disk_minimum, 1.8e9 + 20e9);
    EXPECT_DOUBLE_EQ(role(s, "app").disk, (360e9 + 0.15e9) * 1.25 + 20e9);
    EXPECT_DOUBLE_EQ(role(s, "app").disk_minimum, 90e9 + 0.15e9 + 20e9);
    auto with_media = size_up(workload(600), p, p, {"app", "db", "media"});
    EXPECT_DOUBLE_EQ(role(with_media, "app").disk, 0.15e9 * 1.25 + 20e9);
    EXPECT_DOUBLE_EQ(role(with_media, "media").disk, 360e9 * 1.25 + 20e9);
    EXPECT_DOUBLE_EQ(role(size_up(workload(600), p, p, {"app", "proxy"}), "proxy").disk, 20e9);
}

TEST(Sizing, growth_and_retention_reckoned_by_hand) {
    auto p = product(rows + figures);
    auto w = workload(600);
    w.growth.value = 0.365; // a thousandth a day
    auto s = size_up(w, p, p, {"app"});
    EXPECT_NEAR(s.months[0].media, 1e9 * (30 + 0.0005 * 30 * 30), 1);
    EXPECT_NEAR(s.months[4].media, 1e9 * (365 + 0.0005 * (720. * 720 - 355. * 355)), 1);
    EXPECT_NEAR(s.months[3].logs, 10'000. * 500 * 30 * 1.365, 1);
    w.growth.value = 0;
    w.retention.seconds = 7 * 86400;
    for (auto& m : size_up(w, p, p, {"app"}).months) EXPECT_NEAR(m.media, 7e9, 1);
}

TEST(Sizing, bandwidth_files_and_connections_reckoned_by_hand) {
    auto p = product(rows + figures);
    auto s = size_up(workload(600), p, p, {"app", "db"});
    EXPECT_NEAR(s.bandwidth, 10'000. / 86400 * 10 * 20 * 1000 + 1e9 / 86400 * 10 * 2, 0.001);
    EXPECT_EQ(s.files_minimum, 1300);
    EXPECT_EQ(s.files, 4096);
    EXPECT_EQ(s.connections, 40); // 4 cores x 1 process x pool 10
    EXPECT_EQ(line(s, "db", "connections").recommended.data, 70);
    for (auto& l : s.lines) EXPECT_FALSE(l.source.empty() || l.arithmetic.zh.empty()) << l.role << " " << l.part;
}

TEST(Need, roles_of_one_host_add_up_and_fewer_machines_carry_more) {
    Deployment d;
    d.hosts.resize(2);
    d.hosts[0].roles = {"app", "db"};
    d.hosts[1].roles = {"cache"};
    Sizing s;
    s.roles = {{.role = "app",
                .hosts = 3,
                .cores_minimum = 2,
                .cores = 4,
                .memory_minimum = 1,
                .memory = 2,
                .disk_minimum = 10,
                .disk = 20},
               {.role = "db",
                .hosts = 1,
                .cores_minimum = 1,
                .cores = 2,
                .memory_minimum = 3,
                .memory = 4,
                .disk_minimum = 5,
                .disk = 6}};
    s.connections = 40;
    auto n = need_of(d.hosts[0], d, s);
    EXPECT_EQ(n.cores_minimum, 3 * 2 + 1);
    EXPECT_EQ(n.cores, 3 * 4 + 2);
    EXPECT_EQ(n.memory, 3 * 2 + 4);
    EXPECT_EQ(n.disk, 26);
    EXPECT_EQ(n.connections, 40);
    auto cache = need_of(d.hosts[1], d, s);
    EXPECT_EQ(cache.cores, 0);
    EXPECT_EQ(cache.connections, 0);
    EXPECT_EQ(cache.files_minimum, 1024);
}

TEST(FoundingCase, two_cores_and_4_GB_are_too_little_for_600_users_and_4_cores_and_8_GB_are_enough) {
    auto p = shipped("generic");
    Deployment d;
    d.hosts.resize(1);
    d.hosts[0].roles = {"app"};
    Workload w;
    w.registered = w.concurrent = 600;
    w.messages = 600 * 40;
    auto n = need_of(d.hosts[0], d, size_up(w, p, p, {"app"}));
    EXPECT_GT(n.cores_minimum, 2);
    EXPECT_LE(n.cores_minimum, 4);
    EXPECT_LE(n.cores, 4);
    EXPECT_GT(n.memory_minimum * 0.93, 4 * GiB);
    EXPECT_LE(n.memory * 0.93, 7.6 * GiB) << "a machine sold as 8 GB shows 7.6";
    EXPECT_GE(n.disk_minimum, 100e9);
}

TEST(Shipped, every_product_is_readable_and_named_after_its_file) {
    std::size_t n = 0;
    for (auto& e : std::filesystem::directory_iterator{IMOPS_SOURCE "/products"}) {
        if (e.path().extension() != ".yaml") continue;
        ++n;
        EXPECT_EQ(shipped(e.path().stem()).id, e.path().stem());
        Workload w = workload(2000);
        auto p = shipped(e.path().stem());
        auto s = size_up(w, p, shipped("generic"), {"app", "db", "proxy"});
        EXPECT_GE(role(s, "app").cores, role(s, "app").cores_minimum);
        EXPECT_GT(role(s, "app").memory, 0) << p.id;
        for (auto& l : s.lines)
            EXPECT_NE(l.source.find_first_not_of("; "), std::string::npos) << p.id << " " << l.role << " " << l.part;
    }
    EXPECT_GE(n, 11u);
}
