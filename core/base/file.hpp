#pragma once
#include "core/base/result.hpp"
#include <string>
#include <string_view>

namespace imops {

/// The whole file, or Code::io (with a remedy). A file larger than `max` bytes is refused before it is read.
Result<std::string> read_file(const std::string& path, std::size_t max = 64u << 20);
/// Writes beside the target and renames: a reader sees the old or the new file, never half of one. A device or pipe
/// (/dev/null, /dev/stdout) is written into and stays what it is. Throws Failure (Code::io).
void write_file(const std::string& path, std::string_view text, unsigned mode = 0644);
/// The same for one of many files that can be made again: it is not waited for until it is on the disk.
void write_tree_file(const std::string& path, std::string_view text, unsigned mode);
/// The folder and its parents, mode 0700. Throws Failure (Code::io).
void make_folder(const std::string& path);

} // namespace imops
