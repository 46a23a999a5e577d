#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "vm/store.hpp"

/// What the commands of `butler vm` do. Each returns the program's exit status, and says on standard error
/// what is wrong and what to do.
namespace butler::cli {

struct VmCreateOptions {
  std::string image = "tiny";
  std::uint64_t workspace_bytes = std::uint64_t{4} << 30U;
  std::uint64_t memory_bytes = 0;  ///< 0: what the image needs
  int cpus = 1;
};

struct VmStartOptions {
  bool warm = false;
  std::filesystem::path services;
};

int create_vm(const VmCreateOptions& options);
int start_vm(const VmStartOptions& options);
int stop_vm();
int print_vm_status(bool as_json);
int reset_vm(bool workspace);
int destroy_vm();

/// The store in the configured home. Makes the home, and gives root up for the agent's user: to be called
/// first.
vm::MachineStore open_machine_store();

/// Says on standard error what is wrong.
int report_vm_problem(const std::string& problem);

/// Runs the action in an event loop to its end.
int run_vm_action(boost::asio::awaitable<int> action);

}  // namespace butler::cli
