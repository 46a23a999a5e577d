#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "api/types.hpp"

namespace butler::api {

enum class ActivityKind : std::uint8_t {
  unknown,
  starts,
  thinks,
  writes,
  runs_tool,
  reads_result,
  waits_for_retry
};

/// What a running job does now.
struct Activity {
  ActivityKind kind = ActivityKind::unknown;  ///< unknown when its events do not tell
  std::string tool = {};     ///< the name of the one that runs; visible, on one line, not too long
  std::string summary = {};  ///< what that is to do, likewise; "" when its event does not tell
};

/// What a running job does, as its events tell it: for whoever hears them one by one. Pure.
class JobActivity {
 public:
  /// In the order in which they happened.
  void add(const Event& event);

  /// The tool that began last, while any runs.
  Activity now() const;

 private:
  struct RunningTool {
    std::string id = {};
    Activity activity = {};
  };

  ActivityKind kind_ = ActivityKind::unknown;
  std::vector<RunningTool> tools_;
};

/// Pure. @param events  the job's latest events, oldest first
Activity activity_of(std::span<const Event> events);

/// The same in a few English words, as terminals show it; "" when it is not known. Pure.
std::string activity(std::span<const Event> events);

}  // namespace butler::api
