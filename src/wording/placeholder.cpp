#include "wording/placeholder.hpp"

namespace butler::wording {

std::optional<Placeholder> find_placeholder(std::string_view sentence, std::size_t from) {
  for (auto begin = sentence.find('{', from); begin != std::string_view::npos;
       begin = sentence.find('{', begin + 1)) {
    const auto end = sentence.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", begin + 1);
    if (end == std::string_view::npos) return std::nullopt;
    if (sentence[end] != '}' || end == begin + 1) continue;
    return Placeholder{.name = sentence.substr(begin + 1, end - begin - 1), .begin = begin, .end = end + 1};
  }
  return std::nullopt;
}

}  // namespace butler::wording
