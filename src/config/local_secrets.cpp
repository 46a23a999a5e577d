#include "config/local_secrets.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <system_error>

#include "config/env_file.hpp"
#include "files/small_file.hpp"

namespace butler::config {

namespace {

constexpr std::size_t longest_secrets_file = 65'536;

}  // namespace

std::filesystem::path secrets_file(const Loaded& loaded) { return loaded.place.home / "secrets.env"; }

std::vector<std::string> missing_api_secrets(const Environment& environment) {
  std::vector<std::string> missing;
  for (const char* const name : api_secret_names) {
    const auto entry = environment.find(name);
    if (entry == environment.end() || entry->second.value.empty()) missing.emplace_back(name);
  }
  return missing;
}

bool read_local_secrets(Loaded& loaded) {
  const auto missing = missing_api_secrets(loaded.environment);
  if (missing.empty()) return true;
  const auto path = secrets_file(loaded);
  const auto file = files::read_small_file(path, longest_secrets_file);
  if (!file) throw std::system_error(file.error(), path.string());
  if (file->owner != ::geteuid() || (file->mode & 0077U) != 0) {
    loaded.problems.push_back(
        {.name = "",
         .source = path.string(),
         .message = "is not ours alone: chown it to the user that starts Butler and chmod 600 it"});
    return false;
  }
  auto parsed = parse_env_file(file->text, path.string());
  std::ranges::move(parsed.problems, std::back_inserter(loaded.problems));
  for (const auto& name : missing) {
    const auto entry = parsed.variables.find(name);
    if (entry != parsed.variables.end()) loaded.environment.insert_or_assign(name, entry->second);
  }
  return true;
}

}  // namespace butler::config
