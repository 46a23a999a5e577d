#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace butler::http {

/// The file of a unix socket; removed with this object, as far as its folder lets us.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::filesystem::path path) : path_(std::move(path)) {}
  SocketFile(SocketFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  SocketFile& operator=(SocketFile&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~SocketFile() { remove(); }

  /// To be called while the socket is open: behind its close, the file could be that of a process which has
  /// taken the place meanwhile. A file that stays, because its folder is not ours to change, is replaced by
  /// the next start.
  void remove() noexcept;

 private:
  std::filesystem::path path_;
};

/// A socket that clients can connect to, ready before there is an event loop: a process may open it while it
/// has rights that it gives up, or get it from another one. Closes what it holds.
class ListeningSocket {
 public:
  /// Listens on a TCP port; 0 takes any free one. `host` is a numeric address or "localhost" (127.0.0.1).
  /// Throws std::system_error whose text names host and port.
  static ListeningSocket on_port(const std::string& host, std::uint16_t port);

  /// Listens on a unix socket at `path`, which only its owner can connect to (mode 0600) from its first
  /// moment on. The file that a dead process left is replaced. Throws std::system_error, whose text names the
  /// path, when a process listens there, when something else is in the way, or when the path is too long for
  /// an address (107 bytes).
  static ListeningSocket on_path(const std::filesystem::path& path);

  /// Takes over a descriptor that listens already, of either family. Throws std::system_error when it is no
  /// listening stream socket; the descriptor is closed then, too.
  static ListeningSocket adopt(int descriptor);

  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  /// The port; 0 for a unix socket.
  std::uint16_t port() const;
  /// AF_INET, AF_INET6 or AF_UNIX.
  int family() const;

  struct Parts {
    int descriptor = -1;
    SocketFile file = {};
  };
  /// Ends the hold: closing the descriptor is the caller's now, and the file.
  Parts release();

 private:
  explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
  SocketFile file_;
};

}  // namespace butler::http
