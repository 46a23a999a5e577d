#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace butler::render {

enum class LinkKind : std::uint8_t {
  entity,  ///< Telegram takes it as a text_link
  text,    ///< Telegram would drop it in silence: it has to be shown
  none,    ///< nothing to open: empty, a place in this document, or a script
};

/// What becomes of an address, and how it is written then.
struct Link {
  LinkKind kind = LinkKind::none;
  std::string address = {};
};

/// Decides by the rules of Telegram's server: http and https to a host with a dot, tg and ton become
/// entities.
Link classify_link(std::string_view url);

/// True when the text of a link says already where it goes, as that of an autolink does.
bool shows_address(std::string_view text, std::string_view url);

}  // namespace butler::render
