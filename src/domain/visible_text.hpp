#pragma once

#include <string>
#include <string_view>

namespace butler::domain {

/// The text with every character that hides itself or others (controls, bidi marks, zero-width and odd
/// spaces, variation selectors, tags) written as its code: "rm⟨U+202E⟩". Line ends stay. Pure.
std::string make_visible(std::string_view text);

/// True when letters of a script that imitates Latin ones (Cyrillic, Greek, full-width…) stand among Latin
/// letters, as in "sudо".
bool mixes_lookalikes(std::string_view text);

/// make_visible(), and in a word that mixes Latin letters with some that imitate them the latter named too:
/// "sudо⟨U+043E⟩". Words of one script stay as they are.
std::string make_all_visible(std::string_view text);

}  // namespace butler::domain
