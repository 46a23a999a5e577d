#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/artifact.hpp"
#include "gateway/image_size.hpp"
#include "json/value.hpp"
#include "telegram/upload.hpp"

/// How the files that an agent made become messages. All of it is pure.
namespace butler::gateway {

/// A file of a job, to be sent.
struct OutgoingFile {
  std::string name = {};
  telegram::UploadKind shown_as = telegram::UploadKind::document;
  std::int64_t size = 0;
  std::string content_type = {};
  std::string caption = {};  ///< plain text that Telegram takes

  bool operator==(const OutgoingFile&) const = default;
};

/// The most that Telegram takes from a bot.
inline constexpr std::int64_t upload_limit = std::int64_t{50} << 20;

/// As what a chat shows it: what its maker wanted or else what its type suggests, where Telegram's rules for
/// that kind allow it; else a document.
telegram::UploadKind shown_as(const api::Artifact& artifact);

/// Whether Telegram takes a picture of that many bytes and that size (if known) as a photo.
bool fits_as_photo(std::int64_t bytes, const std::optional<ImageSize>& size);

/// The file as it is to be sent. Its caption's Markdown becomes plain text of at most 1024 units.
OutgoingFile outgoing_file(const api::Artifact& artifact);

/// Files that follow each other and may stand in one album do, up to ten: photos and videos, documents, audio
/// files.
std::vector<std::vector<OutgoingFile>> in_albums(const std::vector<OutgoingFile>& files);

/// One message of files, as the outbox keeps it: which, not what is in them.
struct FilesMessage {
  std::string job_id = {};
  std::vector<OutgoingFile> files = {};

  bool operator==(const FilesMessage&) const = default;
};

std::string files_payload(const FilesMessage& message);
/// nullopt for a payload of another kind.
std::optional<FilesMessage> files_message(const json::Object& payload);

/// The same as documents, which Telegram takes whatever is in them.
FilesMessage as_documents(FilesMessage message);

}  // namespace butler::gateway
