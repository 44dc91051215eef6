// usage: PROGRAM FOLDER [COUNT]: runs the target over every file of the folder, and over so many mutations of them, the
// same ones in every run (a fixed seed). What ended the program is in PROGRAM.input beside it. With libFuzzer
// (-DIMOPS_FUZZ=ON) this file is not used.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t);

namespace {

std::string input_file;

void run(const std::string& input) {
    if (auto* f = std::fopen(input_file.c_str(), "wb")) {
        std::fwrite(input.data(), 1, input.size(), f);
        std::fclose(f);
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

/// Words of the formats that are tried.
constexpr const char* words[]{"\n",
                              "\t",
                              " ",
                              ": ",
                              "- ",
                              "{",
                              "}",
                              "[",
                              "]",
                              "\"",
                              "'",
                              "&a ",
                              "*a",
                              "|",
                              ">",
                              "#",
                              "---\n",
                              "\xFF",
                              "\xC0\xAF",
                              "0",
                              "-1",
                              "1e308",
                              "99999999999999999999",
                              "%",
                              "{{ ",
                              " }}",
                              "{% if ",
                              "{% endif %}",
                              "(",
                              ")",
                              "and ",
                              "or ",
                              "not ",
                              " / 0",
                              "\x1b[",
                              "\r\n",
                              "@ ",
                              "imops-0 ",
                              "begin a\n",
                              "end a 0\n",
                              "also b\n",
                              "over\n"};

class Mutator {
    std::mt19937 random_{20261121};
    const std::vector<std::string>& corpus_;

    std::size_t below(std::size_t n) { return n ? random_() % n : 0; }
    void once(std::string& s) {
        auto at = below(s.size() + 1);
        auto length = std::min(s.size() - at, below(20));
        switch (below(7)) {
        case 0: s.erase(at, length); break;
        case 1: s.insert(at, words[below(std::size(words))]); break;
        case 2:
            if (at < s.size()) s[at] = char(random_());
            break;
        case 3: s.insert(at, s.substr(below(s.size() + 1), below(200))); break;
        case 4:
            if (at < s.size()) s[at] = char(s[at] ^ (1 << below(8)));
            break;
        case 5: {
            auto& other = corpus_[below(corpus_.size())];
            s.insert(at, other.substr(below(other.size() + 1), below(100)));
            break;
        }
        case 6: s.resize(at); break;
        }
    }

  public:
    explicit Mutator(const std::vector<std::string>& corpus) : corpus_{corpus} {}
    std::string next() {
        auto s = corpus_[below(corpus_.size())];
        for (auto n = 1 + below(6); n; --n) once(s);
        return s;
    }
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fputs("usage: PROGRAM FOLDER [COUNT]\n", stderr), 2;
    input_file = std::string{argv[0]} + ".input";
    std::vector<std::filesystem::path> paths;
    for (auto& e : std::filesystem::directory_iterator{argv[1]}) paths.push_back(e.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> corpus;
    for (auto& p : paths) {
        std::ostringstream s;
        s << std::ifstream{p, std::ios::binary}.rdbuf();
        corpus.push_back(s.str());
        run(corpus.back());
    }
    if (corpus.empty()) return std::fprintf(stderr, "%s is empty\n", argv[1]), 1;
    auto count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1000;
    Mutator mutator{corpus};
    for (unsigned long i = 0; i < count; ++i) run(mutator.next());
    std::remove(input_file.c_str());
    std::printf("%zu files and %lu mutations\n", corpus.size(), count);
}
