#include "core/render/diff.hpp"
#include "core/base/string.hpp"
#include <fmt/format.h>

namespace imops::render {

namespace {

using Lines = std::vector<std::string_view>;

/// Myers' greedy algorithm: the shortest way from one list of lines to the other, as marks ' ', '-' and '+'. Nothing:
/// it is longer than `most`.
std::string shortest_edit(const Lines& a, const Lines& b, int most) {
    int n = int(a.size()), m = int(b.size()), limit = std::min(n + m, most);
    std::vector<std::vector<int>> history;
    std::vector<int> furthest(std::size_t(2 * limit + 3), 0);
    auto at = [&](std::vector<int>& v, int k) -> int& { return v[std::size_t(k + limit + 1)]; };
    for (int d = 0; d <= limit; ++d) {
        history.push_back(furthest);
        for (int k = -d; k <= d; k += 2) {
            int x = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1)) ? at(furthest, k + 1)
                                                                                     : at(furthest, k - 1) + 1;
            while (x < n && x - k < m && a[std::size_t(x)] == b[std::size_t(x - k)]) ++x;
            at(furthest, k) = x;
            if (x < n || x - k < m) continue;
            std::string marks; // backwards
            int y = x - k;
            for (int e = d; e > 0; --e) {
                auto& v = history[std::size_t(e)];
                int l = x - y, from = l == -e || (l != e && at(v, l - 1) < at(v, l + 1)) ? l + 1 : l - 1;
                int px = at(v, from), py = px - from;
                while (x > px && y > py) marks += ' ', --x, --y;
                marks += from > l ? '+' : '-';
                (from > l ? y : x)--;
            }
            marks.append(std::size_t(x), ' ');
            return {marks.rbegin(), marks.rend()};
        }
    }
    return std::string(a.size(), '-') + std::string(b.size(), '+');
}

Lines lines_of(std::string_view text) {
    auto lines = split(text, '\n');
    if (lines.back().empty()) lines.pop_back();
    return lines;
}

} // namespace

std::vector<DiffLine> unified_diff(std::string_view before, std::string_view after) {
    constexpr std::size_t around = 3;
    auto a = lines_of(before), b = lines_of(after);
    auto marks = shortest_edit(a, b, 2000);
    std::vector<DiffLine> out;
    std::size_t x = 0, y = 0, head = 0, old_lines = 0, new_lines = 0, old_from = 0, new_from = 0;
    auto close = [&] {
        if (head)
            out[head - 1].text = fmt::format("@@ -{},{} +{},{} @@", old_lines ? old_from + 1 : old_from, old_lines,
                                             new_lines ? new_from + 1 : new_from, new_lines);
        head = 0;
    };
    for (std::size_t i = 0; i < marks.size(); ++i) {
        bool near = false;
        for (std::size_t j = i > around ? i - around : 0; j <= i + around && j < marks.size(); ++j)
            near = near || marks[j] != ' ';
        char mark = marks[i];
        if (!near)
            close();
        else {
            if (!head) {
                out.push_back({'@', {}});
                head = out.size();
                old_from = x;
                new_from = y;
                old_lines = new_lines = 0;
            }
            out.push_back({mark, std::string{mark == '+' ? b[y] : a[x]}});
            old_lines += mark != '+';
            new_lines += mark != '-';
        }
        x += mark != '+';
        y += mark != '-';
    }
    close();
    return out;
}

} // namespace imops::render
