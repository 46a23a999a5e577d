#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

namespace butler::worker {

/// A file on its way to the person who asked.
struct OutgoingFile {
  std::string name;                      ///< see safe_file_name()
  std::string media_type;                ///< of its content
  std::optional<std::string> kind = {};  ///< photo, document, voice, audio or video, when that was asked for
  std::optional<std::string> caption = {};  ///< at most 1024 characters
  std::filesystem::path content = {};
};

/// A file that came with the request.
struct IncomingFile {
  std::string media_type;  ///< as the sender says; "application/x-butler-missing": its text is the reason
  std::uint64_t size = 0;
};

/// The files of one running job, as the orchestrator keeps them.
class JobFiles {
 public:
  virtual ~JobFiles() = default;

  /// Fetches one that came with the request into `target`, which is made or replaced, and must be where no
  /// agent can write. The error is a sentence.
  virtual boost::asio::awaitable<std::expected<IncomingFile, std::string>> fetch(
      std::string name, std::filesystem::path target, std::uint64_t most_bytes) = 0;

  /// Returns when the orchestrator has it, under the name that comes back: another one when it was taken. The
  /// error is a sentence; nothing was sent then.
  virtual boost::asio::awaitable<std::expected<std::string, std::string>> send(OutgoingFile file) = 0;
};

}  // namespace butler::worker
