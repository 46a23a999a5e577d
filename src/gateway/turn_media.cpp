#include "gateway/turn_media.hpp"

#include "api/describe.hpp"
#include "gateway/job_request.hpp"

namespace butler::gateway {

bool is_understood(const telegram::Message& message) {
  return message.media.has_value() || location_text(message).has_value();
}

void bring(NewTurn& turn, std::span<const IncomingFile> files) {
  if (files.empty()) return;
  auto request = request_of(turn);
  for (const IncomingFile& file : files) turn.files.push_back(attach(request, file));
  turn.body = json::serialize(json::encode(request));
}

}  // namespace butler::gateway
