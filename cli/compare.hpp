#pragma once
#include "cli/render.hpp"
#include "core/net/fleet.hpp"
#include "core/render/live.hpp"
#include "core/render/mask.hpp"

namespace imops {

/// One host: what belongs there, and what is there.
struct HostState {
    const Host* host = nullptr;
    render::HostFiles files;
    std::vector<render::LiveFile> live; // in the order of files.files; empty when the host did not answer
    std::optional<Error> error;
    std::size_t changes() const; // files that are not the same
};

/// Renders the hosts and reads their files, one script for each. Secrets that cannot be read are thrown (Failure).
std::vector<HostState> read_states(const Rendering&, render::Renderer&, Fleet&);

/// Findings about drift, and with `diff` the differences on standard output, secrets hidden.
void add_states(Report&, const std::vector<HostState>&, const render::Mask&, bool diff, const WriteOptions&);
void add_errors(Report&, const Host&, const std::vector<Error>&);

} // namespace imops
