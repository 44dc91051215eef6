#pragma once
#include "core/render/import/draft.hpp"

namespace imops::render {

/// How much is read: of one file, and of one host.
constexpr std::size_t old_file_limit = 1u << 20, old_host_limit = 8u << 20;

/// A script that prints the files of old_places() and which of their services run: it only reads, in one round trip.
/// Files are printed as base64 between lines that begin with the nonce, so that nothing in a file can pass for such a
/// line.
std::string ask_script(std::string_view nonce);
/// What it printed; noise of a log-in before it is ignored. Without its end the host has an error.
void read_answer(std::string_view nonce, std::string_view answer, OldHost& into);

/// The same files from a folder as `imops render -o` writes it: ROOT/etc/… Links lead to files below ROOT alone.
void read_folder(const std::string& root, OldHost& into);

} // namespace imops::render
