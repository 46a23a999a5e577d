#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "config/secret.hpp"
#include "http/client.hpp"
#include "telegram/bot_api.hpp"

namespace butler::telegram {

/// Why a file did not come.
struct FileError {
  enum class Kind : std::uint8_t {
    too_big,         ///< more than Telegram hands out, or than was asked for: another try changes nothing
    on_server_disk,  ///< the Bot API server keeps it on a disk that we were not told of, or outside of its
                     ///< folder
    unavailable,     ///< Telegram does not have it now, or its link is over: a few more tries are worth it
    interrupted,     ///< no answer, a slow one, or one that broke off
    flood,           ///< wait for `retry_after`
    token_refused,   ///< nothing can be fetched with this token
    disk,            ///< it could not be written here
  };
  Kind kind = Kind::interrupted;
  std::string message = {};  ///< a sentence for the log; never holds the address, which has the token
  std::optional<std::chrono::seconds> retry_after = {};
};

template <class T>
using FileCall = boost::asio::awaitable<std::expected<T, FileError>>;

/// How patient a download is.
struct DownloadPatience {
  std::chrono::milliseconds silence{30'000};  ///< without a byte
  std::chrono::milliseconds whole{240'000};   ///< for all of it
};

/// What follows from a refused or failed getFile. Pure.
FileError file_error(const ApiError& error);

/// The part of a link after "/file/bot<token>/", fit for a request; nullopt for one that would lead
/// elsewhere.
std::optional<std::string> link_target(std::string_view file_path);

/// Where a file of a local Bot API server lies under the folder that it keeps its files in; nullopt when it
/// is not in there.
std::optional<std::filesystem::path> path_in_folder(const std::filesystem::path& file,
                                                    const std::filesystem::path& folder);

/// Fetches files that people sent. One thread.
class FileDownloads {
 public:
  /// `server_folder`: of a local Bot API server, which answers with absolute paths; "" when there is none.
  FileDownloads(const boost::asio::any_io_executor& executor, BotApi& api, http::Url root,
                config::Secret token, std::filesystem::path server_folder, DownloadPatience patience = {});

  /// One try: asks for a link, then brings the bytes to `target`, which appears whole or not at all. The
  /// result is their number. More than `most` bytes are not taken.
  FileCall<std::int64_t> fetch(std::string file_id, std::filesystem::path target, std::int64_t most);

 private:
  FileCall<std::int64_t> download(RemoteFile file, std::filesystem::path target, std::int64_t most);
  FileCall<std::int64_t> receive(http::ResponseStream& stream, const RemoteFile& file,
                                 const std::filesystem::path& target, std::int64_t most);
  FileCall<std::int64_t> copy(RemoteFile file, std::filesystem::path target, std::int64_t most);

  BotApi& api_;
  http::Client client_;
  config::Secret token_;
  std::filesystem::path server_folder_;
  DownloadPatience patience_;
};

}  // namespace butler::telegram
