#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include "core/report/writer.hpp"
#include "tests/unit/report_sample.hpp"
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <re2/re2.h>
#include <sstream>

using namespace imops;
using namespace imops::testing_help;
using nlohmann::json;

namespace {

std::string written(const char* format, const Report& r, WriteOptions o = {}) {
    std::ostringstream s;
    find_writer(format)->write(r, o, s);
    return s.str();
}

int status(const char* format, const Report& r, WriteOptions o = {}) { return find_writer(format)->status(r, o); }

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    for (auto l : split(text, '\n')) all.emplace_back(l);
    if (!all.empty() && all.back().empty()) all.pop_back();
    return all;
}

/// What makes XML not well-formed; "" when it is. Knows what our writer uses: elements, attributes, text, the five
/// entities.
std::string wrong_xml(std::string_view s) {
    std::vector<std::string> open;
    if (bad_utf8(s)) return "not UTF-8";
    auto entities = [](std::string_view t) {
        for (auto at = t.find('&'); at != t.npos; at = t.find('&', at + 1))
            if (!RE2::PartialMatch({t.data() + at, t.size() - at}, "^&(amp|lt|gt|quot|apos|#[0-9]+);")) return false;
        return true;
    };
    RE2 tag{"^([a-z-]+)((?: [a-z]+=\"[^\"<]*\")*) ?(/?)$"};
    for (char c : s)
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return "a control character";
    for (std::size_t at = 0; at < s.size();) {
        auto begin = s.find('<', at);
        auto text = s.substr(at, begin == s.npos ? begin : begin - at);
        if (!entities(text) || text.find('>') != text.npos) return "text: " + std::string{text};
        if (open.empty() && !trim(text).empty()) return "text outside of the root";
        if (begin == s.npos) break;
        auto end = s.find('>', begin);
        if (end == s.npos) return "an open <";
        auto inner = s.substr(begin + 1, end - begin - 1);
        at = end + 1;
        if (inner.starts_with('?')) continue;
        if (inner.starts_with('/')) {
            if (open.empty() || open.back() != inner.substr(1)) return "end of " + std::string{inner};
            open.pop_back();
            continue;
        }
        std::string name, attributes, empty;
        if (!RE2::FullMatch({inner.data(), inner.size()}, tag, &name, &attributes, &empty) || !entities(attributes))
            return "tag <" + std::string{inner} + ">";
        if (empty.empty()) open.push_back(name);
    }
    return open.empty() ? "" : "no end of " + open.back();
}

} // namespace

TEST(Json, is_complete_and_in_both_languages) {
    auto j = json::parse(written("json", sample()));
    EXPECT_EQ(j["command"], "preflight");
    EXPECT_EQ(j["deployment"], "im");
    EXPECT_EQ(j["time"], "2026-11-21T00:00:00Z");
    EXPECT_EQ(j["worst"], "fail");
    EXPECT_EQ(j["interrupted"], false);
    EXPECT_EQ(j["tally"], (json{{"ok", 1}, {"skip", 1}, {"waived", 1}, {"warn", 1}, {"unknown", 1}, {"fail", 1}}));
    ASSERT_EQ(j["findings"].size(), 6u);
    auto& f = j["findings"][0];
    EXPECT_EQ(f["id"], "memory.total");
    EXPECT_EQ(f["subject"], "app1");
    EXPECT_EQ(f["level"], "fail");
    EXPECT_EQ(f["value"], 4294967296);
    EXPECT_EQ(f["limit"], 8589934592);
    EXPECT_EQ(f["unit"], "bytes");
    EXPECT_EQ(f["title"]["zh"], "内存容量");
    EXPECT_EQ(f["text"]["en"], "4 GiB, 8 GiB needed");
    EXPECT_EQ(f["remedy"]["zh"], "增加内存");
    EXPECT_FALSE(f.contains("item"));
    EXPECT_EQ(j["findings"][3]["item"], "/srv");
    EXPECT_EQ(j["notes"][0]["zh"], "备注");
}

