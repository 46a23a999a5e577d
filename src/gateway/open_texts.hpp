#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "async/event.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/pasted_text.hpp"

namespace butler::gateway {

/// Requests whose text may still go on (gateway/pasted_text.hpp): rows, so that a restart loses nothing of
/// them. The calls stand inside a unit of the store.
class OpenTexts {
 public:
  /// `completed` is called when a turn may become a job, once that is on disk. A text that got longer than
  /// `most_characters` is refused in its chat instead.
  OpenTexts(boost::asio::any_io_executor executor, GatewayStore& store, OutboxSender& outbox,
            PasteRules rules, std::size_t most_characters, std::function<void(Lane)> completed)
      : store_(store),
        outbox_(outbox),
        rules_(rules),
        most_characters_(most_characters),
        completed_(std::move(completed)),
        opened_(std::move(executor)) {}

  const PasteRules& rules() const { return rules_; }

  /// Stores a request whose first part, by open_text(), is long enough to have been cut.
  void begin(const NewTurn& turn, const TextPart& part, std::int64_t update_id);

  /// Adds a part to the open text of the person in the lane. False when there is none that it continues.
  bool join(Lane lane, std::int64_t person_id, const TextPart& part, std::int64_t update_id);

  /// Something else of the person came: their open text in the lane is complete.
  void complete(Lane lane, std::int64_t person_id, domain::Timestamp now);

  /// Completes what is due, until cancelled.
  boost::asio::awaitable<void> run();

 private:
  void complete(const Turn& turn, domain::Timestamp now);

  GatewayStore& store_;
  OutboxSender& outbox_;
  PasteRules rules_;
  std::size_t most_characters_;
  std::function<void(Lane)> completed_;
  async::Event opened_;
};

}  // namespace butler::gateway
