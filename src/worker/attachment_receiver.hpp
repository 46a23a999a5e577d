#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "async/task_group.hpp"
#include "domain/job.hpp"
#include "worker/attachments.hpp"
#include "worker/inbox.hpp"
#include "worker/job_files.hpp"
#include "worker/pi_protocol.hpp"

namespace butler::worker {

/// A voice message to be written down.
struct Recording {
  std::filesystem::path content;  ///< where no agent can write
  std::filesystem::path place;    ///< the same in the workspace
  std::string name;
  std::string media_type;
};

/// Writes a recording down. The error is a sentence.
using Transcribe = std::function<boost::asio::awaitable<std::expected<std::string, std::string>>(Recording)>;

/// What an agent gets of the files that came with its request.
struct ReceivedAttachments {
  std::string note = {};  ///< goes before the request
  std::vector<pi::Picture> pictures = {};
};

/// Brings the attachments of one job into the workspace's inbox, before the agent is asked. One object per
/// job, one receive() per object.
class AttachmentReceiver {
 public:
  struct Options {
    std::filesystem::path workspace;
    std::filesystem::path spool;  ///< a folder of the worker's own: where files arrive
    bool shows_pictures = true;   ///< false when the model is known to take none
    Transcribe transcribe = {};   ///< empty: voice messages are files like others
  };

  // A provider refuses a request that is too large, with all that is in it; pi makes large pictures smaller.
  static constexpr std::size_t most_pictures = 10;
  static constexpr std::size_t picture_bytes = std::size_t{5} * 1024 * 1024;
  static constexpr std::size_t pictures_bytes = std::size_t{12} * 1024 * 1024;

  AttachmentReceiver(boost::asio::any_io_executor executor, Options options)
      : options_(std::move(options)), inbox_(options_.workspace), work_(std::move(executor)) {}

  /// Returns with what came, however much that is: what is missing is in the note.
  boost::asio::awaitable<ReceivedAttachments> receive(domain::Job job, JobFiles& files);

  /// receive() returns soon, with nothing that can be relied on.
  void cancel() { work_.cancel(); }

 private:
  boost::asio::awaitable<void> receive_all(domain::Job job, JobFiles& files, ReceivedAttachments& received);
  boost::asio::awaitable<void> receive_one(const std::string& job_id, Attachment& attachment, JobFiles& files,
                                           ReceivedAttachments& received);
  boost::asio::awaitable<void> write_down(const std::filesystem::path& spooled, Attachment& attachment);
  boost::asio::awaitable<std::expected<std::string, std::string>> try_to_transcribe(Recording recording);
  Attachment::Sight show(const std::filesystem::path& spooled, const Attachment& attachment,
                         ReceivedAttachments& received);

  Options options_;
  Inbox inbox_;
  async::TaskGroup work_;
  std::size_t shown_bytes_ = 0;
};

}  // namespace butler::worker
