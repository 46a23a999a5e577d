#include "doctor/context.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "config/local_secrets.hpp"
#include "config/secret_name.hpp"
#include "config/variables.hpp"

namespace butler::doctor {

namespace {

constexpr std::size_t shortest_hidden = 8;
constexpr std::size_t made_up_bytes = 32;

/// False when there are none to use, so that made-up ones have to stand in for them: before the first start,
/// or when something is wrong with the file as a whole, which is told.
bool read_api_secrets(config::Loaded& loaded) {
  const auto file = config::secrets_file(loaded);
  std::error_code unreachable;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, unreachable))) return false;
  try {
    return config::read_local_secrets(loaded);
  } catch (const std::system_error& fault) {
    loaded.problems.push_back(
        {.name = "", .source = file.string(), .message = "cannot be read: " + fault.code().message()});
    return false;
  }
}

/// What `butler up` adds, by the same rules.
void add_api_secrets(config::Loaded& loaded) {
  if (read_api_secrets(loaded)) return;
  for (const auto& name : config::missing_api_secrets(loaded.environment))
    loaded.environment.insert_or_assign(name, config::Entry{process::random_hex(made_up_bytes), "made up"});
}

template <class Settings>
std::optional<Settings> settings_or_none(config::Decoded<Settings> decoded) {
  if (!decoded) return std::nullopt;
  return std::move(*decoded);
}

}  // namespace

std::string Context::env_file() const {
  return loaded.env_file.empty() ? (home() / ".env").string() : loaded.env_file.string();
}

Context make_context(const boost::asio::any_io_executor& executor, const config::Loaded& loaded) {
  Context context{.executor = executor,
                  .loaded = loaded,
                  .problems = {},
                  .orchestrator = {},
                  .gateway = {},
                  .worker = {},
                  .root = ::geteuid() == 0,
                  .control = {},
                  .agent = {}};
  add_api_secrets(context.loaded);
  context.problems = config::find_problems(context.loaded);
  context.orchestrator = settings_or_none(config::orchestrator_settings(context.loaded));
  context.gateway = settings_or_none(config::gateway_settings(context.loaded));
  context.worker = settings_or_none(config::worker_settings(context.loaded));
  if (context.root) {
    context.control = process::find_user("butler-control");
    context.agent = process::find_user("butler");
  }
  return context;
}

boost::asio::awaitable<admin::RoleAnswer> health_of(const Context& context, std::string role) {
  constexpr std::chrono::seconds role_patience{3};
  return admin::call_role(context.executor, context.home(), std::move(role), "GET", "/health", role_patience);
}

std::vector<std::string> secret_values(const config::Loaded& loaded) {
  std::vector<std::string> secrets;
  for (const auto& [name, entry] : loaded.environment) {
    if (entry.value.size() < shortest_hidden || !config::is_secret_name(name, loaded.place)) continue;
    secrets.push_back(entry.value);
    // What stands after the number of a bot's token is the secret in it.
    const auto colon = entry.value.find(':');
    if (colon != std::string::npos && entry.value.size() - colon > shortest_hidden)
      secrets.push_back(entry.value.substr(colon + 1));
  }
  std::ranges::sort(secrets, std::greater{}, &std::string::size);
  return secrets;
}

std::string hide_secrets(std::string text, const std::vector<std::string>& secrets) {
  constexpr std::string_view hidden = "[redacted]";
  for (const auto& secret : secrets) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + hidden.size()))
      text.replace(at, secret.size(), hidden);
  }
  return text;
}

AsUser::AsUser(std::optional<process::SystemUser> user) {
  if (!user || ::geteuid() != 0) return;
  if (::setegid(user->gid) != 0 || ::seteuid(user->uid) != 0)
    throw std::runtime_error("cannot become the user " + std::to_string(user->uid));
  changed_ = true;
}

AsUser::~AsUser() {
  if (changed_ && (::seteuid(0) != 0 || ::setegid(0) != 0)) std::abort();
}

}  // namespace butler::doctor
