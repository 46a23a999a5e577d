#pragma once

#include "config/load.hpp"

namespace butler::cli {

/// Gives the API secrets that are missing throw-away values, so that the rest of the configuration can be
/// judged before anything is written.
config::Loaded with_trial_secrets(config::Loaded loaded);

/// Fills in the missing ones from `<home>/secrets.env`, which is made at the first start: 0600, on the disk
/// before this returns. Problems with the file end up in `loaded.problems`. Throws std::system_error when it
/// cannot be written or read.
void add_local_secrets(config::Loaded& loaded);

}  // namespace butler::cli
