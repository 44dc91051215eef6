#pragma once
#include "core/render/import/draft.hpp"
#include "core/render/render.hpp"
#include "core/report/report.hpp"

namespace imops::render {

/// What is needed to render a draft in memory.
struct DraftRenderer {
    const Components& components;
    const Product &product, &generic;
    const std::vector<Product>& products;
    Lang lang;
    /// The files of each host of this text, by the host's name; secrets are read from their files, or a placeholder
    /// stands for each.
    std::map<std::string, HostFiles> files(const std::string& text, const std::string& name, bool secrets) const;
};

/// Takes settings out of the draft that change no file: they say what the templates choose anyway.
void drop_idle_settings(Draft&, const DraftStyle&, const DraftRenderer&);

/// What was found, what was not understood, and every setting that would not be the same if the draft were rendered and
/// put in place. It compares what counts in the end: the files of a host as they are, and with the rendered ones laid
/// over them.
void summarise(Report&, const Draft&, const std::map<std::string, HostFiles>&, const std::vector<OldHost>&);

} // namespace imops::render
