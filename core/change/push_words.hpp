#pragma once
#include "core/render/push.hpp"

namespace imops::change {

/// Where a step of a push failed, in words for people, and what to do about it.
Line where(const render::PushReader::Failed&);
Line remedy(const render::PushReader::Failed&);

} // namespace imops::change
