#include "worker/attachment_receiver.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <system_error>
#include <utility>

#include "api/artifact.hpp"
#include "domain/limits.hpp"
#include "log/log.hpp"
#include "worker/base64.hpp"
#include "worker/file_type.hpp"
#include "worker/private_files.hpp"
#include "worker/spool.hpp"

namespace butler::worker {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t reason_bytes = 2'000;

/// A voice message, also where nobody has said that it is one.
bool is_voice(const Attachment& attachment) {
  return attachment.kind == "voice" || (attachment.kind.empty() && attachment.media_type == "audio/ogg");
}

}  // namespace

asio::awaitable<ReceivedAttachments> AttachmentReceiver::receive(domain::Job job, JobFiles& files) {
  ReceivedAttachments received;
  work_.spawn("attachments", receive_all(std::move(job), files, received));
  co_await work_.join();
  co_return received;
}

asio::awaitable<void> AttachmentReceiver::receive_all(domain::Job job, JobFiles& files,
                                                      ReceivedAttachments& received) {
  auto attachments = announced_attachments(job);
  if (attachments.empty()) co_return;
  try {
    inbox_.prune(domain::wall_clock_now());
  } catch (const std::system_error& error) {
    log::warn("inbox.kept", {{"folder", "inbox"}, {"error", error.what()}});
  }
  for (auto& attachment : attachments) co_await receive_one(job.id, attachment, files, received);
  received.note = attachment_note(attachments);
}

asio::awaitable<void> AttachmentReceiver::receive_one(const std::string& job_id, Attachment& attachment,
                                                      JobFiles& files, ReceivedAttachments& received) {
  if (!api::is_artifact_name(attachment.name)) {
    attachment.problem = "it has a name that no file may have";
    co_return;
  }
  const SpooledFile spooled(options_.spool);
  const auto fetched = co_await files.fetch(attachment.name, spooled.path(), domain::limits::artifact_bytes);
  if (!fetched) {
    log::warn("attachment.missing", {{"job", job_id}, {"name", attachment.name}, {"error", fetched.error()}});
    attachment.problem = fetched.error();
    co_return;
  }
  try {
    if (fetched->media_type == api::missing_content_type) {
      attachment.problem = read_file(spooled.path(), reason_bytes).value_or("");
      if (attachment.problem.empty()) attachment.problem = "it could not be fetched";
      co_return;
    }
    attachment.size = fetched->size;
    attachment.media_type =
        media_type_of(read_file(spooled.path(), telling_bytes).value_or(""), attachment.name);
    inbox_.put(job_id, attachment.name, spooled.path());
    attachment.place = Inbox::place_of(job_id, attachment.name);
    attachment.sight = show(spooled.path(), attachment, received);
  } catch (const std::system_error& error) {
    log::warn("attachment.missing", {{"job", job_id}, {"name", attachment.name}, {"error", error.what()}});
    attachment.problem = std::string{"it could not be put into the inbox: "} + error.what();
    co_return;
  }
  log::info("attachment.received", {{"job", job_id}, {"name", attachment.name}, {"bytes", attachment.size}});
  if (is_voice(attachment) && options_.transcribe) co_await write_down(spooled.path(), attachment);
}

asio::awaitable<void> AttachmentReceiver::write_down(const fs::path& spooled, Attachment& attachment) {
  Recording recording{.content = spooled,
                      .place = options_.workspace / attachment.place,
                      .name = attachment.name,
                      .media_type = attachment.media_type};
  const auto transcript = co_await try_to_transcribe(std::move(recording));
  if (transcript) {
    attachment.transcript = *transcript;
  } else {
    log::warn("transcription.failed", {{"name", attachment.name}, {"error", transcript.error()}});
    attachment.transcript_problem = transcript.error();
  }
}

/// A fault costs the words of this recording, and not what is said of it and the other files.
asio::awaitable<std::expected<std::string, std::string>> AttachmentReceiver::try_to_transcribe(
    Recording recording) {
  std::string fault;
  try {
    co_return co_await options_.transcribe(std::move(recording));
  } catch (const std::exception& error) {
    fault = error.what();
  }
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return std::unexpected(fault);
}

Attachment::Sight AttachmentReceiver::show(const fs::path& spooled, const Attachment& attachment,
                                           ReceivedAttachments& received) {
  using enum Attachment::Sight;
  if (!is_picture_for_models(attachment.media_type)) return no_picture;
  if (!options_.shows_pictures) return blind;
  if (attachment.size > picture_bytes) return too_large;
  if (received.pictures.size() >= most_pictures || shown_bytes_ + attachment.size > pictures_bytes)
    return too_many;
  const auto content = read_file(spooled, picture_bytes);
  if (!content) return unreadable;
  shown_bytes_ += content->size();
  received.pictures.push_back({.data = to_base64(*content), .media_type = attachment.media_type});
  return shown;
}

}  // namespace butler::worker
