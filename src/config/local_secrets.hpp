#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "config/load.hpp"

/// The API secrets between Butler's own processes, as they are kept in the home.
namespace butler::config {

inline constexpr std::array api_secret_names{"ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN"};

/// `<home>/secrets.env`.
std::filesystem::path secrets_file(const Loaded& loaded);

/// The API secrets that nobody has set: the names of those that are missing or empty.
std::vector<std::string> missing_api_secrets(const Environment& environment);

/// Fills in the missing ones from secrets_file(). What is wrong with the file ends up in `loaded.problems`.
/// False when it is not ours alone, and nothing of it is used. Throws std::system_error when it is not there
/// or cannot be read.
bool read_local_secrets(Loaded& loaded);

}  // namespace butler::config
