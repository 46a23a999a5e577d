#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.hpp"

/// The checks `policy`, `memory` and `mcp`: their judgements. Pure.
namespace butler::doctor {

struct PolicyFacts {
  std::string file = {};
  bool exists = false;
  std::string profile = {};
  std::string fault = {};  ///< a sentence that names the file; "" when it is right
};

Finding judge_policy(const PolicyFacts& facts);

struct MemoryFacts {
  std::string workspace = {};
  bool exists = false;
  std::string user = {};  ///< who has to be able to write there
  bool writable = false;  ///< the folder, by the user
  struct File {
    std::string name;
    bool exists = false;
    bool regular = false;
    bool usable = false;  ///< the user can read and write it
  };
  std::vector<File> files = {};
};

Findings judge_memory(const MemoryFacts& facts);

struct McpFacts {
  std::string hosts_file = {};
  std::string hosts_fault = {};  ///< what is wrong with mcp-host.json; "" when it is right or not there
  std::string clis_file = {};
  std::string clis_fault = {};  ///< what is wrong with mcp-clis.json
  std::string bin_folder = {};
  int targets = 0;
  std::vector<std::string> impossible = {};  ///< targets that can have no wrapper, with why
  std::vector<std::string> missing = {};     ///< wrappers that are not there
  std::vector<std::string> stale = {};       ///< wrappers that were made of something else
  std::vector<std::string> orphaned = {};    ///< wrappers that nothing names
};

Findings judge_mcp(const McpFacts& facts);

}  // namespace butler::doctor
