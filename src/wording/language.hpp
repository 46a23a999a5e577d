#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace butler::wording {

/// The languages that Butler speaks. Their names are the codes that Telegram uses (ISO 639-1).
enum class Language : std::uint8_t { en, de };

inline constexpr std::array all_languages{Language::en, Language::de};

/// The language of a code as Telegram's `language_code` has it (IETF: "de", "de-AT"); English for every
/// other.
Language language_of(std::string_view code);

/// "en", "de".
std::string_view code_of(Language language);

}  // namespace butler::wording
