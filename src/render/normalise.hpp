#pragma once

#include <string>
#include <string_view>

#include "render/placeholder.hpp"

namespace butler::render {

/// Clean Markdown as models write it → Markdown that the parser reads as it was meant. Fenced code stays as
/// it is.
///
/// Line by line: a table may follow a paragraph without a blank line and have delimiter cells of one dash; a
/// line without a bar ends it. Inside a paragraph: see protect().
std::string normalise(std::string_view markdown, Placeholders& placeholders);

}  // namespace butler::render
