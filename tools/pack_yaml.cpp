// Build step: FILE.yaml... -> FOLDER/FILE.yaml, parsed. A pack that is not even YAML does not build.
#include "core/base/file.hpp"
#include "core/model/yaml.hpp"
#include <filesystem>
#include <iostream>

using namespace imops;

int main(int argc, char** argv) {
    try {
        for (int i = 2; i < argc; ++i) {
            Problems problems{argv[i]};
            auto text = read_file(argv[i]);
            if (!text) throw Failure{text.error()};
            auto node = parse_yaml(*text, problems);
            if (!problems.none()) throw Failure{problems.take()};
            write_file((std::filesystem::path{argv[1]} / std::filesystem::path{argv[i]}.filename()).string(),
                       pack_node(node));
        }
    } catch (const Failure& f) {
        for (auto& e : f.errors) std::cerr << e.what.en << '\n';
        return 1;
    }
}
