#include "core/remote/script.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/string.hpp"
#include <sys/random.h>

namespace imops::remote {

std::string random_mark() {
    unsigned char bytes[16];
    if (::getrandom(bytes, sizeof bytes, 0) != ssize_t(sizeof bytes))
        throw Failure{Error{Code::internal, Text{"no random numbers", "无法获得随机数"}, {}, {}}};
    std::string mark = "imops-";
    for (auto b : bytes) mark += fmt::format("{:02x}", b);
    return mark;
}

std::string_view part(std::string_view name) {
    for (auto& file : embedded_remote())
        if (file.path.substr(file.path.rfind('/') + 1) == name) return file.text;
    throw Failure{Error{Code::internal, say("{} is not in the program", "程序中没有 {}", name), {}, {}}};
}

std::string program(std::string_view mark, std::string_view variables, std::string_view body) {
    // The last two commands on one line: a shell that is fed slowly would find the second one in the script's own
    // input.
    return fmt::format("imops_mark={}\n{}imops_main() {{\n{}{}\n}}\nimops_main; exit 0\n", shell_quote(mark), variables,
                       part("rt.sh"), body);
}

Script script(Effect effect, std::string_view mark, std::string_view variables, std::string_view body,
              std::chrono::milliseconds limit) {
    return {program(mark, variables, body), effect, limit, true};
}

} // namespace imops::remote