TEST(Json, hostile_text_keeps_it_valid) {
    auto j = json::parse(written("json", hostile()));
    EXPECT_EQ(j["findings"].size(), 1u);
    EXPECT_FALSE(bad_utf8(written("json", hostile())));
    EXPECT_NE(j["findings"][0]["text"]["en"].get<std::string>().find("]]>"), std::string::npos);
}

TEST(Junit, counts_and_is_well_formed) {
    auto x = written("junit", sample());
    EXPECT_EQ(wrong_xml(x), "") << x;
    EXPECT_NE(x.find("<testsuite name=\"imops.preflight\" tests=\"6\" failures=\"1\" errors=\"1\" skipped=\"2\" "
                     "timestamp=\"2026-11-21T00:00:00\">"),
              std::string::npos)
        << x;
    EXPECT_NE(x.find("<testcase classname=\"app1\" name=\"memory.total\"><failure message=\"4 GiB, 8 GiB needed\">add "
                     "memory</failure></testcase>"),
              std::string::npos)
        << x;
    EXPECT_NE(x.find("name=\"disk.space /srv\"><system-out>"), std::string::npos) << "a warning is no failure";
    EXPECT_NE(x.find("<skipped message="), std::string::npos);
    auto strict = written("junit", sample(), {.strict = true});
    EXPECT_NE(strict.find("failures=\"2\""), std::string::npos);
    EXPECT_NE(strict.find("name=\"disk.space /srv\"><failure"), std::string::npos);
    EXPECT_NE(written("junit", sample(), {.lang = Lang::zh}).find("增加内存"), std::string::npos);
}

TEST(Junit, hostile_text_keeps_it_well_formed) {
    auto x = written("junit", hostile());
    EXPECT_EQ(wrong_xml(x), "") << x;
    // the little checker does find mistakes
    for (auto bad : {"<a>", "<a></b>", "<a>&</a>", "<a>]]></a>", "<a x=\"<\"/>", "<a x=y/>", "x<a/>", "<a>\x1b</a>",
                     "<a>\xFF</a>", "<a"})
        EXPECT_NE(wrong_xml(bad), "") << bad;
}

TEST(Prometheus, every_line_is_of_the_text_format) {
    RE2 sample_line{R"(^[a-z_]+\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\} -?[0-9.e+-]+$)"};
    for (auto& report : {sample(), hostile()}) {
        auto all = lines(written("prometheus", report));
        EXPECT_GT(all.size(), 10u);
        for (auto& l : all)
            EXPECT_TRUE(l.starts_with("# HELP ") || l.starts_with("# TYPE ") || RE2::FullMatch(l, sample_line)) << l;
    }
    auto text = written("prometheus", sample());
    EXPECT_NE(
        text.find("imops_finding_level{command=\"preflight\",deployment=\"im\",host=\"app1\",id=\"memory.total\"} 5\n"),
        std::string::npos)
        << text;
    EXPECT_NE(text.find("imops_finding_value{command=\"preflight\",deployment=\"im\",host=\"app1\",id=\"memory.total\"}"
                        " 4294967296\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("item=\"/srv\"} 3\n"), std::string::npos);
    EXPECT_NE(text.find("level=\"waived\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("imops_run_timestamp_seconds{command=\"preflight\",deployment=\"im\"} 1795219200\n"),
              std::string::npos);
    EXPECT_TRUE(text.ends_with("\n"));
}

TEST(Prometheus, quotes_and_backslashes_are_escaped) {
    auto text = written("prometheus", hostile());
    EXPECT_NE(text.find(R"(item="a\"b\\c d)"), std::string::npos) << text;
}

TEST(Prometheus, a_series_stands_once_with_its_worst_level) {
    auto r = sample();
    r.findings.push_back(r.findings[0]);
    r.findings.back().level = Level::ok;
    auto text = written("prometheus", r);
    auto series = "imops_finding_level{command=\"preflight\",deployment=\"im\",host=\"app1\",id=\"memory.total\"} ";
    EXPECT_NE(text.find(series + std::string{"5\n"}), std::string::npos);
    EXPECT_EQ(text.find(series + std::string{"0\n"}), std::string::npos);
}

TEST(Nagios, one_line_with_performance_data_then_what_is_wrong) {
    auto all = lines(written("nagios", sample()));
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0], "IMOPS CRITICAL - im: 1 fail, 1 unknown, 1 warn, 1 ok|fail=1;;0;0 unknown=1;;;0 warn=1;0;;0 "
                      "ok=1;;;0 'app1 memory.total'=4294967296B");
    EXPECT_EQ(all[1], "FAIL app1 memory.total: 4 GiB, 8 GiB needed");
    EXPECT_TRUE(all[3].starts_with("warn db1 disk.space /srv: ")) << all[3];
}

