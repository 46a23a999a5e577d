#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/value.hpp"

/// What parses is written and read back the same; what the strict parser takes, the tolerant one takes too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto strict = butler::json::parse(text);
  const auto tolerant = butler::json::parse_tolerant(text);
  if (strict && (!tolerant || *strict != *tolerant)) std::abort();
  if (!strict) return 0;
  const auto again = butler::json::parse(butler::json::serialize(*strict));
  if (!again) std::abort();
  return 0;
}
