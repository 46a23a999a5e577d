#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/role_call.hpp"
#include "console/access.hpp"
#include "console/job_search.hpp"
#include "console/streams.hpp"

namespace butler::console {

/// How a role is.
struct RoleState {
  enum class Health : std::uint8_t {
    well,
    troubled,
    unknown,
    absent,    ///< from this machine
    elsewhere  ///< absent here, and somebody has seen it well
  };

  std::string name = {};
  Health health = Health::absent;
  std::string words = {};        ///< "pi, 1 of 2 slots": "" for nothing to say
  json::Value detail = nullptr;  ///< what it says of itself
};

/// What a role's answer about its health means. Pure.
RoleState read_health(std::string_view role, const admin::RoleAnswer& answer);

/// All that `butler status` shows.
struct Status {
  std::string version = {};
  std::string url = {};
  std::string start_command = {};  ///< what starts Butler here
  std::vector<RoleState> roles = {};
  std::string trouble = {};  ///< why the orchestrator gave no answer; "" when it did
  bool paused = false;
  std::optional<std::string> pause_reason = {};
  std::vector<domain::Job> open_jobs = {};  ///< newest first
  std::vector<WaitingCall> waiting_calls = {};
  std::vector<api::WorkerPresence> workers = {};  ///< as the orchestrator knows them
  std::vector<std::string> activities = {};       ///< of open_jobs, each "" or what it does

  bool well() const;
};

/// What the orchestrator's answer tells of the roles that do not run on this machine. Pure.
void place_absent_roles(Status& status, domain::Timestamp now);

/// Pure.
std::string status_text(const Status& status, domain::Timestamp now, const terminal::Palette& palette);
json::Value status_json(const Status& status);

/// `butler status`: 0 when all is well, 1 when something is wrong or does not run.
int show_status(const Access& access, std::string version, Streams streams);

/// `butler panic status|on|off`. Each returns the exit status and throws Failure.
int show_panic(const Access& access, Streams streams);
int panic_on(const Access& access, Streams streams);
int panic_off(const Access& access, Streams streams);

}  // namespace butler::console
