#include "core/base/string.hpp"
#include "core/render/data.hpp"
#include "core/render/import/ask.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

using namespace imops;
using namespace imops::render;
namespace fs = std::filesystem;

namespace {

std::string read_all(const fs::path& p) {
    std::ostringstream s;
    s << std::ifstream{p}.rdbuf();
    return s.str();
}

const std::vector<Product>& products() {
    static const auto all = [] {
        std::vector<Product> made;
        for (auto& e : fs::directory_iterator{IMOPS_SOURCE "/products"})
            made.push_back(parse_product(read_all(e.path()), e.path().string()));
        return made;
    }();
    return all;
}

const Components& components() {
    static std::list<std::string> texts;
    static const auto all = [] {
        std::vector<TemplateSource> sources;
        for (auto& e : fs::recursive_directory_iterator{IMOPS_SOURCE "/templates"})
            if (e.is_regular_file())
                sources.push_back({fs::relative(e.path(), IMOPS_SOURCE "/templates").string(), e.path().string(),
                                   texts.emplace_back(read_all(e.path()))});
        return load_components(sources, render_scope(products()), Lang::en);
    }();
    return all;
}

OldHost host(std::string name, std::string address, Tree files) {
    OldHost h;
    h.name = std::move(name);
    h.address = std::move(address);
    h.files = std::move(files);
    return h;
}

Tree ejabberd_tree(const std::string& more) {
    return {{"/etc/ejabberd/ejabberd.yml",
             "hosts: [im.example.org]\nlisten:\n  - {port: 15222, module: ejabberd_c2s}\n" + more}};
}

const std::string with_database = "sql_type: pgsql\nsql_server: 10.0.0.2\nsql_username: im\nsql_database: "
                                  "imdb\nsql_password: \"s3cret: #1\"\nsql_pool_size: 20\n";

} // namespace

TEST(ImportDraft, database_on_another_host) {
    std::vector<OldHost> hosts{
        host("im1", "10.0.0.1", ejabberd_tree(with_database)),
        host("db1", "10.0.0.2", {{"/etc/postgresql/16/main/postgresql.conf", "port = 5433\nshared_buffers = 2GB\n"}})};
    auto d = make_draft(hosts, components(), products());
    EXPECT_EQ(d.product, "ejabberd");
    EXPECT_EQ(d.domain, "im.example.org");
    ASSERT_EQ(d.services.size(), 1u);
    EXPECT_EQ(d.services[0].host, "db1");
    EXPECT_EQ(d.services[0].port, 5433);
    EXPECT_EQ(d.secrets[0].second.reveal(), "s3cret: #1");
    EXPECT_EQ(d.hosts.front().ports.at("c2s"), 15222);
    EXPECT_EQ(d.hosts.front().settings.at("ejabberd").at("pool"), "20");
    EXPECT_EQ(d.hosts.back().settings.at("postgresql").at("version"), "\"16\"");
    EXPECT_EQ(d.hosts.back().settings.at("postgresql").at("shared_buffers"), "2 GiB");
    DraftStyle style;
    style.secrets = "/s";
    auto text = draft_text(d, style);
    EXPECT_EQ(text.find("s3cret"), text.npos);
    auto parsed = parse_deployment(text, "imops.yaml");
    EXPECT_EQ(parsed.services[0].password.file, "/s/db");
    EXPECT_EQ(parsed.hosts[1].roles, std::vector<std::string>{"db"});
    style.lang = Lang::zh;
    EXPECT_EQ(parse_deployment(draft_text(d, style), "imops.yaml").language, "zh");
}

TEST(ImportDraft, hostile_values_give_a_draft_that_reads) {
    auto h = host("im1", "10.0.0.1",
                  ejabberd_tree("sql_type: pgsql\nsql_server: \"x; rm -rf /\"\ncertfiles: [\"a\\u001b[31m: {\"]\n"));
    h.files["/etc/ejabberd/ejabberd.yml"] =
        "hosts: [\"x\\ny: {evil}\"]\n" + h.files["/etc/ejabberd/ejabberd.yml"].substr(24);
    std::vector hosts{h};
    auto d = make_draft(hosts, components(), products());
    EXPECT_EQ(d.domain, "");
    EXPECT_TRUE(d.services.empty());
    parse_deployment(draft_text(d, {}), "imops.yaml");
}

TEST(ImportDraft, what_does_not_run_is_left_out) {
    auto h = host("im1", "10.0.0.1", ejabberd_tree(""));
    h.files["/etc/prosody/prosody.cfg.lua"] = "VirtualHost \"other\"\n";
    h.files["/etc/redis/redis.conf"] = "port 6379\n";
    h.looked = true;
    h.running = {"prosody"};
    std::vector hosts{h};
    auto d = make_draft(hosts, components(), products());
    EXPECT_EQ(d.product, "prosody");
    EXPECT_EQ(d.domain, "other");
    EXPECT_EQ(d.hosts.front().roles, std::set<std::string>{"app"});
    EXPECT_EQ(d.remarks.size(), 3u); // ejabberd, redis, no database
}

