#pragma once

#include <string>
#include <vector>

#include "doctor/finding.hpp"

/// The checks `turn` and `sandbox`: their judgements. Pure.
namespace butler::doctor {

struct TurnFacts {
  bool real = false;       ///< PI_EXEC_MODE is rpc
  std::string tier = {};   ///< WORKER_SANDBOX
  std::string fault = {};  ///< why the trial itself did not take place
  bool passed = false;
  std::string sandbox = {};  ///< "bwrap/1"
  std::string reason = {};   ///< why it has not passed
  std::string runtime = {};  ///< "" for a PI_BINARY of one's own
};

Finding judge_turn(const TurnFacts& facts);

struct SandboxFacts {
  bool real = false;
  std::string wanted = {};  ///< WORKER_SANDBOX
  std::string tier = {};    ///< what agents get: "bwrap"; "" when there is none
  std::string fault = {};   ///< why there is none, or why the probe did not run
  bool probed = false;
  bool passed = false;
  std::vector<std::string> open = {};    ///< what a door that is open means, a part of a sentence each
  std::vector<std::string> broken = {};  ///< what has to work inside and does not
};

Finding judge_sandbox(const SandboxFacts& facts);

/// What `butler sandbox test --json` has said, added to the facts. Pure.
void read_sandbox_report(const std::string& report, SandboxFacts& facts);

}  // namespace butler::doctor
