#include <cstdint>
#include <string_view>

#include "config/env_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  butler::config::parse_env_file(text, ".env");
  return 0;
}
