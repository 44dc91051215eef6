#pragma once
#include <span>
#include <string_view>

namespace imops {

/// A data file that was built into the program; `path` is relative to the project: "checks/memory.yaml".
struct EmbeddedFile {
    std::string_view path, text;
};

std::span<const EmbeddedFile> embedded_prelude();
std::span<const EmbeddedFile> embedded_push();
std::span<const EmbeddedFile> embedded_remote();
std::span<const EmbeddedFile> embedded_checks();
std::span<const EmbeddedFile> embedded_products();
std::span<const EmbeddedFile> embedded_templates();
std::span<const EmbeddedFile> embedded_texts(); // manual pages, the demo's deployment

} // namespace imops
