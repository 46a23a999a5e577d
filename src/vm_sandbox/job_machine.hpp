#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <memory>
#include <string>

#include "vm/machine.hpp"
#include "vm_sandbox/run_plan.hpp"

namespace butler::vm_sandbox {

/// A machine for one command, with a fresh disk in the plan's folder: from the snapshot of a booted one,
/// which is made first when there is none. The error is a sentence.
boost::asio::awaitable<std::expected<std::unique_ptr<vm::Machine>, std::string>> start_job_machine(
    RunPlan plan);

}  // namespace butler::vm_sandbox
