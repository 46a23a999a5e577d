#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <vector>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "gateway/artifact_plan.hpp"
#include "gateway/delivery_decision.hpp"
#include "gateway/lane.hpp"
#include "gateway/typing.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// Sends messages of files: brings the bytes from the orchestrator to temporary files, then to Telegram. A
/// few at a time, in the order in which they asked.
class FileSending {
 public:
  /// `folder`: for the temporary files, ours alone.
  FileSending(boost::asio::any_io_executor executor, api::OrchestratorClient& orchestrator,
              telegram::BotApi& api, Typing& typing, std::filesystem::path folder);

  /// Removes what an earlier process left.
  void clear_folder() const;

  /// One try, while the chat shows that a file is on its way. What failed before Telegram was asked is
  /// `not_sent`; a file that the orchestrator does not have (any more) is refused with 410, one that Telegram
  /// cannot take with 413.
  boost::asio::awaitable<SendOutcome> send(Lane to, FilesMessage message);

 private:
  using Uploads = std::expected<std::vector<telegram::Upload>, telegram::ApiError>;

  boost::asio::awaitable<SendOutcome> send_now(Lane to, FilesMessage message);
  boost::asio::awaitable<Uploads> bring(const FilesMessage& message, const std::filesystem::path& folder);

  api::OrchestratorClient& orchestrator_;
  telegram::BotApi& api_;
  Typing& typing_;
  std::filesystem::path folder_;
  std::size_t sending_ = 0;
  async::Event done_;
};

}  // namespace butler::gateway
