#pragma once
#include "core/client/xmpp/session.hpp"
#include "core/probe/message/message.hpp"

namespace imops::probe {

/// The message with its hints (XEP-0334, XEP-0280): nobody shall store it, send copies of it, or show it elsewhere.
std::string xmpp_message(std::string_view to, std::string_view id, std::string_view body);

/// What a stanza is for a message that is on its way.
enum class Sign { nothing, delivered, bounced };
Sign sign_of(const Element& stanza, std::string_view id, std::string_view body);

/// Whether a stanza of an archive (XEP-0313) holds that body.
bool archived(const Element& stanza, std::string_view body);

} // namespace imops::probe
