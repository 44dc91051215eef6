#include "core/base/string.hpp"
#include "core/model/placement.hpp"
#include <algorithm>

namespace imops {

namespace {

const Component* component(const Product& p, std::string_view name) {
    auto it = std::ranges::find(p.components, name, &Component::name);
    return it == p.components.end() ? nullptr : &*it;
}

/// The text with its names in braces filled in; empty if one of them has no value. `host` may be null.
std::string filled(std::string_view url, const Component& c, const Deployment& d, const Host* host,
                   std::string_view address) {
    std::string text;
    while (!url.empty()) {
        auto open = url.find('{');
        text += url.substr(0, open);
        if (open == url.npos) break;
        url.remove_prefix(open + 1);
        auto key = url.substr(0, url.find('}'));
        url.remove_prefix(std::min(url.size(), key.size() + 1));
        if (key == "name" && !d.names.empty())
            text += d.names.front();
        else if (key == "domain" && !d.domain.empty())
            text += d.domain;
        else if (key == "address")
            text += address.find(':') == address.npos ? std::string{address} : fmt::format("[{}]", address);
        else if (key.starts_with("port.")) {
            auto name = std::string{key.substr(5)};
            auto port = std::ranges::find(c.ports, name, &Port::name);
            if (port == c.ports.end()) return {};
            text += std::to_string(host ? port_on(*host, *port, d).first : port->first);
        } else
            return {};
    }
    return text;
}

Service endpoint_of(const Probe& p, std::string name, std::string url) {
    Service s;
    s.name = std::move(name);
    s.url = std::move(url);
    s.expect = p.expect;
    s.within = p.within;
    s.reachable = p.reachable;
    s.depth = p.depth;
    return s;
}

/// It asks by the public name, once.
bool is_public(const Probe& p) { return (p.url + p.at).find("{address}") == std::string::npos; }

} // namespace

std::optional<Objection> objection(const Product& p, const Probe& probe) {
    auto* c = component(p, probe.component);
    if (!c) {
        std::vector<std::string> names;
        for (auto& k : p.components) names.push_back(k.name);
        auto near = nearest(probe.component, names);
        return Objection{
            say("probe '{}': there is no component '{}'", "探测 '{}'：没有组件 '{}'", probe.name, probe.component),
            near.empty() ? Line{} : say("Did you mean '{}'?", "是否想写 '{}'？", near)};
    }
    Deployment example;
    example.names = {"im.example.com"};
    example.domain = "example.com";
    auto trial = endpoint_of(probe, probe.name, filled(probe.url, *c, example, nullptr, "127.0.0.1"));
    if (trial.url.empty() || (!probe.at.empty() && filled(probe.at, *c, example, nullptr, "127.0.0.1").empty()))
        return Objection{say("probe '{}': '{}' holds a name that cannot be filled in",
                             "探测 '{}'：'{}' 中有无法填充的名称", probe.name, one_line(probe.url, 80)),
                         Text{"Possible are {name}, {domain}, {address} and {port.NAME} with a port of the component.",
                              "可用 {name}、{domain}、{address} 和 {port.端口名}（该组件的端口）。"}};
    return read_url(trial);
}

std::vector<Service> Product::endpoints(const Deployment& d) const {
    std::vector<Service> all;
    auto add = [&](const Probe& p, const Component& c, std::string name, const Host* h) {
        auto address = !h ? "" : p.local ? "127.0.0.1" : h->address;
        auto url = filled(p.url, c, d, h, address);
        if (url.empty()) return;
        auto s = endpoint_of(p, std::move(name), std::move(url));
        s.at = filled(p.at, c, d, h, address);
        s.ca = d.ca;
        if (h && p.local) s.via = h->name;
        if (!read_url(s)) all.push_back(std::move(s));
    };
    for (auto& p : probes) {
        auto* c = component(*this, p.component);
        if (!c) continue;
        if (is_public(p)) {
            add(p, *c, p.name, nullptr);
            continue;
        }
        for (auto& h : d.hosts)
            if (auto here = on(h); std::ranges::find(here, c) != here.end())
                add(p, *c, fmt::format("{}@{}", p.name, h.name), &h);
    }
    return all;
}

} // namespace imops
