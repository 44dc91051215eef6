#pragma once
#include "core/check/catalogue.hpp"
#include <string>

/// Small packs and a deployment for the tests of checks. The numbers are the lines on which things stand.
namespace imops::testing_help {

inline const std::string pack_head = "pack: t\ntitle: {en: T, zh: T}\nfacts:\n";        // 1 to 3
inline const std::string memory_fact = "  t.memory_total: {sh: echo 1, type: bytes}\n"; // 4
inline const std::string check_head =
    "# a comment\nchecks:\n  - id: t.memory\n"                                                   // 5 to 7
    "    title: {en: Memory, zh: 内存}\n    why: {en: a, zh: a}\n\n    value: t.memory_total\n"; // 8 to 11
inline const std::string examples =
    "    examples: [{given: {t.memory_total: 4 GiB}, is: fail}, {given: {t.memory_total: 9 GiB}, is: ok}]\n";
inline const std::string check_tail = "    says: {en: \"{{ bytes(value) }}\", zh: \"有 {{ bytes(value) }}\"}\n    "
                                      "remedy: {en: add some, zh: 增加内存}\n    source: own\n" +
                                      examples;

inline Catalogue one_pack(const std::string& text, const std::string& file = "t.yaml") {
    PackSource source{file, text};
    return load_catalogue({&source, 1});
}

inline const std::string small_deployment =
    "imops: 1\nname: im\nproduct: generic\nworkload: {registered: 600}\nhosts:\n  - {name: app1, address: 10.0.0.1, "
    "roles: [app]}\n"; // 1 to 6

} // namespace imops::testing_help
