#include "cli/local_secrets.hpp"

#include <string>
#include <system_error>

#include "config/local_secrets.hpp"
#include "files/folder.hpp"
#include "files/whole_file.hpp"
#include "process/role.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t secret_bytes = 32;

/// A power cut leaves the whole file or none.
void write_secrets(const fs::path& file) {
  std::string text = "# The API secrets between Butler's own processes, made at the first start.\n";
  for (const char* const name : config::api_secret_names)
    text += std::string{name} + "=" + process::random_hex(secret_bytes) + "\n";
  files::write_whole_file(file, text);
  files::sync_folder(file.parent_path());
}

}  // namespace

config::Loaded with_trial_secrets(config::Loaded loaded) {
  for (const auto& name : config::missing_api_secrets(loaded.environment)) {
    loaded.environment.insert_or_assign(name, config::Entry{process::random_hex(secret_bytes), "trial"});
  }
  return loaded;
}

void add_local_secrets(config::Loaded& loaded) {
  if (config::missing_api_secrets(loaded.environment).empty()) return;
  const auto path = config::secrets_file(loaded);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) write_secrets(path);
  config::read_local_secrets(loaded);
}

}  // namespace butler::cli
