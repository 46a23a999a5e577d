#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace butler::cli {

/// The API secrets that nobody has set: the names of ORCH_GATEWAY_TOKEN and ORCH_WORKER_TOKEN that are
/// missing.
std::vector<std::string> missing_api_secrets(const config::Environment& environment);

/// Gives the missing ones throw-away values, so that the rest of the configuration can be judged before
/// anything is written.
config::Loaded with_trial_secrets(config::Loaded loaded);

/// Fills in the missing ones from `<home>/secrets.env`, which is made at the first start: 0600, on the disk
/// before this returns. Problems with the file end up in `loaded.problems`. Throws std::system_error when it
/// cannot be written.
void add_local_secrets(config::Loaded& loaded);

/// The same without making the file: for commands that only talk to what runs. Throws std::system_error when
/// it is not there or cannot be read.
void read_local_secrets(config::Loaded& loaded);

}  // namespace butler::cli
