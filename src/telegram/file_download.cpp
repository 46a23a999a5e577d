#include "telegram/file_download.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>

#include "files/descriptor.hpp"
#include "files/file_draft.hpp"
#include "files/throw_errno.hpp"
#include "http/file_body.hpp"

namespace butler::telegram {

namespace asio = boost::asio;

namespace {

using Kind = FileError::Kind;
constexpr std::size_t copied_piece = std::size_t{256} * 1024;
constexpr http::ClientOptions two_kept_connections{.idle_connections = 2};

std::unexpected<FileError> failed(Kind kind, std::string message) {
  return std::unexpected(FileError{.kind = kind, .message = std::move(message)});
}

std::unexpected<FileError> larger_than(std::int64_t most) {
  return failed(Kind::too_big, "more than " + std::to_string(most) + " bytes");
}

/// What a server says to a link that it does not know (any more), or else does not serve.
FileError link_error(int status) {
  const std::string message = "the file's link answered " + std::to_string(status);
  if (status == 401) return {.kind = Kind::token_refused, .message = message};
  if (status == 404 || status == 410) return {.kind = Kind::unavailable, .message = message};
  return {.kind = Kind::interrupted, .message = message};
}

FileError file_error(const http::ReceiveError& error) {
  using Received = http::ReceiveError::Kind;
  switch (error.kind) {
    case Received::too_large: return {.kind = Kind::too_big, .message = error.message};
    case Received::file: return {.kind = Kind::disk, .message = error.message};
    case Received::connection: break;
  }
  return {.kind = Kind::interrupted, .message = error.message};
}

/// The file takes its place, on the disk, when it has the size that getFile told.
std::expected<std::int64_t, FileError> publish(files::FileDraft& draft, const RemoteFile& file,
                                               const std::filesystem::path& target) {
  const auto size = static_cast<std::int64_t>(draft.size());
  if (file.size > 0 && size != file.size) {
    return failed(Kind::interrupted,
                  "the file has " + std::to_string(size) + " bytes instead of " + std::to_string(file.size));
  }
  draft.sync();
  draft.publish(target);
  return size;
}

bool has(const ApiError& error, std::string_view words) {
  return error.description.find(words) != std::string::npos;
}

}  // namespace

FileError file_error(const ApiError& error) {
  FileError found{.kind = Kind::interrupted, .message = error.describe(), .retry_after = error.retry_after};
  if (error.kind != ApiError::Kind::refused) return found;
  if (error.token_refused()) found.kind = Kind::token_refused;
  if (error.error_code == 429) found.kind = Kind::flood;
  if (error.error_code == 400) found.kind = has(error, "too big") ? Kind::too_big : Kind::unavailable;
  return found;
}

std::optional<std::string> link_target(std::string_view file_path) {
  if (file_path.empty() || file_path.starts_with('/')) return std::nullopt;
  std::string target;
  while (!file_path.empty()) {
    const std::string_view segment = file_path.substr(0, file_path.find('/'));
    if (segment.empty() || segment == "." || segment == "..") return std::nullopt;
    if (!target.empty()) target += '/';
    target += http::percent_encode(segment);
    const bool last = segment.size() == file_path.size();
    file_path.remove_prefix(last ? segment.size() : segment.size() + 1);
    if (!last && file_path.empty()) return std::nullopt;
  }
  return target;
}

std::optional<std::filesystem::path> path_in_folder(const std::filesystem::path& file,
                                                    const std::filesystem::path& folder) {
  if (!file.is_absolute() || !folder.is_absolute()) return std::nullopt;
  auto inside = file.lexically_normal().lexically_relative(folder.lexically_normal());
  if (inside.empty() || inside == "." || *inside.begin() == "..") return std::nullopt;
  return inside;
}

FileDownloads::FileDownloads(const asio::any_io_executor& executor, BotApi& api, http::Url root,
                             config::Secret token, std::filesystem::path server_folder,
                             DownloadPatience patience)
    : api_(api),
      client_(executor, std::move(root), two_kept_connections),
      token_(std::move(token)),
      server_folder_(std::move(server_folder)),
      patience_(patience) {}

FileCall<std::int64_t> FileDownloads::fetch(std::string file_id, std::filesystem::path target,
                                            std::int64_t most) {
  auto file = co_await api_.get_file(std::move(file_id));
  if (!file) co_return std::unexpected(file_error(file.error()));
  if (file->size > most) co_return larger_than(most);
  try {
    if (!file->path.starts_with('/')) {
      co_return co_await download(*std::move(file), std::move(target), most);
    }
    co_return co_await copy(*std::move(file), std::move(target), most);
  } catch (const std::system_error& fault) {
    co_return failed(Kind::disk, fault.what());
  }
}

FileCall<std::int64_t> FileDownloads::download(RemoteFile file, std::filesystem::path target,
                                               std::int64_t most) {
  const auto link = link_target(file.path);
  if (!link) co_return failed(Kind::unavailable, "getFile answered without a usable path");
  http::Request request;
  request.head.method = "GET";
  request.head.target = "/file/bot" + token_.reveal() + "/" + *link;
  auto stream = co_await client_.open(std::move(request), patience_.silence);
  if (!stream) co_return failed(Kind::interrupted, std::move(stream.error().message));
  if (stream->head().status != 200) co_return std::unexpected(link_error(stream->head().status));
  co_return co_await receive(*stream, file, target, most);
}

FileCall<std::int64_t> FileDownloads::receive(http::ResponseStream& stream, const RemoteFile& file,
                                              const std::filesystem::path& target, std::int64_t most) {
  files::FileDraft draft{target};
  const http::ReceiveLimits limits{
      .bytes = static_cast<std::uint64_t>(most), .pause = patience_.silence, .whole = patience_.whole};
  const auto received = co_await http::receive_body(stream, draft, limits);
  if (!received) co_return std::unexpected(file_error(received.error()));
  co_return publish(draft, file, target);
}

FileCall<std::int64_t> FileDownloads::copy(RemoteFile file, std::filesystem::path target, std::int64_t most) {
  const auto inside = path_in_folder(file.path, server_folder_);
  if (!inside) {
    co_return failed(
        Kind::on_server_disk,
        server_folder_.empty()
            ? "the Bot API server keeps the file on its disk; TELEGRAM_SERVER_FILES names no folder"
            : "the Bot API server's file is not in the folder that TELEGRAM_SERVER_FILES names");
  }
  const files::Descriptor folder{::open(server_folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open()) files::throw_errno(server_folder_.string());
  const auto source = files::open_beneath(folder.get(), inside->string(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (!source.is_open()) co_return failed(Kind::unavailable, "the Bot API server's file cannot be opened");
  files::FileDraft draft{target};
  std::string piece(copied_piece, '\0');
  for (;;) {
    const ssize_t count = ::read(source.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) files::throw_errno("the Bot API server's file");
    if (count == 0) break;
    draft.add(std::string_view{piece}.substr(0, static_cast<std::size_t>(count)));
    if (draft.size() > static_cast<std::uint64_t>(most)) co_return larger_than(most);
    co_await asio::post(co_await asio::this_coro::executor,
                        asio::use_awaitable);  // others have their turn between two pieces
  }
  co_return publish(draft, file, target);
}

}  // namespace butler::telegram
