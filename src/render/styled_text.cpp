#include "render/styled_text.hpp"

#include <algorithm>
#include <utility>

namespace butler::render {

void trim(std::string_view text, std::size_t& begin, std::size_t& end) {
  while (begin < end && whitespace.contains(text[begin])) ++begin;
  while (end > begin && whitespace.contains(text[end - 1])) --end;
}

StyledText trimmed(StyledText content) {
  std::size_t begin = 0;
  std::size_t end = content.text.size();
  trim(content.text, begin, end);
  for (Span& span : content.spans) {
    span.begin = std::clamp(span.begin, begin, end) - begin;
    span.end = std::clamp(span.end, begin, end) - begin;
  }
  std::erase_if(content.spans, [](const Span& span) { return span.size() == 0; });
  content.text = content.text.substr(begin, end - begin);
  return content;
}

}  // namespace butler::render
