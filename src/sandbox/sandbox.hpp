#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/listening_socket.hpp"
#include "process/child_process.hpp"
#include "sandbox/spec.hpp"
#include "sandbox/tier.hpp"
#include "sandbox/watch.hpp"

namespace butler::sandbox {

/// Where an agent will find its listener. It is known before the start, because the agent's files name it.
struct Entrance {
  std::uint16_t port = 0;  ///< the agent reaches the listener as http://127.0.0.1:<port>
  std::optional<http::ListeningSocket> listener = std::nullopt;  ///< unset: it will be made inside
};

/// A program that runs in its sandbox.
struct Started {
  process::ChildProcess child;  ///< nothing of the sandbox outlives it
  /// The agent's only way out: one listener is one agent process.
  http::ListeningSocket listener;
  std::string profile;           ///< Sandbox::profile()
  std::unique_ptr<Watch> watch;  ///< to be run while the child runs
};

/// How agents are contained on this machine. One thread.
class Sandbox {
 public:
  Sandbox() = default;
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  virtual ~Sandbox() = default;

  virtual Tier tier() const = 0;
  /// Names tier and version of what is contained how: "bwrap/1". Whoever approves a command approves it for
  /// this profile.
  virtual std::string profile() const { return tier_name(tier()) + "/1"; }

  /// For the next start. Throws std::system_error.
  virtual Entrance make_entrance() = 0;

  /// Starts the program. Returns when it runs, some 10 ms later. The error is a sentence.
  virtual std::expected<Started, std::string> start(const boost::asio::any_io_executor& executor,
                                                    const Spec& spec, Entrance entrance) = 0;
};

/// The program that is the way in: butler-sandbox-init. Opened while its folder can still be reached, before
/// root is given up.
class InitProgram {
 public:
  /// Beside the running program. Throws std::runtime_error that says what is missing.
  static InitProgram beside_this_program();
  /// Throws std::runtime_error.
  explicit InitProgram(const std::filesystem::path& file);
  InitProgram(InitProgram&& other) noexcept;
  InitProgram& operator=(InitProgram&& other) noexcept;
  ~InitProgram();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// Looks at the machine: starts one sandbox to see whether bubblewrap works, some 20 ms. `trial_folder` is a
/// folder of ours that it may show.
HostFacts look_at_host(const InitProgram& init, const std::filesystem::path& trial_folder);

/// A tier of this kernel's: bwrap, landlock or none.
std::unique_ptr<Sandbox> make_sandbox(Tier tier, InitProgram init);

}  // namespace butler::sandbox
