#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/attachment_decision.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/people.hpp"
#include "telegram/file_download.hpp"

namespace butler::gateway {

/// What became of the files that people sent, since the process started.
struct AttachmentCounts {
  std::int64_t handed_over = 0;
  std::int64_t bytes = 0;
  std::int64_t retries = 0;
  std::int64_t missing = 0;
};

/// Brings the files of turns from Telegram, and words too long for a prompt, to their jobs: a few at a time,
/// each through a temporary file. The rows decide what is to be done, so that a restart goes on where the
/// last process ended. A file that cannot be had is told to its person, and to the agent by what is put in
/// its place.
class Attachments {
 public:
  struct Options {
    std::filesystem::path folder = {};  ///< for the temporary files: ours alone
    std::int64_t most = telegram::cloud_download_limit;
    std::size_t at_once = 2;
    FetchTiming timing = {};
  };

  /// Fetches as tasks of `tasks`.
  Attachments(boost::asio::any_io_executor executor, GatewayStore& store,
              api::OrchestratorClient& orchestrator, telegram::FileDownloads& downloads, OutboxSender& outbox,
              const People& people, const Languages& languages, async::TaskGroup& tasks, Options options);

  /// A job is known whose turn may have files.
  void wake() { changed_.notify_all(); }

  /// Starts what there is to do, until cancelled.
  boost::asio::awaitable<void> run();

  const AttachmentCounts& counts() const { return counts_; }

 private:
  using Key = std::pair<std::int64_t, std::size_t>;  // turn, number
  using Put = std::expected<void, MissingReason>;

  void clear_folder() const;
  void start_what_waits();
  boost::asio::awaitable<void> bring(WaitingFile file);
  /// The file at `target`, or why not; nullopt when it stays waiting.
  boost::asio::awaitable<std::optional<std::expected<void, MissingReason>>> fetch(
      const WaitingFile& file, std::filesystem::path target);
  /// What the turn's messages say, at `target`; nullopt when it cannot be written there now.
  std::optional<std::expected<void, MissingReason>> write_words(const WaitingFile& file,
                                                                const std::filesystem::path& target);
  boost::asio::awaitable<void> hand_over(const WaitingFile& file, std::filesystem::path target);
  boost::asio::awaitable<void> report_missing(const WaitingFile& file, std::filesystem::path target,
                                              MissingReason reason);
  /// Puts it until the orchestrator has answered.
  api::Call<api::Artifact> put(const WaitingFile& file, std::string content_type, std::filesystem::path path);
  /// Ends the file after a refusal that is about the job, not about the file.
  void end_of_no_use(const WaitingFile& file, const std::string& why);

  boost::asio::any_io_executor executor_;
  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  telegram::FileDownloads& downloads_;
  OutboxSender& outbox_;
  const People& people_;
  const Languages& languages_;
  async::TaskGroup& tasks_;
  Options options_;
  AttachmentCounts counts_;
  std::set<Key> in_progress_;
  std::set<Key> left_;  ///< for the next process
  async::Event changed_;
};

}  // namespace butler::gateway
