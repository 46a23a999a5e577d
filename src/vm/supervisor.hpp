#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "domain/timestamp.hpp"
#include "vm/store.hpp"

namespace butler::vm {

/// What a running machine's supervisor says of it.
struct MachineStatus {
  std::int64_t pid = 0;  ///< the supervisor's
  std::int64_t qemu_pid = 0;
  std::string accelerator;
  bool from_snapshot = false;
  std::int64_t start_milliseconds = 0;  ///< from the start of QEMU until the guest was ready
  domain::Timestamp started_at;
  std::int64_t commands = 0;  ///< that run now
};

/// How the status travels.
std::string encode_status(const MachineStatus& status);
std::optional<MachineStatus> decode_status(std::string_view text);

/// The requests of a supervisor's clients, beside those that go on to the guest.
inline constexpr std::string_view status_kind = "status";
inline constexpr std::string_view stop_kind = "stop";

struct SupervisorOptions {
  bool warm = false;
  std::filesystem::path services;  ///< a unix socket that the guest reaches as 127.0.0.1:3128; empty: none
};

/// Runs the machine until a client or a signal asks to stop it, or it ends by itself: starts it, calls
/// `ready`, then serves clients on the store's socket: commands go on to the guest. Returns why it ended; the
/// error is why it did not start.
boost::asio::awaitable<std::expected<std::string, std::string>> supervise(const MachineStore& store,
                                                                          MachineRecord record,
                                                                          SupervisorOptions options,
                                                                          std::function<void()> ready);

}  // namespace butler::vm
