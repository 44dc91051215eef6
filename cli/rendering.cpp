#include "cli/collect.hpp"
#include "cli/render.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/file.hpp"
#include "core/base/string.hpp"
#include <algorithm>
#include <filesystem>
#include <memory>

namespace imops {

namespace fs = std::filesystem;

namespace {

/// "FOLDER/nginx/nginx.conf" -> "nginx/nginx.conf"
void add_folder(const fs::path& folder, std::vector<render::TemplateSource>& sources,
                std::vector<std::unique_ptr<std::string>>& texts) {
    std::vector<fs::path> paths;
    for (auto& e : fs::recursive_directory_iterator{folder, fs::directory_options::skip_permission_denied})
        if (e.is_regular_file() && !e.path().filename().string().ends_with('~')) paths.push_back(e.path());
    std::ranges::sort(paths);
    for (auto& path : paths) {
        auto text = read_file(path.string(), 1u << 20);
        if (!text) throw Failure{text.error()};
        if (bad_utf8(*text))
            throw Failure{Error{Code::config,
                                say("{}: is not UTF-8", "{}：不是 UTF-8 文本", path.string()),
                                Text{"Save it as UTF-8.", "请以 UTF-8 保存。"},
                                {}}};
        texts.push_back(std::make_unique<std::string>(std::move(*text)));
        sources.push_back({fs::relative(path, folder).string(), path.string(), *texts.back()});
    }
}

std::vector<const Host*> chosen_hosts(const Deployment& d, const std::vector<std::string>& names) {
    std::vector<const Host*> hosts;
    std::vector<std::string> known;
    for (auto& h : d.hosts) {
        known.push_back(h.name);
        if (names.empty() || std::ranges::find(names, h.name) != names.end()) hosts.push_back(&h);
    }
    for (auto& n : names)
        if (!d.host(n)) {
            auto near = nearest(n, known);
            throw Failure{Error{Code::usage,
                                say("there is no host '{}'", "没有主机 '{}'", one_line(n, 60)),
                                near.empty() ? say("Hosts are: {}", "主机有：{}", fmt::join(known, ", "))
                                             : say("Did you mean '{}'?", "是否想写 '{}'？", near),
                                {}}};
        }
    return hosts;
}

/// What the checks have read of a host: cores, memory, and whether its data turn.
class Figures {
    Case case_;
    std::vector<const Check*> checks_;
    Judge judge_;

    static Selection selection() {
        Selection s;
        s.checks = {"cpu.cores", "memory.total", "disk.rotational"};
        s.passive = true;
        return s;
    }

  public:
    Figures(const Program& p, const Deployment& d)
        : case_{p.open(d, p.config)}, checks_{case_.checks(selection())}, judge_{case_.judge(checks_, wall_clock())} {}

    render::Measured of(const Host& h, const Facts& facts) {
        render::Measured m;
        for (auto& f : judge_.add(h, facts)) {
            auto& v = f.value.data;
            if (f.id == "cpu.cores" && v.is_number()) m.cores = v.get<double>();
            if (f.id == "memory.total" && v.is_number()) m.memory = v.get<double>();
            if (f.id == "disk.rotational" && f.level == Level::warn) m.rotational = true;
        }
        return m;
    }

    bool ask(const std::vector<const Host*>& hosts, const Program& p, std::map<std::string, render::Measured>& into) {
        auto fleet = fleet_of(case_.deployment(), 32);
        CollectOptions options;
        options.passive = true;
        return collect(*fleet, judge_.placement(), case_.catalogue(), hosts, checks_, options, p,
                       [&](const Host& h, Facts facts) { into[h.name] = of(h, facts); });
    }
};

} // namespace

std::vector<render::TemplateSource> template_sources(const std::string& beside, const std::vector<std::string>& folders,
                                                     std::vector<std::unique_ptr<std::string>>& texts) {
    std::vector<render::TemplateSource> sources;
    for (auto& f : embedded_templates())
        sources.push_back({std::string{f.path.substr(f.path.find('/') + 1)}, std::string{f.path}, f.text});
    std::error_code none;
    auto own = fs::path{beside}.parent_path() / "templates";
    if (!beside.empty() && fs::is_directory(own, none) && !is_checkout(own.parent_path()))
        add_folder(own, sources, texts);
    for (auto& f : folders) {
        if (!fs::is_directory(f, none))
            throw Failure{Error{Code::usage,
                                say("there is no folder {}", "目录 {} 不存在", f),
                                Text{"--templates takes a folder with a folder for each component.",
                                     "--templates 需要一个目录，其中每个组件一个子目录。"},
                                {}}};
        add_folder(f, sources, texts);
    }
    return sources;
}

std::vector<Product> all_products(const Program& p) {
    std::vector<Product> all;
    for (auto& id : p.product_ids()) all.push_back(p.product(id));
    return all;
}

Rendering::Rendering(Program& p, RenderOptions o)
    : p_{p},
      o_{std::move(o)},
      d_{p.deployment()},
      products_{all_products(p)},
      product_{p.product(*d_.product, &d_.product, d_.file)} {
    std::vector<std::unique_ptr<std::string>> texts; // compiled templates keep what they need
    auto scope = render::render_scope(products_);
    components_ = render::load_components(template_sources(p.config, o_.template_folders, texts), scope, p.lang);
    hosts_ = chosen_hosts(d_, o_.hosts);
    if (o_.from.empty()) return;
    auto bundle = read_bundle(o_.from);
    Figures figures{p_, d_};
    for (auto& h : d_.hosts)
        if (auto it = bundle.hosts.find(h.name); it != bundle.hosts.end())
            measured_[h.name] = figures.of(h, it->second);
}

render::Measured Rendering::measured(const Host& h) const {
    auto it = measured_.find(h.name);
    return it == measured_.end() ? render::Measured{} : it->second;
}

bool Rendering::measure() {
    if (!o_.from.empty()) return false;
    Figures figures{p_, d_};
    return figures.ask(hosts_, p_, measured_);
}

render::Renderer Rendering::renderer(bool secrets, bool fragments) const {
    return {components_, d_, product_, p_.product("generic"), products_, p_.lang, {o_.components, secrets, fragments}};
}

} // namespace imops
