#include "cli/local_secrets.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <iterator>
#include <system_error>

#include "config/env_file.hpp"
#include "files/folder.hpp"
#include "files/small_file.hpp"
#include "files/whole_file.hpp"
#include "process/role.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::array names{"ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN"};
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t longest_file = 65'536;

fs::path secrets_file(const config::Loaded& loaded) { return loaded.place.home / "secrets.env"; }

/// A power cut leaves the whole file or none.
void write_secrets(const fs::path& file) {
  std::string text = "# The API secrets between Butler's own processes, made at the first start.\n";
  for (const char* const name : names)
    text += std::string{name} + "=" + process::random_hex(secret_bytes) + "\n";
  files::write_whole_file(file, text);
  files::sync_folder(file.parent_path());
}

}  // namespace

std::vector<std::string> missing_api_secrets(const config::Environment& environment) {
  std::vector<std::string> missing;
  for (const char* const name : names) {
    const auto entry = environment.find(name);
    if (entry == environment.end() || entry->second.value.empty()) missing.emplace_back(name);
  }
  return missing;
}

config::Loaded with_trial_secrets(config::Loaded loaded) {
  for (const auto& name : missing_api_secrets(loaded.environment)) {
    loaded.environment.insert_or_assign(name, config::Entry{process::random_hex(secret_bytes), "trial"});
  }
  return loaded;
}

void add_local_secrets(config::Loaded& loaded) {
  if (missing_api_secrets(loaded.environment).empty()) return;
  const auto path = secrets_file(loaded);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) write_secrets(path);
  read_local_secrets(loaded);
}

void read_local_secrets(config::Loaded& loaded) {
  const auto missing = missing_api_secrets(loaded.environment);
  if (missing.empty()) return;
  const auto path = secrets_file(loaded);
  const auto file = files::read_small_file(path, longest_file);
  if (!file) throw std::system_error(file.error(), path.string());
  if (file->owner != ::geteuid() || (file->mode & 0077U) != 0) {
    loaded.problems.push_back(
        {.name = "",
         .source = path.string(),
         .message = "is not ours alone: chown it to the user that starts Butler and chmod 600 it"});
    return;
  }
  auto parsed = config::parse_env_file(file->text, path.string());
  std::ranges::move(parsed.problems, std::back_inserter(loaded.problems));
  for (const auto& name : missing) {
    const auto entry = parsed.variables.find(name);
    if (entry != parsed.variables.end()) loaded.environment.insert_or_assign(name, entry->second);
  }
}

}  // namespace butler::cli
