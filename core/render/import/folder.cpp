#include "core/base/units.hpp"
#include "core/render/import/ask.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace imops::render {

namespace fs = std::filesystem;

namespace {

struct Fd {
    int fd = -1;
    ~Fd() {
        if (fd >= 0) ::close(fd);
    }
};

/// As if `root` were the root of the file system; where the kernel cannot do that, links are not followed.
int open_below(int root, const std::string& path) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    auto fd = int(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = ::openat(root, path.c_str() + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    return fd;
}

/// Paths below root that a pattern of the places matches, part by part.
std::vector<std::string> there(const std::string& root, const std::string& pattern) {
    std::vector<std::string> found{""};
    for (auto& part : fs::path{pattern}.relative_path()) {
        std::vector<std::string> next;
        for (auto& f : found) {
            if (part.string().find('*') == std::string::npos) {
                std::error_code none;
                if (fs::symlink_status(root + f + "/" + part.string(), none).type() != fs::file_type::not_found)
                    next.push_back(f + "/" + part.string());
                continue;
            }
            std::error_code failed;
            for (fs::directory_iterator it{root + f, failed}, end; !failed && it != end && next.size() < 1000;
                 it.increment(failed))
                if (auto name = it->path().filename().string(); matches(part.string(), name))
                    next.push_back(f + "/" + name);
        }
        found = std::move(next);
    }
    std::ranges::sort(found);
    return found;
}

} // namespace

void read_folder(const std::string& root, OldHost& into) {
    Fd dir{::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    std::size_t left = old_host_limit;
    for (auto& place : old_places())
        for (auto& path : there(root, place)) {
            auto unread = [&](Line why) { into.unread.push_back({path, 0, std::move(why)}); };
            Fd f{open_below(dir.fd, path)};
            struct stat st {};
            if (f.fd < 0 || ::fstat(f.fd, &st) != 0) {
                unread(say("cannot be read: {}", "无法读取：{}", std::strerror(errno)));
                continue;
            }
            if (S_ISDIR(st.st_mode)) continue;
            if (!S_ISREG(st.st_mode)) {
                unread(Text{"is no regular file", "不是普通文件"});
                continue;
            }
            auto size = std::size_t(st.st_size);
            if (size > old_file_limit || size > left) {
                unread(say("is too large: at most {} of one file and {} of a host are read",
                           "过大：单个文件最多读取 {}，每台主机最多 {}", show_bytes(double(old_file_limit)),
                           show_bytes(double(old_host_limit))));
                continue;
            }
            std::string text(size, '\0');
            auto n = ::pread(f.fd, text.data(), size, 0);
            text.resize(n > 0 ? std::size_t(n) : 0);
            left -= text.size();
            into.files[path] = std::move(text);
        }
}

} // namespace imops::render
