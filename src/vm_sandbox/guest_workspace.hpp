#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <string>
#include <vector>

#include "vm/machine.hpp"
#include "vm_sandbox/run_plan.hpp"
#include "vm_sandbox/workspace_reader.hpp"

namespace butler::vm_sandbox {

/// Kills what the guest's user has left running.
boost::asio::awaitable<void> stop_processes(vm::Machine& machine);

/// The workspace's way into a prepared machine and back. What comes back is a hostile machine's word: see
/// WorkspaceReturn. The errors are sentences.
class GuestWorkspace {
 public:
  /// Both outlive it.
  GuestWorkspace(vm::Machine& machine, const RunPlan& plan) : machine_(machine), plan_(plan) {}

  /// Returns what was left out, as sentences.
  boost::asio::awaitable<std::expected<std::vector<std::string>, std::string>> bring_in();
  /// Returns what was not taken over, as sentences. After bring_in(), and when the command has ended. After
  /// an error, the workspace is as it was.
  boost::asio::awaitable<std::expected<std::vector<std::string>, std::string>> bring_out();

 private:
  vm::Machine& machine_;
  const RunPlan& plan_;
  Manifest sent_;
};

}  // namespace butler::vm_sandbox
