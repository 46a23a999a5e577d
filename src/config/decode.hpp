#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/client_settings.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "config/variables.hpp"

/// From an Environment to each role's settings. Pure; every wrong value is told at once.
namespace butler::config {

/// What the settings depend on beside the variables.
struct Place {
  std::filesystem::path home;               ///< absolute: BUTLER_HOME, or what stands in for it
  std::filesystem::path working_directory;  ///< absolute: what relative paths start from
  std::filesystem::path
      default_runtime;  ///< absolute: where the pinned pi lies when the home has none of its own
  std::string default_worker_id;
  std::vector<std::string> provider_variables;  ///< those that pi's models.json names for PI_PROVIDER
};

template <class Settings>
using Decoded = std::expected<Settings, Problems>;

Decoded<OrchestratorSettings> decode_orchestrator(const Environment& environment, const Place& place);
Decoded<GatewaySettings> decode_gateway(const Environment& environment, const Place& place);
Decoded<WorkerSettings> decode_worker(const Environment& environment, const Place& place);
/// Only what a command needs to call the orchestrator: nothing else has to be set, or right.
Decoded<ClientSettings> decode_client(const Environment& environment, const Place& place);

/// The variables that a role may see, as they were found: the table's row says so, and for the worker those
/// of its provider. BUTLER_HOME is always there.
std::map<std::string, std::string> select_variables(const Environment& environment, const Place& place,
                                                    Role role);

/// "debug", "info", "warn" or "error"; "info" for a wrong value, which the decode functions report.
std::string decode_log_level(const Environment& environment);

/// The variables that are set and have no effect, or none yet: a sentence each.
std::vector<std::string> describe_ineffective(const Environment& environment);

/// The names in files (not in the environment) that are neither in the table nor a provider's, and are near
/// one of them or begin as ours do: as sentences that name the nearest.
std::vector<std::string> unknown_names(const Environment& environment);

}  // namespace butler::config
