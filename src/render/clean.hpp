#pragma once

#include <string>
#include <string_view>

namespace butler::render {

/// Any bytes → valid UTF-8 as Telegram would leave it, so that offsets counted here hold there: lines end in
/// \n, other control characters are a space each, direction and line marks (U+2028–202E, U+2066–2069) are
/// gone. So are U+FDD0–FDEF, which the renderer uses for itself (placeholder.hpp). Tabs stay.
std::string clean(std::string_view bytes);

/// Tabs → spaces up to the next multiple of four columns: Telegram would make one space of each.
std::string expand_tabs(std::string_view text);

}  // namespace butler::render
