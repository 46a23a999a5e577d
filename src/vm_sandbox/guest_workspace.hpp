#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vm/machine.hpp"
#include "vm_sandbox/guard.hpp"
#include "vm_sandbox/run_plan.hpp"
#include "vm_sandbox/workspace_reader.hpp"

namespace butler::vm_sandbox {

/// Sentences for a person, or why it failed.
using Transfer = std::expected<std::vector<std::string>, std::string>;

/// Kills what the guest's user has left running.
boost::asio::awaitable<void> stop_processes(vm::Machine& machine);

/// Brings all into a prepared machine that is not brought back: see Surroundings. Returns what was left out.
boost::asio::awaitable<Transfer> bring_surroundings(vm::Machine& machine, const RunPlan& plan);

struct GuestFolderOptions {
  std::string path;               ///< the same inside and outside
  Guard guard = {};               ///< what the guest must not change of it
  std::int64_t mebibytes = 0;     ///< how large it may become
  std::filesystem::path staging;  ///< a folder of ours, which is made and emptied
};

/// A folder's way into a prepared machine and back, as often as one likes: each time only what has changed
/// goes in. What comes back is a hostile machine's word: see WorkspaceReturn. Where both sides have changed
/// something, what the guest made of it is kept.
class GuestFolder {
 public:
  /// The machine outlives it.
  GuestFolder(vm::Machine& machine, GuestFolderOptions options)
      : machine_(machine), options_(std::move(options)) {}

  /// Returns what was left out.
  boost::asio::awaitable<Transfer> bring_in();
  /// Returns what was not taken over. After bring_in(). After an error, the folder is as it was. What the
  /// guest's user runs stands still meanwhile.
  boost::asio::awaitable<Transfer> bring_out();

 private:
  boost::asio::awaitable<std::expected<void, std::string>> remove(std::vector<std::string> paths);
  boost::asio::awaitable<Transfer> take_out();

  vm::Machine& machine_;
  GuestFolderOptions options_;
  /// What the guest has. Nothing while something is brought in, and after that has failed: nobody can tell
  /// then what the guest has made of it, and nothing is brought back any more.
  std::optional<Manifest> known_ = Manifest{};
  bool begun_ = false;  ///< something was brought in
};

}  // namespace butler::vm_sandbox
