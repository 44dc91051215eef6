#include "core/render/import/readers.hpp"
#include <gtest/gtest.h>

using namespace imops::render;

namespace {

std::string at(const Flat& f, std::string_view key) { return f.has(key) ? f.value(key) : "-"; }

Flat of_one(Flat (*read)(const Tree&, const std::string&), const std::string& path, std::string text) {
    return read({{path, std::move(text)}}, path);
}

Flat prosody(std::string text) { return of_one(read_prosody, "/etc/prosody/prosody.cfg.lua", std::move(text)); }
Flat nginx(std::string text) { return of_one(read_nginx, "/etc/nginx/nginx.conf", std::move(text)); }

} // namespace

TEST(Import, ejabberd_lists_go_by_port_and_macros_are_what_they_stand_for) {
    auto f = of_one(read_ejabberd, "/e.yml",
                    "define_macro:\n  'OPTS': [a, b]\nc2s: 'OPTS'\nlisten:\n  - {port: 5222, module: m, tls: true}\n  "
                    "- {ip: x}\n  - {port: 5222}\nmodules:\n  mod_a: {}\n  mod_b: {x: 1}\n");
    EXPECT_EQ(at(f, "c2s"), "[a, b]");
    EXPECT_EQ(at(f, "listen[5222].module"), "m");
    EXPECT_TRUE(f.all().at("listen[5222].tls").boolean);
    EXPECT_EQ(at(f, "listen[#1].ip"), "x");
    EXPECT_EQ(at(f, "listen[5222#2].port"), "5222");
    EXPECT_EQ(at(f, "modules.mod_a"), "{}");
    EXPECT_EQ(at(f, "define_macro.OPTS"), "-");
    EXPECT_TRUE(f.unread.empty());
}

TEST(Import, yaml_that_is_none_is_said_and_not_fatal) {
    for (auto text : {"a: [", "", "- 1", "a: &x [*x]", "\xff", "a: 1\na: 2"}) {
        auto f = of_one(read_ejabberd, "/e.yml", text);
        EXPECT_EQ(f.unread.size(), 1u) << text;
    }
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "[";
    EXPECT_FALSE(of_one(read_ejabberd, "/e.yml", "a: " + deep).unread.empty());
}

TEST(Import, synapse_conf_d_replaces_whole_keys_in_order) {
    Tree t{{"/etc/matrix-synapse/homeserver.yaml", "a: {x: 1, y: 2}\nserver_name: old\n"},
           {"/etc/matrix-synapse/conf.d/10.yaml", "server_name: first\n"},
           {"/etc/matrix-synapse/conf.d/20.yaml", "a: {z: 3}\nserver_name: last\n"},
           {"/etc/matrix-synapse/conf.d/30.yaml", "# nothing\n"},
           {"/etc/matrix-synapse/conf.d/note.txt", "server_name: no\n"}};
    auto f = read_synapse(t, "/etc/matrix-synapse/homeserver.yaml");
    EXPECT_EQ(at(f, "server_name"), "last");
    EXPECT_EQ(f.all().at("server_name").file, "/etc/matrix-synapse/conf.d/20.yaml");
    EXPECT_EQ(at(f, "a.x"), "-");
    EXPECT_EQ(at(f, "a.z"), "3");
    EXPECT_TRUE(f.unread.empty());
}

TEST(Import, prosody_values_sections_and_remarks) {
    auto f = prosody("-- remark\n--[[ long\nremark ]]\nadmins = { \"a@x\", 'b@x' }\nmodules_enabled = { \"disco\"; "
                     "\"roster\" }\nlimits = { c2s = { rate = \"10kb/s\" }; [\"x\"] = 5 }\n"
                     "s2s = true; n = -3\ntext = [[a\nb]]\nVirtualHost \"im.example.org\"\n  ssl = { key = \"k\" "
                     "}\nComponent \"muc.x\" \"muc\"\n  name = \"\\065\\n\"\n");
    EXPECT_TRUE(f.unread.empty());
    EXPECT_EQ(at(f, "admins"), "[a@x, b@x]");
    EXPECT_EQ(at(f, "modules_enabled.roster"), "yes");
    EXPECT_EQ(at(f, "limits.c2s.rate"), "10kb/s");
    EXPECT_EQ(at(f, "limits.x"), "5");
    EXPECT_EQ(at(f, "n"), "-3");
    EXPECT_EQ(at(f, "text"), "a\nb");
    EXPECT_EQ(at(f, "VirtualHost im.example.org > ssl.key"), "k");
    EXPECT_EQ(at(f, "Component muc.x"), "muc");
    EXPECT_EQ(at(f, "Component muc.x > name"), "A\n");
}

