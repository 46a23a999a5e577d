#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "vm_sandbox/run_plan.hpp"
#include "vm_sandbox/workspace_reader.hpp"

namespace butler::vm_sandbox {

/// All that a guest gets besides its workspace and what comes back, as one archive for its root folder, a
/// piece at a time: the folders on the way, links, and the plan's trees. Of those that come back only the
/// folder itself. Faults are those of WorkspaceReader.
class Surroundings {
 public:
  explicit Surroundings(const RunPlan& plan);

  /// The next bytes; "" at the end.
  std::string next();

  /// What cannot be read.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  void add_ways(const RunPlan& plan);
  std::string begin(const GuestTree& tree);

  std::deque<std::string> heads_;
  std::deque<GuestTree> trees_;
  std::unique_ptr<WorkspaceReader> reader_;
  std::string prefix_;
  std::vector<std::string> left_out_;
  bool ended_ = false;
};

}  // namespace butler::vm_sandbox
