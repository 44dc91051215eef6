#include "core/model/secret_ref.hpp"
#include "core/base/environment.hpp"
#include "core/base/string.hpp"
#include "core/loop/process.hpp"
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace imops {

namespace {

std::string first_line(std::string s) {
    if (auto end = s.find_first_of("\r\n"); end != s.npos) s.resize(end);
    return s;
}

Result<Secret> from_file(const std::string& path) {
    std::string origin = "file " + path;
    int fd = ::open(expand_home(path).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return Error{
            Code::config,
            say("cannot read the secret file {}: {}", "无法读取密码文件 {}：{}", path, ::strerror(errno)),
            say("Write the secret into {0}, then: chmod 600 {0}", "把密码写入 {0}，然后执行：chmod 600 {0}", path),
            {}};
    struct stat st {};
    ::fstat(fd, &st);
    char buffer[4096];
    ssize_t n = (st.st_mode & 077) ? 0 : ::read(fd, buffer, sizeof buffer);
    ::close(fd);
    if (st.st_mode & 077)
        return Error{Code::config,
                     say("other users can read the secret file {}", "其他用户可以读取密码文件 {}", path),
                     say("Run: chmod 600 {}", "执行：chmod 600 {}", path),
                     {}};
    return Secret{first_line(std::string(buffer, n > 0 ? std::size_t(n) : 0)), std::move(origin)};
}

} // namespace

Result<Secret> SecretRef::read() const {
    if (!env.empty()) {
        auto value = environment_variable(env);
        if (!value)
            return Error{Code::config,
                         say("the environment variable {} is not set", "环境变量 {} 未设置", env),
                         say("Set it without leaving it in the history:  read -rs {0} && export {0}",
                             "设置它且不留在历史记录中：  read -rs {0} && export {0}", env),
                         {}};
        return Secret{*std::move(value), "env " + env};
    }
    if (!file.empty()) return from_file(file);
    auto ended = run_process(command, std::chrono::seconds{10});
    std::string origin = "command " + (command.empty() ? std::string{} : command.front());
    if (!ended) return Error{ended.error()}.during(say("reading a secret from {}", "从 {} 读取密码", origin));
    if ((*ended).status != 0)
        return Error{Code::config,
                     say("{} ended with status {}", "{} 以状态码 {} 结束", origin, (*ended).status),
                     Text{"Run it by hand: its first line of output must be the secret.",
                          "请手工运行它：输出的第一行必须是密码。"},
                     {}};
    return Secret{first_line(std::move((*ended).out)), std::move(origin)};
}

} // namespace imops
