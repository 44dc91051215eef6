#include "core/render/stamp.hpp"
#include "core/base/string.hpp"
#include <openssl/evp.h>

namespace imops::render {

namespace {

std::string sum(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < 8; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

} // namespace

std::string essence(Format f, std::string_view text) {
    auto mark = trim(remark(f));
    std::string out;
    out.reserve(text.size());
    for (auto line : split(text, '\n')) {
        auto words = trim(line);
        if (words.empty() || words.starts_with(mark)) continue;
        out.append(line.substr(0, line.find_last_not_of(" \t\r") + 1)).push_back('\n');
    }
    return out;
}

std::string stamped(Format f, Lang lang, std::string_view name, std::string_view version, std::string_view body) {
    Text warning{"Written by imops for this host: change imops.yaml or the template, not this file.",
                 "由 imops 为本机生成：请修改 imops.yaml 或模板，不要直接改动本文件。"};
    return fmt::format("{0}imops: {1}, version {2}, sum {3}\n{0}{4}\n{5}", remark(f), name, version,
                       sum(essence(f, body)), warning.in(lang), body);
}

std::optional<Stamp> read_stamp(Format f, std::string_view text) {
    auto line = first_line(text);
    auto head = fmt::format("{}imops: ", remark(f));
    auto version = line.find(", version "), at = line.find(", sum ");
    if (!line.starts_with(head) || version == line.npos || at == line.npos || at < version) return {};
    return Stamp{std::string{line.substr(head.size(), version - head.size())},
                 std::string{line.substr(version + 10, at - version - 10)},
                 line.substr(at + 6) == sum(essence(f, text))};
}

} // namespace imops::render
