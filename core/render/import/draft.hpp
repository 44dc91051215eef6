#pragma once
#include "core/base/secret.hpp"
#include "core/base/text.hpp"
#include "core/model/product.hpp"
#include "core/render/component.hpp"
#include "core/render/import/readers.hpp"
#include <list>
#include <optional>

namespace imops::render {

/// What was read of one host.
struct OldHost {
    std::string name, address;
    int port = 22;
    bool local = false; // this machine, without SSH
    Tree files;
    std::set<std::string> running; // services of old_units() that run
    bool looked = false;           // whether it was asked for them: a folder of files cannot say
    std::vector<Unread> unread;
    std::optional<Error> error; // it was not reached
};

/// One of its programs.
struct OldProgram {
    const OldUnit* unit = nullptr;
    std::string main;
    Flat flat;
};
std::vector<OldProgram> programs_of(const Tree&);

/// What the draft says of a host.
struct DraftHost {
    const OldHost* old = nullptr;
    std::vector<OldProgram> programs;
    std::set<std::string> services; // those that count: they run, or nobody could say
    std::set<std::string> roles, components;
    std::map<std::string, int> ports;                                   // that differ
    std::map<std::string, std::map<std::string, std::string>> settings; // component, variable, value as YAML

    const Flat* flat(std::string_view service) const; // of its first program of that service
    const OldProgram* program(std::string_view service) const;
};

struct DraftService {
    std::string name, type, host, address, user, database, secret;
    int port = 0;
};

/// An imops.yaml in the making. Secrets are beside it.
struct Draft {
    std::string product = "generic", domain, federation;
    std::vector<std::string> names;
    std::list<DraftHost> hosts;
    std::vector<DraftService> services;
    std::vector<std::pair<std::string, Secret>> secrets; // name of the file, and what goes into it
    std::vector<std::pair<std::string, Line>> remarks;   // host, and what the reader of the summary should know
};

/// Reads what the files say into a draft, which the hosts must outlive. `products` are all that are known; settings
/// that no component has are left out.
Draft make_draft(const std::vector<OldHost>&, const Components&, const std::vector<Product>& products);
Draft make_draft(std::vector<OldHost>&&, const Components&, const std::vector<Product>&) = delete;

/// How its text is written.
struct DraftStyle {
    Lang lang = Lang::en;
    std::string name, secrets; // empty: "im"; folder of the secrets
    double registered = 0;     // 0: nobody has said
    std::string user, transport, host_key, known_hosts;
    std::vector<std::string> identities;
    bool sudo = false;
};
std::string draft_text(const Draft&, const DraftStyle&);

// ---- parts of make_draft

/// What the product's own files say.
struct OldApp {
    std::string domain, federation;
    std::vector<std::string> names;
    std::set<std::string> components;
    std::map<std::string, int> ports;
    std::optional<DraftService> db, cache, turn;
    std::map<std::string, std::string> secrets; // of these: "db", "cache", "turn"
    std::vector<Line> remarks;
};
OldApp app_of(std::string_view product, const Flat&);
/// Fills `settings` from the programs' files: one table of variables and where their values stood.
void add_settings(DraftHost&, Draft&, const Components&);
/// A secret of the draft under that name, which is made unique; "" for one that a file cannot hold.
std::string keep_secret(Draft&, const std::string& name, std::string_view value);

} // namespace imops::render
