#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/artifact.hpp"
#include "domain/utf8.hpp"
#include "gateway/image_size.hpp"
#include "gateway/media.hpp"
#include "gateway/turn_content.hpp"
#include "gateway/turn_parts.hpp"
#include "telegram/update.hpp"
#include "telegram/webhook.hpp"

namespace {

namespace gateway = butler::gateway;
namespace telegram = butler::telegram;

void add_message(gateway::TurnContent& content, const telegram::Message& message) {
  gateway::Contribution one{.said = {.message_id = message.message_id, .text = message.text},
                            .file = gateway::incoming_file(message)};
  if (const auto place = gateway::location_text(message)) one.said.text += *place;
  gateway::add(content, std::move(one), {});
}

void check(const gateway::TurnContent& content) {
  for (const auto& file : content.files) {
    if (!butler::api::is_artifact_name(file.name)) std::abort();
  }
  const auto names = content.request.attachments.value_or(std::vector<std::string>{});
  if (names.size() != content.files.size()) std::abort();
  for (const auto& [key, text] : content.request.metadata.value_or(std::map<std::string, std::string>{})) {
    if (butler::domain::count_code_points(text) > 2'000) std::abort();
  }
}

}  // namespace

/// An update as it comes to the webhook, and what becomes of its message: a turn of it and its edited form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  gateway::image_size(bytes);
  const auto raw = telegram::read_update(bytes);
  if (!raw) return 0;
  const auto update = telegram::decode_update(raw->json);
  if (!update) return 0;
  gateway::TurnContent content;
  for (int times = 0; times < 2; ++times) {
    for (const auto* message : {&update->message, &update->edited}) {
      if (*message) add_message(content, **message);
    }
  }
  check(content);
  if (update->edited && !content.parts.empty()) {
    constexpr std::size_t most = 500;
    const auto text =
        gateway::edited_text(content.parts[0], *update->edited, {.id = 1, .username = "bot"}, most);
    // A file may be without words.
    if (text && text->empty() && update->edited->content != telegram::Content::media) std::abort();
  }
  return 0;
}
