#include "wording/language.hpp"

#include <algorithm>

namespace butler::wording {

Language language_of(std::string_view code) {
  const std::string_view primary = code.substr(0, code.find_first_of("-_"));
  const auto same_letter = [](char a, char b) { return (a | 0x20) == b; };
  for (const Language language : all_languages) {
    if (std::ranges::equal(primary, code_of(language), same_letter)) return language;
  }
  return Language::en;
}

std::string_view code_of(Language language) {
  switch (language) {
    case Language::en: return "en";
    case Language::de: return "de";
  }
  return "en";
}

}  // namespace butler::wording
