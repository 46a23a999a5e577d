#pragma once

#include <cstddef>
#include <vector>

#include "render/render.hpp"
#include "render/styled_text.hpp"

namespace butler::render {

/// Telegram shows no more of a message.
inline constexpr std::size_t most_entities = 100;

/// Cuts legal styled text into messages: best between paragraphs, then lines, then sentences or lines of
/// code, then words, else between graphemes. A worse place is taken only where a better one would leave a
/// short message.
std::vector<Part> split(const StyledText& content, std::size_t limit);

}  // namespace butler::render
