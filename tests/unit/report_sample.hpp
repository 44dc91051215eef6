#pragma once
#include "core/report/report.hpp"
#include <string>

namespace imops::testing_help {

/// One finding of every level.
inline Report sample() {
    auto finding = [](const char* id, const char* subject, Level level, Line text) {
        return Finding{.id = id,
                       .subject = subject,
                       .item = {},
                       .level = level,
                       .title = {id, "标题"},
                       .text = std::move(text),
                       .remedy = {},
                       .value = {},
                       .limit = {},
                       .metrics = {}};
    };
    Report r;
    r.command = "preflight";
    r.deployment = "im";
    r.time = 1795219200; // 2026-11-21
    auto& fail = r.findings.emplace_back(
        finding("memory.total", "app1", Level::fail, {"4 GiB, 8 GiB needed", "4 GiB，需要 8 GiB"}));
    fail.title = {"Installed memory", "内存容量"};
    fail.remedy = {"add memory", "增加内存"};
    fail.value = {Kind::bytes, 4294967296};
    fail.limit = {Kind::bytes, 8589934592};
    r.findings.push_back(finding("cpu.cores", "app1", Level::ok, {"4 cores", "4 核"}));
    r.findings.push_back(finding("disk.fsync", "app1", Level::unknown,
                                 {"could not read disk.fsync: needs root", "无法读取 disk.fsync：需要 root 权限"}));
    auto& warn = r.findings.emplace_back(finding("disk.space", "db1", Level::warn, {"85 % used", "已用 85 %"}));
    warn.item = "/srv";
    warn.remedy = {"make room", "清理空间"};
    r.findings.push_back(finding("swap.present", "db1", Level::waived, {"no swap (accepted)", "没有交换区（已接受）"}));
    r.findings.push_back(finding("cpu.model", "app1", Level::skip, {"virtual machine", "虚拟机"}));
    r.notes.push_back({"a note", "备注"});
    return r;
}

/// What a hostile host could bring into a finding.
inline Report hostile() {
    std::string evil = "a\"b\\c\nd|x=1;;]]><![CDATA[<script>&amp;&lt;'\x1b[31m\x07\r\xFF\xC0\xAF\u202E\u2028\t" +
                       std::string(1, '\0') + "{{ 1 }} %s {}";
    Report r;
    r.command = "preflight";
    r.deployment = "im|" + evil;
    r.findings.push_back({.id = "x.y",
                          .subject = "app1" + evil,
                          .item = evil,
                          .level = Level::fail,
                          .title = {evil, evil},
                          .text = {evil, evil},
                          .remedy = {evil, evil},
                          .value = {Kind::text, evil},
                          .limit = {Kind::number, 3},
                          .metrics = {}});
    return r;
}

} // namespace imops::testing_help