TEST(Nagios, only_its_own_bar_stays) {
    auto text = written("nagios", hostile());
    EXPECT_EQ(std::count(text.begin(), text.end(), '|'), 1) << text;
    EXPECT_EQ(text.find_first_of("\x1b\r\x07"), std::string::npos);
    EXPECT_EQ(lines(text).size(), 2u);
}

TEST(Nagios, a_label_is_quoted_and_a_value_has_no_exponent) {
    auto r = hostile();
    r.findings[0].item = "it's=a|b";
    r.findings[0].subject = "app1";
    struct {
        Value value;
        const char* written;
    } table[]{{{Kind::number, 0.25}, "=0.25"},
              {{Kind::number, 1e-7}, "=0"},
              {{Kind::bytes, 1e15}, "=1000000000000000B"},
              {{Kind::seconds, -1.5}, "=-1.5s"},
              {{Kind::clock, 1795219200}, ""},
              {{Kind::text, "7"}, ""},
              {{Kind::number, std::numeric_limits<double>::infinity()}, ""}};
    for (auto& t : table) {
        r.findings[0].value = t.value;
        auto first = lines(written("nagios", r))[0];
        std::string label = " 'app1 x.y it_s_a_b'";
        if (*t.written)
            EXPECT_TRUE(first.ends_with(label + t.written)) << first;
        else
            EXPECT_TRUE(first.ends_with(" ok=0;;;0")) << first;
    }
}

TEST(Nagios, keeps_to_what_nagios_keeps_and_leaves_out_the_same) {
    auto r = sample();
    for (int i = 0; i < 500; ++i) {
        auto& f = r.findings.emplace_back(r.findings[0]);
        f.item = "/srv/" + std::to_string(1000 + i);
    }
    auto text = written("nagios", r);
    EXPECT_LE(text.size(), 8191u);
    EXPECT_GT(text.size(), 7000u);
    auto all = lines(text);
    EXPECT_TRUE(RE2::FullMatch(all.back(), "\\.\\.\\. and [0-9]+ more")) << all.back();
    EXPECT_TRUE(RE2::FullMatch(lines(written("nagios", r, {.lang = Lang::zh})).back(), "……另有 [0-9]+ 项"));
    for (auto& l : all) EXPECT_FALSE(l.empty());
    EXPECT_TRUE(all[0].ends_with("=4294967296B")) << all[0];
    auto data = all[0].substr(all[0].find(" 'app1"));
    for (auto& f : r.findings)
        if (f.item.ends_with('7')) f.level = Level::ok;
    r.sort();
    EXPECT_NE(written("nagios", r).find(data + "\n"), std::string::npos) << "other levels, the same figures";
}

