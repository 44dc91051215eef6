#pragma once
#include "core/remote/conversation.hpp"
#include "core/remote/script.hpp"
#include "core/render/import/draft.hpp"

namespace imops::render {

/// How much is read: of one file, and of one host.
constexpr std::size_t old_file_limit = 1u << 20, old_host_limit = 8u << 20;

/// A script that prints the files of old_places() and which of their services run: it only reads, in one round trip
/// (core/render/import/ask.sh).
Script ask_script(std::string_view mark);

/// Takes what it says on both streams, in pieces cut anywhere. Files of foreign names are dropped, memory is bounded.
class AnswerReader {
    OldHost& into_;
    remote::Conversation talk_;
    std::string path_, body_; // the file that is coming
    bool open_ = false;
    std::size_t total_ = 0;

    void told(std::string_view words);
    void close(std::string_view status);
    void unread(const std::string& file, Line why);

  public:
    AnswerReader(std::string_view mark, OldHost& into);
    AnswerReader(const AnswerReader&) = delete;
    void add(Stream stream, std::string_view bytes) { talk_.add(stream, bytes); }
    /// All of it has come. Without the script's end the host has an error; a sudo that refused is told.
    void finish();
};

/// The same files from a folder as `imops render -o` writes it: ROOT/etc/… Links lead to files below ROOT alone.
void read_folder(const std::string& root, OldHost& into);

} // namespace imops::render
