#pragma once

#include <string>
#include <string_view>

#include "render/placeholder.hpp"

namespace butler::render {

/// The inline level of normalise(), for the lines of one paragraph. Outside of code spans:
/// - formulas (\(…\), \[…\], $$…$$, and $…$ that cannot be money) become placeholders;
/// - 2*3*4, 2**3 and __init__.py keep their characters;
/// - **strong。**text is closed although East Asian punctuation stands inside and a letter outside;
/// - footnotes [^1] become [1], never a link; comments are dropped.
std::string protect(std::string_view paragraph, Placeholders& placeholders);

}  // namespace butler::render
