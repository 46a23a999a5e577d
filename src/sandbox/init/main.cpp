// butler-sandbox-init: the way into a sandbox.
//
//   butler-sandbox-init launch PROGRAM ARGUMENT…   leaves its starter's keyring behind and becomes PROGRAM
//   (bwrap) butler-sandbox-init enter                      inside bwrap: does what the plan says and becomes
//   the agent butler-sandbox-init supervise                  without bwrap: the same in a child, whose whole
//   tree ends with it
//
// It is started by Butler only: with an empty environment and the descriptors that init_plan.hpp names.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "sandbox/init/enter.hpp"
#include "sandbox/init/exit_status.hpp"
#include "sandbox/init/fault.hpp"
#include "sandbox/init/supervise.hpp"
#include "sandbox/init_plan.hpp"

namespace {

using namespace butler::sandbox;

/// What bwrap says goes to whoever waits for the start, not into the agent's error output.
void redirect_errors() {
  if (::dup2(STDERR_FILENO, kept_stderr_descriptor) < 0 || ::dup2(errors_descriptor, STDERR_FILENO) < 0) {
    fail("the error output cannot be redirected");
  }
  ::close(errors_descriptor);
}

[[noreturn]] void launch(char** arguments) {
  const InitPlan plan = read_plan();
  enter_group(plan);
  leave_keyring();
  end_with_parent(plan.parent);
  redirect_errors();
  char* no_environment[] = {nullptr};
  ::execve(arguments[0], arguments, no_environment);
  fail(std::string{"cannot start "} + arguments[0]);
}

int run(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "";
  if (mode == "launch" && count > 2) launch(arguments + 2);
  if (mode == "enter" && count == 2) {
    const InitPlan plan = read_plan();
    if (::dup2(kept_stderr_descriptor, STDERR_FILENO) < 0) fail("the agent's error output is missing");
    enter(plan);
  }
  if (mode == "supervise" && count == 2) return supervise(read_plan());
  throw Fault("butler-sandbox-init is started by Butler, not by hand");
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& fault) {
    report_fault(fault.what());
    return exit_failed;
  }
}