namespace {

/// A line as zabbix_sender reads it: entries with or without quotes; between quotes \", \\ and \n. Empty when it is
/// none.
std::vector<std::string> entries(const std::string& line) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < line.size(); ++at) {
        std::string one;
        bool quoted = line[at] == '"';
        for (at += quoted; at < line.size() && line[at] != (quoted ? '"' : ' '); ++at) {
            if (quoted && line[at] == '\\' && ++at == line.size()) return {};
            one += quoted && line[at] == 'n' && line[at - 1] == '\\' ? '\n' : line[at];
        }
        if (quoted && (at >= line.size() || (at + 1 < line.size() && line[++at] != ' '))) return {};
        all.push_back(one);
    }
    return all;
}

std::map<std::string, std::string> sent(const Report& r, WriteOptions o = {}) {
    std::map<std::string, std::string> values;
    for (auto& l : lines(written("zabbix", r, o))) {
        auto e = entries(l);
        if (e.size() != 4) {
            ADD_FAILURE() << l;
            continue;
        }
        EXPECT_TRUE(RE2::FullMatch(e[0], "[0-9A-Za-z_. -]{1,128}")) << "Zabbix allows no other name: " << e[0];
        EXPECT_TRUE(values.emplace(e[1], e[3]).second) << "twice: " << e[1];
    }
    return values;
}

} // namespace

TEST(Zabbix, discovery_comes_first_then_the_summary_then_every_finding) {
    auto first = entries(lines(written("zabbix", sample()))[0]);
    ASSERT_EQ(first.size(), 4u);
    EXPECT_EQ(first[0], "im");
    EXPECT_EQ(first[1], "imops.discovery");
    EXPECT_EQ(first[2], "1795219200");
    auto found = json::parse(first[3]);
    ASSERT_EQ(found.size(), 6u);
    EXPECT_EQ(found[0], (json{{"{#ID}", "memory.total"},
                              {"{#SUBJECT}", "app1"},
                              {"{#ITEM}", ""},
                              {"{#TITLE}", "Installed memory"},
                              {"{#UNIT}", "B"}}));
    auto values = sent(sample());
    EXPECT_EQ(json::parse(values["imops.discovery.metrics"]).size(), 1u);
    EXPECT_EQ(values["imops.worst"], "5");
    for (auto name : {"ok", "skip", "waived", "warn", "unknown", "fail"})
        EXPECT_EQ(values["imops." + std::string{name}], "1") << name;
    EXPECT_TRUE(values["imops.problems"].starts_with("FAIL app1 memory.total: 4 GiB, 8 GiB needed\n"))
        << values["imops.problems"];
    EXPECT_EQ(values[R"(imops.level["memory.total","app1",""])"], "5");
    EXPECT_EQ(values[R"(imops.level["disk.space","db1","/srv"])"], "3");
    EXPECT_EQ(values[R"(imops.metric["memory.total","app1",""])"], "4294967296");
    EXPECT_EQ(values.size(), 10u + 6u + 1u);
    EXPECT_EQ(json::parse(sent(sample(), {.lang = Lang::zh})["imops.discovery"])[0]["{#TITLE}"], "内存容量");
}

TEST(Zabbix, hostile_names_end_no_key_and_call_no_macro) {
    auto r = hostile();
    r.findings[0].item += "{$SECRET}{#ID}\\";
    r.findings[0].value = {Kind::number, 1};
    auto values = sent(r);
    auto found = json::parse(values["imops.discovery"]);
    ASSERT_EQ(found.size(), 1u);
    std::string parameters;
    for (auto macro : {"{#ID}", "{#SUBJECT}", "{#ITEM}"}) {
        auto text = found[0][macro].get<std::string>();
        EXPECT_EQ(text.find_first_of("\"\\{}\n\x1b"), std::string::npos) << text;
        parameters += (parameters.empty() ? "\"" : ",\"") + text + "\"";
    }
    EXPECT_TRUE(values.contains("imops.level[" + parameters + "]"))
        << "the key that Zabbix makes of the macros: " << parameters;
    EXPECT_TRUE(values.contains("imops.metric[" + parameters + "]"));
}

