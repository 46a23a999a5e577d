#include "gateway/owner_notices.hpp"

#include "gateway/reply.hpp"

namespace butler::gateway {

void OwnerNotices::tell(const std::string& source, const Words& words, std::int64_t about) {
  for (const std::int64_t owner : owners_) {
    if (owner == about) continue;
    outbox_.queue({.source = source + ":" + std::to_string(owner),
                   .kind = MessageKind::notice,
                   .to = {.chat_id = owner},
                   .payloads = plain_payloads(words(languages_.of_person(owner)))});
  }
}

}  // namespace butler::gateway
