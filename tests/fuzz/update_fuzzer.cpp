#include <cstdint>
#include <string_view>

#include "http/types.hpp"
#include "telegram/bot_api.hpp"
#include "telegram/update.hpp"

/// An update, and an answer of the Bot API.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto update = butler::telegram::decode_update(text);
  butler::http::Response response;
  response.body = text;
  const auto answer = butler::telegram::read_answer(response);
  if (answer) {
    const auto batch = butler::telegram::read_updates(*answer);
    for (const auto& raw : batch.updates) {
      const auto again = butler::telegram::decode_update(raw.json);
    }
  }
  return 0;
}