TEST(ImportDraft, synapse_behind_haproxy_and_coturn) {
    std::vector hosts{
        host("hs1", "10.0.0.1",
             {{"/etc/matrix-synapse/homeserver.yaml",
               "server_name: example.org\npublic_baseurl: https://matrix.example.org/\nlisteners:\n  - {port: 8448, "
               "type: http, tls: true, resources: [{names: [client, federation]}]}\n"
               "  - {port: 18008, type: http, resources: [{names: [client]}]}\n  - {port: 9000, type: metrics}\nredis: "
               "{enabled: true, host: redis.internal}\n"
               "turn_uris: [\"turn:turn.example.org:3479?transport=udp\"]\nturn_shared_secret: abc\n"}}),
        host("edge1", "fd00::2",
             {{"/etc/haproxy/haproxy.cfg", "frontend f\n bind :443\nbackend b\n server s 10.0.0.1:18008\n"},
              {"/etc/turnserver.conf", "use-auth-secret\n"}})};
    auto d = make_draft(hosts, components(), products());
    EXPECT_EQ(d.names, std::vector<std::string>{"matrix.example.org"});
    EXPECT_EQ(d.federation, "open");
    EXPECT_EQ(d.hosts.front().ports, (std::map<std::string, int>{{"client", 18008}}));
    EXPECT_TRUE(d.hosts.front().components.contains("synapse-metrics"));
    EXPECT_EQ(d.hosts.back().roles, (std::set<std::string>{"proxy", "turn"}));
    ASSERT_EQ(d.services.size(), 2u);
    EXPECT_EQ(d.services[0].address, "redis.internal");
    EXPECT_EQ(d.services[1].port, 3479);
    parse_deployment(draft_text(d, {}), "imops.yaml");
}

TEST(ImportDraft, a_port_of_the_proxy_is_not_that_of_prosody) {
    std::vector hosts{host("x", "10.0.0.1",
                           {{"/etc/prosody/prosody.cfg.lua",
                             "modules_enabled = { \"bosh\" }\nstorage = \"sql\"\nsql = { driver = \"MySQL\", host = "
                             "\"10.0.0.9\", password = \"p\" }\nVirtualHost \"localhost\"\nVirtualHost \"im.x\"\n"},
                            {"/etc/nginx/nginx.conf", "http { server { listen 80; listen 8443 ssl; server_name im.x "
                                                      "~bad; location / { proxy_pass http://a; } } }"}})};
    auto d = make_draft(hosts, components(), products());
    EXPECT_EQ(d.domain, "im.x");
    EXPECT_EQ(d.names, std::vector<std::string>{"im.x"});
    EXPECT_TRUE(d.hosts.front().ports.empty());
    EXPECT_EQ(d.services[0].type, "mysql");
    EXPECT_EQ(d.services[0].address, "10.0.0.9");
}

TEST(ImportDraft, nothing_known_is_said) {
    std::vector hosts{host("x", "x", {})};
    auto d = make_draft(hosts, components(), products());
    EXPECT_EQ(d.product, "generic");
    parse_deployment(draft_text(d, {}), "imops.yaml");
}

TEST(ImportDraft, secrets_that_a_file_cannot_hold_are_not_kept) {
    Draft d;
    EXPECT_EQ(keep_secret(d, "db", "a\nb"), "");
    EXPECT_EQ(keep_secret(d, "db", std::string(5000, 'x')), "");
    EXPECT_EQ(keep_secret(d, "db", "a"), "db");
    EXPECT_EQ(keep_secret(d, "db", "b"), "db-2");
}

TEST(ImportAnswer, files_services_and_noise) {
    auto at = std::string{"/etc/redis/redis.conf"};
    auto read = [](const std::string& out, const std::string& err) {
        OldHost h;
        AnswerReader reader{"m1", h};
        for (char c : err) reader.add(Stream::err, {&c, 1});
        for (char c : out) reader.add(Stream::out, {&c, 1});
        reader.finish();
        return h;
    };
    auto h = read("welcome\nm1 nothing\n\nm1 file " + at +
                      "\nport 1\n\nm1 end 0\n\nm1 file /etc/shadow\nAAAA\nm1 end 0\nm1 runs redis\nm1 runs evil\nm1 "
                      "unreadable /etc/nginx/nginx.conf\nm1 over\n",
                  "imops-sudo: ok\n");
    EXPECT_FALSE(h.error);
    EXPECT_EQ(h.files, (Tree{{at, "port 1\n"}}));
    EXPECT_EQ(h.running, std::set<std::string>{"redis"});
    ASSERT_EQ(h.unread.size(), 1u);
    EXPECT_EQ(h.unread[0].file, "/etc/nginx/nginx.conf");
    auto cut = read("m1 file " + at + "\nAAA", "hello\nimops-sudo: refused: a password is required\nmore\n");
    EXPECT_TRUE(cut.error);
    EXPECT_TRUE(cut.files.empty());
    ASSERT_EQ(cut.unread.size(), 1u);
    EXPECT_EQ(cut.unread[0].why.en, "refused, so only what everybody may read was read: a password is required");
    auto failed = read("m1 file " + at + "\nport 1\nm1 end 1\nm1 over\n", "");
    EXPECT_TRUE(failed.files.empty());
    ASSERT_EQ(failed.unread.size(), 1u);
    EXPECT_EQ(from_base64("QQ=="), "A");
    EXPECT_FALSE(from_base64("Q"));
    EXPECT_FALSE(from_base64("Q!=="));
}

TEST(ImportFolder, links_lead_nowhere_else_and_large_files_are_left) {
    auto root = fs::temp_directory_path() / fmt::format("imops-import-{}", ::getpid());
    fs::create_directories(root / "etc/nginx/sites-enabled");
    fs::create_directories(root / "etc/nginx/sites-available");
    std::ofstream{root / "etc/nginx/sites-available/a"} << "server {}\n";
    fs::create_symlink("/etc/nginx/sites-available/a", root / "etc/nginx/sites-enabled/a");
    fs::create_symlink("/etc/passwd", root / "etc/nginx/nginx.conf");
    std::ofstream{root / "etc/nginx/sites-enabled/large"} << std::string(2u << 20, ' ');
    OldHost h;
    read_folder(root.string(), h);
    EXPECT_EQ(h.files, (Tree{{"/etc/nginx/sites-enabled/a", "server {}\n"}}));
    EXPECT_EQ(h.unread.size(), 2u);
    fs::remove_all(root);
}
