#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/file_body.hpp"
#include "json/value.hpp"

/// Files on their way to Telegram.
namespace butler::telegram {

/// As what a chat shows a file that we send.
enum class UploadKind : std::uint8_t { photo, document, voice, audio, video };

/// One file of a message.
struct Upload {
  UploadKind kind = UploadKind::document;
  std::string file_name = {};
  std::string content_type = {};
  std::string caption = {};
  std::filesystem::path path = {};
};

/// A call with a multipart/form-data body (RFC 7578) whose files are read as they are sent.
struct UploadForm {
  std::string method;        ///< "sendPhoto", "sendMediaGroup"…
  std::string content_type;  ///< with the boundary
  std::shared_ptr<http::CompositeSource> body;
};

/// The call that sends one file, or 2 to 10 as an album. `fields` are the call's other parameters (chat_id…).
/// `boundary` must not occur in the files: at least 128 random bits. Throws std::system_error when a file
/// cannot be opened.
UploadForm upload_form(const json::Object& fields, const std::vector<Upload>& files,
                       std::string_view boundary);

/// How long an upload may take.
std::chrono::milliseconds upload_patience(std::uint64_t bytes);

}  // namespace butler::telegram
