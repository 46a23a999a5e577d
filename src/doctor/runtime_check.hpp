#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "doctor/finding.hpp"

/// The check `runtime`: the pinned Node.js, pi and mcporter.
namespace butler::doctor {

struct RuntimeFacts {
  bool real = false;          ///< PI_EXEC_MODE is rpc: the runtime is needed
  std::string folder = {};    ///< "" when PI_BINARY is no pi of a runtime folder
  std::string pi = {};        ///< the program that PI_BINARY names
  std::string fault = {};     ///< why it does not start; "" when it does
  std::string distrust = {};  ///< why nothing of it may be run, told before all else; "" when it may
  std::string stamp = {};     ///< of the folder that is there: "" when it has none
  std::string pinned_stamp = {};
  std::map<std::string, std::string> pinned = {};     ///< versions by name: node, pi, mcporter
  std::map<std::string, std::string> installed = {};  ///< "" for what is missing
};

Findings judge_runtime(const RuntimeFacts& facts);

/// The runtime folder of the pi that PI_BINARY names; "" when that is no pi of a runtime.
std::string runtime_folder(const config::WorkerSettings& settings);

/// The command that installs the pinned runtime anew. `folder` is a link, which is all that it removes.
std::string reinstall_runtime(const std::string& folder);

/// The versions that runtime/package.json pins, by name. Pure.
std::map<std::string, std::string> read_pinned_versions(const std::string& package_json);

/// The stamp by which tools/setup/runtime.sh calls the runtime that this program was built with.
std::string pinned_runtime_stamp();

}  // namespace butler::doctor
