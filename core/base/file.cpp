#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/units.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace imops {

namespace {

struct Fd {
    int fd;
    ~Fd() {
        if (fd >= 0) ::close(fd);
    }
};

Error cannot(Text en_zh, const std::string& path, int e) {
    return {Code::io,
            say("{} {}: {}", "{} {}：{}", en_zh, path, std::strerror(e)),
            say("Look at the path and its permissions:  ls -ld {}", "请检查路径和权限：  ls -ld {}", path),
            {}};
}

} // namespace

Result<std::string> read_file(const std::string& path, std::size_t max) {
    Fd f{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (f.fd < 0) return cannot({"cannot read", "无法读取"}, path, errno);
    struct stat st {};
    if (::fstat(f.fd, &st) == 0 && S_ISDIR(st.st_mode)) return cannot({"cannot read", "无法读取"}, path, EISDIR);
    auto too_large = [&] {
        return Error{Code::io,
                     say("{} is larger than {}", "{} 超过 {}", path, show_bytes(double(max))),
                     Text{"Is it the right file?", "是否指定了正确的文件？"},
                     {}};
    };
    if (std::size_t(st.st_size) > max) return too_large();
    std::string text;
    text.reserve(std::size_t(st.st_size) + 1);
    char buffer[65536];
    for (;;) {
        auto n = ::read(f.fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot({"cannot read", "无法读取"}, path, errno);
        if (n == 0) return text;
        text.append(buffer, std::size_t(n));
        if (text.size() > max) return too_large(); // a pipe or a file that grows
    }
}

namespace {

void write_beside(const std::string& path, std::string_view text, unsigned mode, bool sync) {
    LogTimer timer;
    auto beside = path + ".imops-new";
    struct stat st {};
    bool direct = ::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
    auto fail = [&] {
        int e = errno;
        if (!direct) ::unlink(beside.c_str());
        log(LogLevel::error, "file", {{"path", path}, {"error", std::strerror(e)}, timer.ms()});
        throw Failure{cannot({"cannot write", "无法写入"}, path, e)};
    };
    if (!direct) ::unlink(beside.c_str()); // of a run that was killed: it may have another mode
    Fd f{direct ? ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)
                : ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    if (f.fd < 0) fail();
    for (std::string_view left = text; !left.empty();) {
        auto n = ::write(f.fd, left.data(), left.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail();
        left.remove_prefix(std::size_t(n));
    }
    auto done = [&] { log(LogLevel::info, "file", {{"path", path}, {"bytes", text.size()}, timer.ms()}); };
    if (direct) return done();
    ::fchmod(f.fd, mode); // whatever the umask says
    if ((sync && ::fsync(f.fd) != 0) || ::rename(beside.c_str(), path.c_str()) != 0) fail();
    done();
}

} // namespace

void write_file(const std::string& path, std::string_view text, unsigned mode) { write_beside(path, text, mode, true); }
void write_tree_file(const std::string& path, std::string_view text, unsigned mode) {
    write_beside(path, text, mode, false);
}

void make_folder(const std::string& path) {
    std::filesystem::path so_far;
    for (auto& part : std::filesystem::path{path}) {
        so_far /= part;
        if (::mkdir(so_far.c_str(), 0700) != 0 && errno != EEXIST)
            throw Failure{cannot({"cannot make the folder", "无法创建目录"}, so_far.string(), errno)};
    }
    if (!std::filesystem::is_directory(path))
        throw Failure{cannot({"cannot make the folder", "无法创建目录"}, path, ENOTDIR)};
}

} // namespace imops