TEST(Import, prosody_programs_are_not_run) {
    auto f =
        prosody("a = os.getenv(\"X\")\nb = \"x\" .. \"y\"\nc = 1\nd = {\n f(),\n}\ne = 2\nif true then\nx = 1\nend\n");
    EXPECT_EQ(at(f, "a"), "-");
    EXPECT_EQ(at(f, "b"), "-");
    EXPECT_EQ(at(f, "c"), "1");
    EXPECT_EQ(at(f, "e"), "2");
    EXPECT_EQ(at(f, "x"), "-");
    EXPECT_EQ(f.unread.size(), 4u);
    EXPECT_EQ(f.unread[0].line, 1);
    EXPECT_EQ(f.unread.back().line, 8);
    std::string deep(100'000, '{');
    EXPECT_EQ(prosody("a = " + deep).unread.size(), 1u);
    EXPECT_EQ(prosody("a = \"no end\n").unread.size(), 1u);
    EXPECT_EQ(prosody("--[[ no end").unread.size(), 1u);
}

TEST(Import, prosody_includes_files_that_were_read) {
    Tree t{{"/etc/prosody/prosody.cfg.lua",
            "Include \"conf.d/*.cfg.lua\"\nVirtualHost \"a\"\nx = 1\nInclude \"gone.lua\"\ny = 2\n"},
           {"/etc/prosody/conf.d/b.cfg.lua", "VirtualHost \"b\"\nz = 3\nInclude \"/etc/prosody/conf.d/b.cfg.lua\""}};
    auto f = read_prosody(t, "/etc/prosody/prosody.cfg.lua");
    EXPECT_EQ(at(f, "VirtualHost b > z"), "3");
    EXPECT_EQ(at(f, "VirtualHost a > y"), "2");
    EXPECT_EQ(f.unread.size(), 1u);
}

TEST(Import, nginx_blocks_quotes_and_includes) {
    Tree t{{"/etc/nginx/nginx.conf",
            "user www; # remark ; {\nhttp {\n include sites-enabled/*;\n map $a $b { default 'x;y'; }\n}\n"},
           {"/etc/nginx/sites-enabled/im",
            "server { listen [::]:443 ssl; listen 443 ssl; server_name im.x www.x; location ~ ^/a\\{b { return 301 "
            "https://${host}/; } }\nserver { server_name im.x; }"}};
    auto f = read_nginx(t, "/etc/nginx/nginx.conf");
    EXPECT_TRUE(f.unread.empty());
    EXPECT_EQ(at(f, "user"), "www");
    EXPECT_EQ(at(f, "http > map $a $b > default"), "x;y");
    EXPECT_EQ(at(f, "http > server im.x:443 > listen"), "[::]:443 ssl; 443 ssl");
    EXPECT_EQ(at(f, "http > server im.x:443 > location ~ ^/a{b > return"), "301 https://${host}/");
    EXPECT_EQ(at(f, "http > server im.x:80 > server_name"), "im.x");
    EXPECT_EQ(f.leaf("server_name")->file, "/etc/nginx/sites-enabled/im");
}

TEST(Import, nginx_that_is_broken_or_deep_ends) {
    EXPECT_EQ(nginx("http { a b").unread.size(), 1u);
    EXPECT_EQ(nginx("a \"b").unread.size(), 1u);
    EXPECT_EQ(nginx("} a b;").unread.size(), 1u);
    std::string deep;
    for (int i = 0; i < 50'000; ++i) deep += "server {";
    EXPECT_FALSE(nginx(deep).unread.empty());
    Tree loop{{"/etc/nginx/nginx.conf", "include conf.d/*.conf;"},
              {"/etc/nginx/conf.d/a.conf", "include b.conf; include conf.d/b.conf;"},
              {"/etc/nginx/conf.d/b.conf", "include conf.d/a.conf;"}};
    EXPECT_FALSE(read_nginx(loop, "/etc/nginx/nginx.conf").unread.empty());
}

TEST(Import, haproxy_sections) {
    auto f = of_one(read_haproxy, "/h",
                    "global\n  maxconn 4096 # remark\n  user haproxy\nfrontend im\n  bind :443 ssl crt /a.pem\n  "
                    "timeout client 30s\n  option httplog\n  acl x path_beg '/a b'\n  use_backend y if x\n  "
                    "use_backend z if !x\nbackend y\n server s1 10.0.0.1:80 check\n");
    EXPECT_TRUE(f.unread.empty());
    EXPECT_EQ(at(f, "global > maxconn"), "4096");
    EXPECT_EQ(at(f, "frontend im > timeout client"), "30s");
    EXPECT_EQ(at(f, "frontend im > option httplog"), "yes");
    EXPECT_EQ(at(f, "frontend im > acl x"), "path_beg /a b");
    EXPECT_EQ(at(f, "frontend im > use_backend"), "y if x; z if !x");
    EXPECT_EQ(at(f, "backend y > server s1"), "10.0.0.1:80 check");
    EXPECT_EQ(of_one(read_haproxy, "/h", "maxconn 1\nglobal\n a \"b\n").unread.size(), 2u);
}

TEST(Import, postgres_settings_and_rules) {
    Tree t{{"/p/postgresql.conf", "max_connections = 100 # remark\nlog_line_prefix = '%m [%p] it''s '\nPort "
                                  "5433\ninclude_dir = 'conf.d'\nnonsense here\n"},
           {"/p/conf.d/a.conf", "max_connections = 200\n"}};
    auto f = read_postgres(t, "/p/postgresql.conf");
    EXPECT_EQ(at(f, "max_connections"), "200");
    EXPECT_EQ(f.all().at("max_connections").file, "/p/conf.d/a.conf");
    EXPECT_EQ(at(f, "log_line_prefix"), "%m [%p] it's ");
    EXPECT_EQ(at(f, "port"), "5433");
    ASSERT_EQ(f.unread.size(), 0u); // "nonsense here" is a setting to PostgreSQL as well
    auto hba = of_one(read_hba, "/hba",
                      "local all postgres peer\nhost \"all\" all 10.0.0.1/32 scram-sha-256\nhost all all 10.0.0.0 "
                      "255.0.0.0 md5\nhost all\n");
    EXPECT_EQ(at(hba, "local all postgres"), "peer");
    EXPECT_EQ(at(hba, "host all all 10.0.0.1/32"), "scram-sha-256");
    EXPECT_EQ(at(hba, "host all all 10.0.0.0 255.0.0.0"), "md5");
    EXPECT_EQ(hba.unread.size(), 1u);
}

TEST(Import, redis_and_plain_lines) {
    auto f = of_one(read_redis, "/r",
                    "maxmemory 256mb\nsave 900 1\nsave 300 10\nrequirepass \"a b\\\"c\"\nuser x on "
                    ">pw\nclient-output-buffer-limit normal 0 0 0\ninclude /etc/x\n");
    EXPECT_EQ(at(f, "maxmemory"), "268435456");
    EXPECT_EQ(at(f, "save"), "900 1 300 10");
    EXPECT_EQ(at(f, "requirepass"), "a b\"c");
    EXPECT_EQ(at(f, "client-output-buffer-limit normal"), "0 0 0");
    EXPECT_EQ(f.unread.size(), 1u);
    auto c =
        of_one(read_lines, "/t", "use-auth-secret\nrealm=im.x\nexport A=\"b\"\n# x\nexternal-ip=1\nexternal-ip=2\n");
    EXPECT_EQ(at(c, "use-auth-secret"), "yes");
    EXPECT_EQ(at(c, "A"), "b");
    EXPECT_EQ(at(c, "external-ip"), "1; 2");
}

TEST(Import, changes_are_all_differences_and_nothing_else) {
    auto read = [](const char* text) { return of_one(read_ejabberd, "/e", text); };
    auto a = read("same: 1\nother: 2\ngone: 3\nm: {x: {}}\n"), b = read("same: 1\nother: 4\nnew: 5\nm: {x: {y: 1}}\n");
    std::string seen;
    for (auto& c : changes(a, b)) seen += c.key + (c.before ? "-" : "") + (c.after ? "+" : "") + " ";
    EXPECT_EQ(seen, "gone- other-+ m.x.y+ new+ ");
    EXPECT_TRUE(changes(a, a).empty());
}

TEST(Import, no_secret_is_shown) {
    auto f = of_one(read_ejabberd, "/e",
                    "sql_password: hunter22\nnote: it is hunter22 again\nurl: 'redis://u:pw@h/'\nplain: x\nmy_secret: "
                    "true\nn: {macaroon_secret_key: abcdefgh}\nproxy_pass: http://a\n");
    SecretShapes m;
    m.learn(f);
    auto shown = [&](const char* key) { return m.shown(key, f.all().at(key)); };
    EXPECT_EQ(shown("sql_password"), "(secret)");
    EXPECT_EQ(shown("note"), "(secret)");
    EXPECT_EQ(shown("url"), "(secret)");
    EXPECT_EQ(shown("plain"), "x");
    EXPECT_EQ(shown("my_secret"), "true");
    EXPECT_EQ(shown("n.macaroon_secret_key"), "(secret)");
    EXPECT_EQ(shown("proxy_pass"), "http://a");
    EXPECT_EQ(m.shown_key("a > hunter22 > b"), "a > … > b");
}

TEST(Import, settings_are_bounded) {
    std::string text;
    for (int i = 0; i < 30'000; ++i) text += "k" + std::to_string(i) + " v\n";
    auto f = of_one(read_redis, "/r", text);
    EXPECT_EQ(f.all().size(), Flat::most);
    EXPECT_EQ(f.unread.size(), 1u);
}

TEST(Import, patterns_with_many_stars_are_refused) {
    Tree t{{"/etc/nginx/" + std::string(200, 'a'), ""}};
    EXPECT_TRUE(matching(t, "/etc/nginx/*a*a*a*a*a*a*a*a*a*a*b").empty());
    EXPECT_EQ(matching(t, "/etc/nginx/*").size(), 1u);
}
