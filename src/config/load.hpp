#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/decode.hpp"

/// The edge between the configuration and the machine: reads the environment, `.env` and what lies in the
/// home.
namespace butler::config {

/// What a process was started with.
struct Start {
  std::map<std::string, std::string> variables;
  std::filesystem::path working_directory;  ///< absolute
  uid_t user = 0;
  std::string host_name;
  pid_t pid = 0;
  std::filesystem::path program;  ///< this program's file, absolute; empty when unknown
};

/// This process's own.
Start this_start();

/// Whether the folder is Butler's source, whose own .env and config count in it.
bool is_checkout(const std::filesystem::path& folder);

struct Loaded {
  Environment environment;
  Place place;
  std::filesystem::path env_file;  ///< the file that was read; empty when there is none
  Problems problems;               ///< of the files themselves
  std::vector<std::string> warnings;
};

/// Reads everything. The environment goes before the file: $BUTLER_ENV_FILE (empty: none), or ./.env in the
/// checkout that the program was built in or where there is one, or <home>/.env. An installed program has no
/// checkout, wherever it is started.
Loaded load(const Start& start);

/// The file that load() reads, whether it is there or not; empty for none.
std::filesystem::path env_file_path(const Start& start);

/// The role's settings, with what only a look at the disk can tell: all problems at once, the files' own
/// included.
Decoded<OrchestratorSettings> orchestrator_settings(const Loaded& loaded);
Decoded<GatewaySettings> gateway_settings(const Loaded& loaded);
Decoded<WorkerSettings> worker_settings(const Loaded& loaded);
Decoded<ClientSettings> client_settings(const Loaded& loaded);

/// Whether the role's state is in a PostgreSQL database instead of the home (ORCH_DATABASE_URL,
/// GATEWAY_DATABASE_URL). A worker has none.
bool has_state_in_postgres(const Environment& environment, Role role);

/// What the three roles together complain about, each problem once.
Problems find_problems(const Loaded& loaded);

}  // namespace butler::config
