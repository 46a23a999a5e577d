#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/listening_socket.hpp"
#include "process/child_process.hpp"
#include "sandbox/control_groups.hpp"
#include "sandbox/copies.hpp"
#include "sandbox/spec.hpp"
#include "sandbox/tier.hpp"
#include "sandbox/watch.hpp"

namespace butler::sandbox {

/// A program that runs in its sandbox.
struct Started {
  process::ChildProcess child;               ///< nothing of the sandbox outlives it
  std::string profile;                       ///< Sandbox::profile()
  std::unique_ptr<Watch> watch;              ///< to be run while the child runs; null when nothing is watched
  std::unique_ptr<Copies> copies = nullptr;  ///< null: inside and outside are the same files
};

/// Gets the agent's only way out before the program begins: a TCP listener that the agent reaches as
/// http://127.0.0.1:<its port>. One listener is one agent process.
using TakeListener = std::function<void(http::ListeningSocket)>;

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

  /// Starts the program. Returns when it runs, some 10 ms later. What `take` throws ends the start. The error
  /// is a sentence.
  virtual std::expected<Started, std::string> start(const boost::asio::any_io_executor& executor,
                                                    const Spec& spec, const TakeListener& take) = 0;
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

/// Looks at the machine, but for virtual machines, which are not this module's: starts one sandbox to see
/// whether bubblewrap works, some 20 ms. `trial_folder` is a folder of ours that it may show.
HostFacts look_at_host(const InitProgram& init, const std::filesystem::path& trial_folder);

/// A tier of this kernel's: bwrap, landlock or none. With `groups`, each sandbox has a control group.
std::unique_ptr<Sandbox> make_sandbox(Tier tier, InitProgram init,
                                      std::shared_ptr<ControlGroups> groups = {});

}  // namespace butler::sandbox
