#pragma once

#include <string_view>

#include "render/placeholder.hpp"
#include "render/styled_text.hpp"

namespace butler::render {

/// Parses normalised Markdown and sets it as one styled text. The spans are as the markup has them: see
/// legalise() for what Telegram takes.
StyledText lay_out(std::string_view markdown, const Placeholders& placeholders);

}  // namespace butler::render
