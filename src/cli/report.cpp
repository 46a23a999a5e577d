#include "cli/report.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "config/providers.hpp"
#include "config/variables.hpp"
#include "log/log.hpp"

namespace butler::cli {

namespace {

log::Level level_named(const std::string& name) {
  if (name == "debug") return log::Level::debug;
  if (name == "warn") return log::Level::warn;
  if (name == "error") return log::Level::error;
  return log::Level::info;
}

bool is_secret(const std::string& name, const config::Loaded& loaded) {
  if (const config::Variable* const variable = config::find_variable(name)) return variable->secret();
  const auto has = [&name](const config::Provider& provider) {
    return std::ranges::count(provider.keys, name) > 0;
  };
  return std::ranges::any_of(config::providers(), has) || name == "AWS_SECRET_ACCESS_KEY" ||
         name == "AWS_SESSION_TOKEN" || std::ranges::count(loaded.place.provider_variables, name) > 0;
}

}  // namespace

void print_problems(const config::Problems& problems) {
  for (const auto& problem : problems) std::fprintf(stderr, "butler: %s\n", problem.text().c_str());
  std::fprintf(
      stderr,
      "butler: the configuration is wrong; .env.example and `butler config list` show what there is\n");
}

void start_log(std::string_view role, const config::Loaded& loaded) {
  log::start(role, level_named(config::decode_log_level(loaded.environment)));
  for (const auto& [name, entry] : loaded.environment) {
    if (is_secret(name, loaded)) log::redact(entry.value);
  }
}

void log_warnings(const config::Loaded& loaded) {
  for (const auto& warning : loaded.warnings) log::warn("config.warning", {{"text", warning}});
}

}  // namespace butler::cli
