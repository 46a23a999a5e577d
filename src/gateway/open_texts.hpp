#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "async/event.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/turn_content.hpp"

namespace butler::gateway {

/// A message that may go on with an open turn.
struct Joining {
  Lane lane = {};
  std::int64_t person_id = 0;
  std::int64_t update_id = 0;
  TextPart part = {};
  Contribution one = {};  ///< what it brings as a message of its own
};

/// Requests of which more may still come (gateway/gathering.hpp): rows, so that a restart loses nothing of
/// them. The calls stand inside a unit of the store.
class OpenTexts {
 public:
  /// `completed` is called when a turn may become a job, once that is on disk. Of a text that got longer
  /// than the rules allow, all is a file then; where no more file may come, it is refused in its chat.
  OpenTexts(boost::asio::any_io_executor executor, GatewayStore& store, OutboxSender& outbox,
            const Languages& languages, GatherRules rules, FileLimits files,
            std::function<void(Lane)> completed)
      : store_(store),
        outbox_(outbox),
        languages_(languages),
        rules_(rules),
        files_(files),
        completed_(std::move(completed)),
        opened_(std::move(executor)) {}

  const GatherRules& rules() const { return rules_; }

  /// Stores a request of which more may come.
  void begin(const NewTurn& turn, const OpenText& open, std::int64_t update_id, domain::Timestamp now);

  /// Adds a message to the open turn of the person in the lane; nullopt when there is none that it goes on
  /// with.
  std::optional<AddedContent> join(const Joining& joining);

  /// Something else of the person came: their open turn in the lane is complete.
  void complete(Lane lane, std::int64_t person_id, domain::Timestamp now);

  /// Completes what is due, until cancelled.
  boost::asio::awaitable<void> run();

 private:
  void complete(const Turn& turn, domain::Timestamp now);
  /// Whether the turn's words are a file of it now.
  bool became_a_file(const Turn& turn);
  void refuse(const Turn& turn, std::size_t characters, domain::Timestamp now);

  GatewayStore& store_;
  OutboxSender& outbox_;
  const Languages& languages_;
  GatherRules rules_;
  FileLimits files_;
  std::function<void(Lane)> completed_;
  async::Event opened_;
};

}  // namespace butler::gateway
