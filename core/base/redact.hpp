#pragma once
#include <set>
#include <string>
#include <string_view>

namespace imops {

/// Takes secrets out of text that leaves the program: by their value, in every spelling in which a log or a file may
/// hold them (as it is, in quotes of JSON, of a shell and of SQL, in a URL, as base64, as hexadecimal digits), and
/// by their place (`password=…`, `://user:…@`, `Authorization: …`), for those whose value nobody knows.
/// A value of less than 4 bytes is taken out only where it stands alone: else it would eat the text around it.
class Redactor {
    struct Longer { // of two spellings the longer one goes first: it may hold the other
        bool operator()(const std::string& a, const std::string& b) const {
            return a.size() != b.size() ? a.size() > b.size() : a < b;
        }
    };
    std::set<std::string, Longer> spellings_, short_;

  public:
    Redactor() = default;
    Redactor(const Redactor&) = delete;
    Redactor& operator=(const Redactor&) = delete;
    ~Redactor(); // wipes what it knows

    /// A value that must not be seen from now on; the lines of one that has several count one by one too.
    void add(std::string_view value);
    /// The text with each secret replaced by `mark`.
    std::string operator()(std::string_view text) const;

    static constexpr std::string_view mark = "[secret]";
};

} // namespace imops
