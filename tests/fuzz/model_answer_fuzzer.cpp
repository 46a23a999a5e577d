#include <algorithm>
#include <cstdint>
#include <string_view>

#include "model_proxy/token_usage.hpp"

using butler::model_proxy::ModelApi;
using butler::model_proxy::UsageReader;

/// What a provider answers: the first byte chooses the protocol and the form, the second how it is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr unsigned protocols = 5;
  const auto api = static_cast<ModelApi>(data[0] % protocols);
  const auto form = data[0] >= 128 ? UsageReader::Form::document : UsageReader::Form::events;
  std::string_view body{reinterpret_cast<const char*>(data + 2), size - 2};
  const std::size_t step = 1U + data[1];
  UsageReader reader(api, form);
  for (; !body.empty(); body.remove_prefix(std::min(step, body.size()))) reader.take(body.substr(0, step));
  reader.end();
  const auto usage = estimate_usage(reader, size);
  if (usage.input < 0 || usage.output < 0 || usage.cache_read < 0 || usage.cache_write < 0) __builtin_trap();
  return 0;
}
