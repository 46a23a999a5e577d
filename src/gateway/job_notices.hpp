#pragma once

namespace butler::gateway {

/// What people hear of their jobs beside the answers.
struct JobNotices {
  bool lifecycle = false;  ///< created, started, finished
  bool tools = false;      ///< which tools the agent uses
};

}  // namespace butler::gateway
