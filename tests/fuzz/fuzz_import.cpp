#include "core/base/embedded_file.hpp"
#include "core/render/data.hpp"
#include "core/render/import/ask.hpp"
#include "core/render/import/draft.hpp"
#include <cstdint>

/// Configuration files of a foreign host. The first byte chooses the reader; what it gives is compared, shown and
/// drafted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imops;
    using namespace imops::render;
    if (size < 2 || size > 100'000) return 0;
    std::string text{reinterpret_cast<const char*>(data) + 1, size - 1};
    static constexpr const char* mains[]{"/etc/matrix-synapse/homeserver.yaml",
                                         "/etc/ejabberd/ejabberd.yml",
                                         "/etc/prosody/prosody.cfg.lua",
                                         "/etc/nginx/nginx.conf",
                                         "/etc/haproxy/haproxy.cfg",
                                         "/etc/postgresql/15/main/postgresql.conf",
                                         "/etc/postgresql/15/main/pg_hba.conf",
                                         "/etc/redis/redis.conf",
                                         "/etc/turnserver.conf"};
    auto which = data[0] % (std::size(mains) + 1);
    std::vector<OldHost> hosts(1);
    auto& h = hosts.front();
    h.name = h.address = "h";
    if (which == std::size(mains)) {
        AnswerReader reader{"m", h};
        reader.add(Stream::out, text);
        reader.finish();
    } else
        h.files[mains[which]] = text;
    if (which == 3) h.files["/etc/nginx/conf.d/again.conf"] = text;
    SecretShapes mask;
    Flat none;
    for (auto& p : programs_of(h.files)) {
        mask.learn(p.flat);
        if (p.flat.all().size() > Flat::most || !changes(p.flat, p.flat).empty()) __builtin_trap();
        for (auto& c : changes(p.flat, none)) {
            mask.shown(c.key, *c.before);
            mask.shown_key(c.key);
        }
    }
    static const auto products = [] {
        std::vector<Product> all;
        for (auto& f : embedded_products()) all.push_back(parse_product(f.text, std::string{f.path}));
        return all;
    }();
    static const auto components = [] {
        std::vector<TemplateSource> sources;
        for (auto& f : embedded_templates())
            sources.push_back({std::string{f.path.substr(f.path.find('/') + 1)}, std::string{f.path}, f.text});
        return load_components(sources, render_scope(products), Lang::en);
    }();
    auto d = make_draft(hosts, components, products);
    if (!d.hosts.empty())
        parse_deployment(draft_text(d, {}), "imops.yaml"); // whatever was read: what it throws ends the target
    return 0;
}
