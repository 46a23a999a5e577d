#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "files/descriptor.hpp"
#include "files/file_draft.hpp"
#include "http/body.hpp"
#include "http/client.hpp"

/// Bodies that come from files and go into files. Reading and writing them blocks as files do: short pieces.
namespace butler::http {

/// Texts and files, one after the other: a file alone, or a multipart body.
class CompositeSource final : public BodySource {
 public:
  CompositeSource& add_text(std::string text);
  /// Opens the file, which is to be a regular one: so many bytes are sent as it has now. Throws
  /// std::system_error.
  CompositeSource& add_file(const std::filesystem::path& file);

  std::uint64_t size() const override { return size_; }
  /// Throws std::runtime_error when a file has become shorter.
  std::size_t read(std::span<char> space) override;

 private:
  struct Part {
    std::string text = {};
    files::Descriptor file = {};
    std::string name = {};  ///< of the file, for messages
    std::uint64_t left = 0;
  };

  std::deque<Part> parts_;
  std::uint64_t size_ = 0;
};

/// A file as a body.
std::shared_ptr<CompositeSource> file_source(const std::filesystem::path& file);

struct ReceiveLimits {
  std::uint64_t bytes = 0;               ///< a larger body is refused before it is written
  std::chrono::milliseconds pause = {};  ///< the longest between two pieces
  std::chrono::milliseconds whole = {};  ///< for all of the body
};

struct ReceiveError {
  enum class Kind : std::uint8_t {
    connection,  ///< it ended or paused too long: the request may be repeated
    too_large,
    file,  ///< it could not be written
  };
  Kind kind = Kind::connection;
  std::string message = {};  ///< a sentence
};

/// Reads the body of a response into a draft, which the caller publishes. A length that the server names is
/// held against the limit before anything is read.
///
/// @param on_piece  called with each piece (for a digest, say); may be empty
boost::asio::awaitable<std::expected<void, ReceiveError>> receive_body(
    ResponseStream& stream, files::FileDraft& draft, ReceiveLimits limits,
    std::function<void(std::string_view)> on_piece = {});

}  // namespace butler::http
