#pragma once

#include "render/styled_text.hpp"

namespace butler::render {

/// Spans as Telegram takes them, sorted by begin, outer before inner. The promises of render.hpp about
/// entities hold for the result as a whole:
/// - code and pre win over the styles around them, which are split; a link wins over code inside it;
/// - spans of the same style that touch or overlap become one;
/// - whitespace is trimmed off both ends, except of code, pre and quotes; empty spans go.
///
/// Expects that links do not overlap each other, nor quotes, nor pre.
StyledText legalise(StyledText content);

}  // namespace butler::render
