#include "core/base/string.hpp"
#include "core/render/import/readers.hpp"
#include "core/render/stamp.hpp"
#include <algorithm>

namespace imops::render {

namespace {

bool is_bool(const Node& n) {
    static constexpr std::string_view words[]{"true", "false", "True", "False", "yes", "no", "on", "off"};
    return n.is_scalar() && !n.quoted && std::ranges::find(words, n.scalar) != std::end(words);
}

std::string joined(const Node& list) {
    std::string all = "[";
    for (auto& i : list.items) all += (all.size() > 1 ? ", " : "") + i.scalar;
    return all + "]";
}

/// parse_yaml has bounded depth and size.
class Flattener {
    const std::string& file_;
    Flat& into_;

    void list(const std::string& key, const std::string& leaf, const Node& n) {
        if (std::ranges::all_of(n.items, [](auto& i) { return i.is_scalar() || i.is_null(); }))
            return into_.put(key, {leaf, joined(n), file_});
        std::set<std::string> taken;
        for (std::size_t i = 0; i < n.items.size(); ++i) {
            auto& item = n.items[i];
            auto* port = item.find("port");
            auto name = port && port->is_scalar() ? port->scalar : fmt::format("#{}", i);
            if (!taken.insert(name).second) name = fmt::format("{}#{}", name, i);
            add(fmt::format("{}[{}]", key, name), leaf, item);
        }
    }

  public:
    Flattener(const std::string& file, Flat& into) : file_{file}, into_{into} {}
    void add(const std::string& key, const std::string& leaf, const Node& n) {
        switch (n.kind) {
        case Node::Kind::null: return into_.put(key, {leaf, "", file_});
        case Node::Kind::scalar: return into_.put(key, {leaf, n.scalar, file_, is_bool(n)});
        case Node::Kind::list: return list(key, leaf, n);
        case Node::Kind::map: break;
        }
        if (n.pairs() == 0) return into_.put(key, {leaf, "{}", file_});
        for (std::size_t i = 0; i < n.pairs(); ++i) {
            auto& name = n.key(i).scalar;
            add(key.empty() ? name : key + "." + name, name, n.value(i));
        }
    }
};

/// The document, or a null node; problems become unread places. Their words name keys, never values.
Node document(const std::string& file, std::string_view text, Flat& into) {
    Problems problems{file};
    auto n = parse_yaml(text, problems);
    for (auto& e : problems.take()) into.unread.push_back({file, 0, e.what}); // they say where
    if (n.is_list() || n.is_scalar())
        into.unread.push_back({file, n.place.line, Text{"is no table of settings", "不是键值形式的配置"}});
    return n;
}

/// `define_macro` of ejabberd: a plain value that is the name of a macro stands for what it was defined as. One level,
/// as a definition may hold no other's name here.
void expand(Node& n, const Node& macros, std::size_t& room) {
    if (n.is_scalar())
        if (auto* m = macros.find(n.scalar)) {
            if (room < 10'000) n = *m, room += 1 + m->items.size();
            return;
        }
    for (std::size_t i = n.is_map() ? 1 : 0; i < n.items.size(); i += n.is_map() ? 2 : 1)
        expand(n.items[i], macros, room);
}

} // namespace

Flat read_synapse(const Tree& tree, const std::string& main) {
    Flat f;
    std::vector<std::string> files{main};
    auto folder = main.substr(0, main.rfind('/'));
    for (auto& more : matching(tree, folder + "/conf.d/*.yaml")) files.push_back(more);
    for (auto& file : files) {
        auto it = tree.find(file);
        if (it == tree.end()) continue;
        if (essence(Format::yaml, it->second).empty()) continue; // nothing but remarks
        auto n = document(file, it->second, f);
        if (!n.is_map()) continue;
        for (std::size_t i = 0; i < n.pairs(); ++i) f.drop(n.key(i).scalar);
        Flattener{file, f}.add("", "", n);
    }
    return f;
}

Flat read_plain_yaml(const Tree& tree, const std::string& main) {
    Flat f;
    auto it = tree.find(main);
    if (it == tree.end()) return f;
    if (auto n = document(main, it->second, f); n.is_map()) Flattener{main, f}.add("", "", n);
    return f;
}

Flat read_ejabberd(const Tree& tree, const std::string& main) {
    Flat f;
    auto it = tree.find(main);
    if (it == tree.end()) return f;
    auto n = document(main, it->second, f);
    if (!n.is_map()) return f;
    if (auto* found = n.find("define_macro"); found && found->is_map()) {
        auto macros = *found;
        std::size_t room = 0;
        expand(n, macros, room);
    }
    Flattener flattener{main, f};
    for (std::size_t i = 0; i < n.pairs(); ++i) {
        auto& name = n.key(i).scalar;
        if (name == "define_macro") continue;
        flattener.add(name, name, n.value(i));
        if (name == "include_config_file" || name == "append_host_config")
            f.unread.push_back(
                {main, n.key(i).place.line, say("{}: other files are not followed", "{}：不会读取其他文件", name)});
    }
    return f;
}

} // namespace imops::render
