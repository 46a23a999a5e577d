#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/types.hpp"
#include "telegram/update.hpp"

/// What people send beside text, on its way into a job. All of it is pure.
namespace butler::gateway {

/// What the agent is told that a file is.
enum class FileKind : std::uint8_t { photo, document, voice, audio, video };

/// A file that a message brings, not fetched yet.
struct IncomingFile {
  std::string file_id = {};  ///< what getFile wants; "" for the words of the turn itself
  FileKind kind = FileKind::document;
  std::string file_name = {};  ///< as its sender has it, or "photo.jpg" where there is none
  std::string mime_type = {};  ///< "" when not told
  std::int64_t size = 0;       ///< bytes, 0 when not told
  std::optional<std::int64_t> seconds = {};
  bool is_sticker = false;

  bool operator==(const IncomingFile&) const = default;
};

/// The file of a message; nullopt when it has none that can be fetched. Its caption is the message's.
std::optional<IncomingFile> incoming_file(const telegram::Message& message);

/// A shared location, place or contact in words, for the agent; nullopt when the message has none.
std::optional<std::string> location_text(const telegram::Message& message);

/// What the agent is asked when files came without a caption: "A photo came without words.", "3 photos and a
/// document came without words."
std::string without_words(std::span<const IncomingFile> files);

/// How much one turn may bring.
struct FileLimits {
  std::int64_t file_bytes = telegram::cloud_download_limit;
  std::size_t files = 12;                                     ///< of one turn
  std::int64_t turn_bytes = std::int64_t{100} * 1024 * 1024;  ///< of all files of one turn, as far as told
};

/// Why a file does not come with its turn.
enum class FileProblem : std::uint8_t { too_big, too_many, too_much };

/// Whether a file may come after those that the turn has already; nullopt when it may.
std::optional<FileProblem> file_problem(const IncomingFile& file, std::span<const IncomingFile> earlier,
                                        const FileLimits& limits);

/// A sentence of the agent's prompt that says what is missing and why.
std::string missing_file_note(const IncomingFile& file, FileProblem problem, const FileLimits& limits);

/// The name of a turn's n-th file (from 1 on) as an attachment: "1-photo.jpg", of `[A-Za-z0-9._-]{1,128}`.
std::string attachment_name(std::size_t number, std::string_view file_name);

/// A file of a turn, to be fetched and handed to its job.
struct TurnFile {
  std::size_t number = 1;  ///< within the turn
  std::string name = {};   ///< as an attachment of the job
  IncomingFile file = {};

  bool operator==(const TurnFile&) const = default;
};

/// Adds a file to a job's request, after those that it has: its name to the attachments, and what the agent
/// can know of it to the metadata ("attachment.<n>"). The result belongs to the turn (NewTurn::files, or
/// GatewayStore::add_turn_files() for a turn that is there already).
TurnFile attach(api::CreateJobRequest& request, const IncomingFile& file);

}  // namespace butler::gateway
