#pragma once
#include "core/change/runner.hpp"
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

namespace imops::change {

inline Host sample_host(const std::string& name) {
    Host h;
    h.name = name;
    h.address = "192.0.2.1";
    return h;
}

inline Step sample_step(std::string id, const Host* host, int order) {
    Step s;
    s.title = say("do {}", "执行 {}", id);
    s.id = std::move(id);
    s.host = host;
    s.order = order;
    s.action = "touch /" + s.id;
    s.undo = "rm /" + s.id;
    return s;
}

/// A folder that goes with the test.
struct Folder {
    std::string path;
    Folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "imops-change.XXXXXX").string();
        if (auto* made = ::mkdtemp(pattern.data())) path = made;
    }
    ~Folder() {
        std::error_code none;
        std::filesystem::remove_all(path, none);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
};

} // namespace imops::change
