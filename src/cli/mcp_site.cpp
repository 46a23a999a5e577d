#include "cli/mcp_site.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <iostream>

#include "cli/home.hpp"
#include "cli/local_secrets.hpp"
#include "files/throw_errno.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

std::string value_or(const config::Environment& environment, const char* name, const fs::path& otherwise,
                     const fs::path& start) {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.value.empty()) return otherwise.string();
  return (start / found->second.value).lexically_normal().string();
}

/// The runtime that PI_BINARY names, else the home's: the agent has the one that it is in itself.
fs::path runtime_of_agent(const config::Loaded& loaded) {
  const auto settings = config::worker_settings(with_trial_secrets(loaded));
  if (settings && !settings->pi_command.empty()) {
    const fs::path program = settings->pi_command.front();
    const auto runtime = program.parent_path().parent_path();
    std::error_code missing;
    if (program.is_absolute() && fs::exists(runtime / "node_modules/mcporter", missing)) return runtime;
  }
  return loaded.place.default_runtime;
}

}  // namespace

mcp_wrappers::Places mcp_places(const config::Loaded& loaded) {
  const auto& place = loaded.place;
  const auto base = config::is_checkout(place.working_directory) ? place.working_directory : place.home;
  fs::path bin =
      value_or(loaded.environment, "BUTLER_MCP_BIN_DIR", place.home / "mcp/bin", place.working_directory);
  if (!bin.has_filename()) bin = bin.parent_path();
  return mcp_wrappers::make_places(base / "config", bin, runtime_of_agent(loaded));
}

std::expected<mcp_wrappers::Site, std::string> open_mcp_site(const config::Loaded& loaded) {
  mcp_wrappers::Site site{
      .places = mcp_places(loaded), .user = {}, .variables = config::this_start().variables, .mcporter = {}};
  auto version = mcp_wrappers::mcporter_version(site.places);
  if (!version) return std::unexpected(version.error());
  site.mcporter = *std::move(version);
  prepare_home(loaded.place.home);
  if (::geteuid() == 0) site.user = find_home_owners().agent;
  fs::create_directories(site.places.workshop());
  return site;
}

int complain_of_mcp(const std::string& problem, int status) {
  std::cerr << "butler: " << problem << '\n';
  return status;
}

json::Array to_array(const std::vector<std::string>& texts) {
  json::Array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

files::Descriptor lock_mcp(const mcp_wrappers::Places& places) {
  const auto file = places.workshop() / "sync.lock";
  files::Descriptor fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd.is_open()) files::throw_errno(file.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return fd;
}

}  // namespace butler::cli
