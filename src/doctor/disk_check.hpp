#pragma once

#include <cstdint>
#include <string>

#include "doctor/finding.hpp"

/// The checks `disk` and `clock`: their judgements. Pure.
namespace butler::doctor {

struct DiskFacts {
  std::string path = {};
  std::string what = {};  ///< "databases", "the workspace"
  std::uint64_t free_bytes = 0;
  std::uint64_t all_bytes = 0;
  std::uint64_t free_files = 0;
  std::uint64_t all_files = 0;  ///< 0 where the file system does not count them
  bool read_only = false;
};

/// Below 64 MiB, or 0.5 % of the files, is broken: a commit may fail. Below 512 MiB and 5 % is a warning.
Finding judge_disk(const DiskFacts& facts);

struct ClockFacts {
  std::string server = {};
  std::string fault = {};    ///< why nothing was learnt; "" when something was
  double ahead_seconds = 0;  ///< of ours before the server's
};

/// Half a minute is a warning, five minutes are broken.
Finding judge_clock(const ClockFacts& facts);

}  // namespace butler::doctor
