#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "render/legality.hpp"

namespace {

using butler::render::illegality;
using butler::render::Part;

// A bound for what a text may grow to: the most costly place is a link, which is shown with its address.
constexpr std::size_t growth = 16;
constexpr std::size_t bytes_besides = 4'096;

void require(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

void check(const std::vector<Part>& parts, std::size_t limit, std::size_t input) {
  std::size_t bytes = 0;
  for (const Part& part : parts) {
    require(illegality(part, limit).empty(), illegality(part, limit));
    bytes += part.text.size();
  }
  require(bytes <= growth * input + bytes_besides, "the messages are not much larger than the Markdown");
}

}  // namespace

/// The first byte chooses the limit, the rest is the Markdown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t limit = data[0] < 128 ? std::size_t{2} + data[0] : butler::render::message_limit;
  check(butler::render::render_markdown(text, limit), limit, text.size());
  check(butler::render::render_plain(text, limit), limit, text.size());
  return 0;
}
