#include "cli/report.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "config/secret_name.hpp"
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
    if (config::is_secret_name(name, loaded.place)) log::redact(entry.value);
  }
}

void log_warnings(const config::Loaded& loaded) {
  for (const auto& warning : loaded.warnings) log::warn("config.warning", {{"text", warning}});
}

}  // namespace butler::cli
