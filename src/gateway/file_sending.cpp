#include "gateway/file_sending.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

using telegram::ApiError;

constexpr std::size_t sent_at_once = 2;
constexpr int gone = 410;
constexpr int too_large = 413;

class TemporaryFolder {
 public:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) { fs::create_directories(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;  // the next start clears the folder
    fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

ApiError not_sent(std::string why, int status = 0) {
  return {.kind = ApiError::Kind::not_sent, .error_code = status, .description = std::move(why)};
}

/// sendChatAction's name for what is on its way.
std::string_view action_for(const FilesMessage& message) {
  switch (message.files.empty() ? telegram::UploadKind::document : message.files.front().shown_as) {
    case telegram::UploadKind::photo: return "upload_photo";
    case telegram::UploadKind::video: return "upload_video";
    case telegram::UploadKind::voice: return "upload_voice";
    case telegram::UploadKind::audio:
    case telegram::UploadKind::document: break;
  }
  return "upload_document";
}

/// Shown in the chat as long as it lives.
class Announced {
 public:
  Announced(Typing& typing, Lane lane, const FilesMessage& message)
      : typing_(typing), lane_(lane), action_(action_for(message)) {
    typing_.begin(lane_, action_);
  }
  Announced(const Announced&) = delete;
  Announced& operator=(const Announced&) = delete;
  ~Announced() { typing_.end(lane_, action_); }

 private:
  Typing& typing_;
  Lane lane_;
  std::string_view action_;
};

ApiError refused_here(int code, std::string why) {
  return {.kind = ApiError::Kind::refused, .error_code = code, .description = std::move(why)};
}

ApiError send_error(const api::CallError& error) {
  if (error.status == 404) return refused_here(gone, error.message);
  if (error.code == "too_large") return refused_here(too_large, error.message);
  return not_sent(error.message, error.status);
}

std::string beginning_of(const fs::path& path, std::size_t most) {
  std::string bytes(most, '\0');
  std::ifstream file{path, std::ios::binary};
  file.read(bytes.data(), static_cast<std::streamsize>(most));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// A picture's kind, now that its bytes are here.
telegram::UploadKind checked_kind(const OutgoingFile& file, const fs::path& path) {
  constexpr std::size_t header_bytes =
      std::size_t{512} * 1024;  // beyond the largest metadata that cameras write
  if (file.shown_as != telegram::UploadKind::photo) return file.shown_as;
  const auto size = image_size(beginning_of(path, header_bytes));
  return fits_as_photo(file.size, size) ? file.shown_as : telegram::UploadKind::document;
}

/// Documents only stand with documents.
void make_alike(std::vector<telegram::Upload>& uploads) {
  const bool any = std::ranges::any_of(
      uploads, [](const telegram::Upload& one) { return one.kind == telegram::UploadKind::document; });
  if (!any) return;
  for (telegram::Upload& one : uploads) one.kind = telegram::UploadKind::document;
}

}  // namespace

FileSending::FileSending(asio::any_io_executor executor, api::OrchestratorClient& orchestrator,
                         telegram::BotApi& api, Typing& typing, fs::path folder)
    : orchestrator_(orchestrator),
      api_(api),
      typing_(typing),
      folder_(std::move(folder)),
      done_(std::move(executor)) {}

void FileSending::clear_folder() const {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::owner_all);
}

asio::awaitable<SendOutcome> FileSending::send(Lane to, FilesMessage message) {
  while (sending_ >= sent_at_once) co_await done_.wait();
  struct Turn {
    FileSending& self;
    ~Turn() {
      --self.sending_;
      self.done_.notify_all();
    }
  };
  ++sending_;
  const Turn turn{*this};
  try {
    co_return co_await send_now(to, std::move(message));
  } catch (const std::system_error& fault) {  // of the disk, before anything was sent
    co_return std::unexpected(not_sent(fault.what()));
  }
}

asio::awaitable<SendOutcome> FileSending::send_now(Lane to, FilesMessage message) {
  const Announced announced{typing_, to, message};
  const TemporaryFolder folder{folder_ / process::random_hex(8)};
  auto uploads = co_await bring(message, folder.path());
  if (!uploads) co_return std::unexpected(std::move(uploads.error()));
  make_alike(*uploads);
  co_return co_await api_.send_files(to.chat_id, to.thread_id, *std::move(uploads),
                                     "butler-" + process::random_hex(16));
}

asio::awaitable<FileSending::Uploads> FileSending::bring(const FilesMessage& message,
                                                         const fs::path& folder) {
  std::vector<telegram::Upload> uploads;
  for (const OutgoingFile& file : message.files) {
    const fs::path path = folder / std::to_string(uploads.size());
    const auto received =
        co_await orchestrator_.get_artifact(api::ArtifactSide::gateway(), message.job_id, file.name, path,
                                            static_cast<std::uint64_t>(upload_limit));
    if (!received) co_return std::unexpected(send_error(received.error()));
    uploads.push_back({.kind = checked_kind(file, path),
                       .file_name = file.name,
                       .content_type = file.content_type,
                       .caption = file.caption,
                       .path = path});
  }
  co_return uploads;
}

}  // namespace butler::gateway
