#include "cli/access.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "cli/exit_code.hpp"
#include "cli/report.hpp"
#include "config/load.hpp"
#include "config/local_secrets.hpp"

namespace butler::cli {

namespace {

[[noreturn]] void explain_missing_secrets(const config::Loaded& loaded, const std::system_error& error) {
  const std::string home = loaded.place.home.string();
  if (error.code() == std::errc::permission_denied) {
    throw console::Failure("the API secrets in " + home +
                           " belong to another user: run this as the user who started Butler, or with sudo");
  }
  if (error.code() != std::errc::no_such_file_or_directory) throw error;
  throw console::Failure(
      "Butler was never started in " + home +
      ": `butler setup` sets it up, `butler up` starts it (BUTLER_HOME names another home)");
}

/// secrets.env is ours alone, or it is not used at all; of .env the loader only warns.
std::string find_doubt(const config::Loaded& loaded) {
  const auto token = loaded.environment.find("ORCH_GATEWAY_TOKEN");
  const std::string file = loaded.env_file.string();
  if (token == loaded.environment.end() || file.empty() || !token->second.source.starts_with(file)) return "";
  struct stat status{};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 0077U) == 0) return "";
  return file + " with the token can be read by other users: chmod 600 " + file;
}

}  // namespace

int with_access(const std::function<int(const console::Access&)>& use) {
  auto loaded = config::load(config::this_start());
  try {
    // The worker's token is not needed: a machine with a gateway alone has none.
    const auto missing = config::missing_api_secrets(loaded.environment);
    if (loaded.problems.empty() && std::ranges::find(missing, "ORCH_GATEWAY_TOKEN") != missing.end())
      config::read_local_secrets(loaded);
  } catch (const std::system_error& error) {
    explain_missing_secrets(loaded, error);
  }
  const auto settings = config::client_settings(loaded);
  if (!settings) {
    print_problems(settings.error());
    return exit_config;
  }
  return use({.home = settings->home,
              .url = settings->orchestrator_url,
              .authorities = settings->orchestrator_authorities.text,
              .token = settings->gateway_token.reveal(),
              .person = console::terminal_person(),
              .doubt = find_doubt(loaded)});
}

}  // namespace butler::cli
