#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"

namespace butler::gateway {

/// Tells the owners, in their private chats, what the operator should know.
class OwnerNotices {
 public:
  /// What to say, in the language that each owner speaks.
  using Words = std::function<std::string(wording::Language)>;

  OwnerNotices(OutboxSender& outbox, const Languages& languages, std::vector<std::int64_t> owners)
      : outbox_(outbox), languages_(languages), owners_(std::move(owners)) {}

  /// Once per `source`, as long as the outbox remembers it (30 days). May stand inside a unit of the store.
  ///
  /// @param about  the chat in question: its own owner is not told there
  void tell(const std::string& source, const Words& words, std::int64_t about = 0);

 private:
  OutboxSender& outbox_;
  const Languages& languages_;
  std::vector<std::int64_t> owners_;
};

}  // namespace butler::gateway
