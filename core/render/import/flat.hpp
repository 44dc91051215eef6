#pragma once
#include "core/model/yaml.hpp"
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Reading the configuration of an installation that imops did not write: `imops import`. All text is foreign: it is
/// split into settings, never run; every reader is bounded.
namespace imops::render {

/// Files of one host: absolute path and text.
using Tree = std::map<std::string, std::string>;

/// One setting as it counts in the end.
struct OldSetting {
    std::string leaf;     // the last part of its key, by which it is known wherever it stands: "ssl_certificate"
    std::string value;    // lists as "[a, b]"
    std::string file;     // where it was said last
    bool boolean = false; // true or false, and no text that looks like it
};

/// What a reader did not understand.
struct Unread {
    std::string file;
    int line = 0; // 0: the whole file
    Line why;
};

/// The settings of one program, flattened: each has a key such as "listen[5222].module" or "http > server
/// im.example.org:443 > listen".
class Flat {
    std::map<std::string, OldSetting> all_;
    bool full_ = false;

  public:
    static constexpr std::size_t most = 20'000;
    std::vector<Unread> unread;

    const std::map<std::string, OldSetting>& all() const { return all_; }
    bool empty() const { return all_.empty(); }
    /// A later one replaces an earlier one. Beyond `most` nothing is kept, which is said once.
    void put(std::string key, OldSetting);
    /// The same, unless the key is there: then the values stand behind each other.
    void add(std::string key, OldSetting, std::string_view between);
    /// Removes a key and all below it, whatever it holds.
    void drop(const std::string& key);
    /// The value of a key; "" when it is not there.
    const std::string& value(std::string_view key) const;
    bool has(std::string_view key) const { return all_.contains(std::string{key}); }
    /// The first setting with this leaf, wherever it stands; null when there is none.
    const OldSetting* leaf(std::string_view) const;
    /// What stands in the brackets behind `list`: "5222" and "5269" for listen[5222].port and listen[5269].port.
    std::set<std::string> items(std::string_view list) const;
    /// An empty table is nothing beside one with something in it.
    void tidy();
};

/// The items of "[a, b]", or the one value.
std::vector<std::string> list_items(std::string_view value);

/// One setting that is not the same afterwards. `before` null: it is added; `after` null: it is not written.
struct Change {
    std::string key;
    const OldSetting *before = nullptr, *after = nullptr;
};
std::vector<Change> changes(const Flat& before, const Flat& after);

/// Shows values without showing secrets: those whose keys say so, and whatever holds the value of one of them.
class SecretShapes {
    std::set<std::string, std::less<>> known_;

  public:
    static bool secret_like(std::string_view key, const OldSetting&);
    void learn(const Flat&);
    void learn(std::string_view secret);
    /// The value on one line, fit for a report; "(secret)" for a secret.
    std::string shown(std::string_view key, const OldSetting&) const;
    /// A key without secrets in it.
    std::string shown_key(std::string_view key) const;
};

} // namespace imops::render