TEST(Zabbix, names_stay_short_and_keys_single) {
    auto r = sample();
    for (auto& f : r.findings) {
        f.subject = std::string(300, 's');
        f.item = std::string(300, 'i');
        f.title = {std::string(300, 't'), std::string(300, 't')};
    }
    for (int i = 0; i < 3; ++i) r.findings.push_back(r.findings[0]);
    auto values = sent(r); // says itself what is there twice
    for (auto& x : json::parse(values["imops.discovery"])) {
        auto name = x["{#SUBJECT}"].get<std::string>() + ": " + x["{#TITLE}"].get<std::string>() + " " +
                    x["{#ITEM}"].get<std::string>() + ", measured";
        EXPECT_LE(name.size(), 255u);
    }
    EXPECT_LE(values["imops.problems"].size(), 8000u);
}

TEST(Status, of_every_level_and_format) {
    auto of = [](Level l) {
        Report r;
        r.findings.push_back({.id = "x",
                              .subject = "h",
                              .item = {},
                              .level = l,
                              .title = {},
                              .text = {},
                              .remedy = {},
                              .value = {},
                              .limit = {},
                              .metrics = {}});
        return r;
    };
    struct {
        Level level;
        int plain, strict, nagios, nagios_strict;
    } table[]{{Level::ok, 0, 0, 0, 0},   {Level::skip, 0, 0, 0, 0},    {Level::waived, 0, 0, 0, 0},
              {Level::warn, 0, 1, 1, 2}, {Level::unknown, 3, 3, 3, 3}, {Level::fail, 1, 1, 2, 2}};
    for (auto& t : table) {
        auto r = of(t.level);
        for (auto format : {"human", "json", "junit", "prometheus", "zabbix"}) {
            EXPECT_EQ(status(format, r), t.plain) << format << " " << name(t.level);
            EXPECT_EQ(status(format, r, {.strict = true}), t.strict) << format << " " << name(t.level);
        }
        EXPECT_EQ(status("nagios", r), t.nagios) << name(t.level);
        EXPECT_EQ(status("nagios", r, {.strict = true}), t.nagios_strict) << name(t.level);
        r.interrupted = true;
        EXPECT_EQ(status("human", r), 130);
        EXPECT_EQ(status("json", r), 130);
    }
    EXPECT_EQ(status("human", {}), 0);
    auto both = of(Level::unknown);
    both.findings.push_back(of(Level::warn).findings[0]);
    EXPECT_EQ(status("human", both), 3);
    EXPECT_EQ(status("human", both, {.strict = true}), 1);
    both.findings.push_back(of(Level::fail).findings[0]);
    EXPECT_EQ(status("human", both), 1) << "what failed is known, whatever is not";
    Report interrupted = of(Level::ok);
    interrupted.interrupted = true;
    EXPECT_EQ(status("nagios", interrupted), 3);
}

TEST(Writers, are_found_by_name) {
    for (auto name : {"human", "json", "junit", "prometheus", "zabbix", "nagios"})
        ASSERT_TRUE(find_writer(name)) << name;
    EXPECT_EQ(find_writer("xml"), nullptr);
    EXPECT_EQ(writers().size(), 6u);
    for (auto& w : writers()) {
        std::ostringstream empty;
        w.write({}, {}, empty);
        EXPECT_FALSE(empty.str().empty()) << w.name << ": nothing judged is said too";
    }
}

TEST(Report, the_same_findings_give_the_same_order) {
    auto r = sample();
    std::reverse(r.findings.begin(), r.findings.end());
    r.sort();
    std::string order;
    for (auto& f : r.findings) order += std::string{name(f.level)} + " " + f.subject + " " + f.id + "\n";
    EXPECT_EQ(order, "fail app1 memory.total\nunknown app1 disk.fsync\nwarn db1 disk.space\nwaived db1 "
                     "swap.present\nskip app1 cpu.model\nok app1 cpu.cores\n");
    EXPECT_EQ(r.worst(), Level::fail);
}
