#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/role_call.hpp"
#include "config/load.hpp"
#include "process/role.hpp"

namespace butler::doctor {

/// What the checks look at. Settings of a role are empty where its configuration is wrong, which is the
/// check `configuration`'s to tell.
struct Context {
  boost::asio::any_io_executor executor;
  config::Loaded loaded;  ///< API secrets that nobody has set are there: those of the home, or made-up ones
  config::Problems problems;
  std::optional<config::OrchestratorSettings> orchestrator;
  std::optional<config::GatewaySettings> gateway;
  std::optional<config::WorkerSettings> worker;
  bool root = false;
  std::optional<process::SystemUser> control;  ///< when root: whose the databases are
  std::optional<process::SystemUser> agent;    ///< when root: whose the workspace is

  const std::filesystem::path& home() const { return loaded.place.home; }
  /// Where the settings are edited, for commands that are shown.
  std::string env_file() const;
};

Context make_context(const boost::asio::any_io_executor& executor, const config::Loaded& loaded);

/// What a role ("gateway") of this home says of itself; answers within 3 s.
boost::asio::awaitable<admin::RoleAnswer> health_of(const Context& context, std::string role);

/// Every value of the configuration that must never be shown, the longest first.
std::vector<std::string> secret_values(const config::Loaded& loaded);

/// The text with each of the secrets hidden. Pure.
std::string hide_secrets(std::string text, const std::vector<std::string>& secrets);

/// The user of files while it lives, when started by root: what is opened and made is opened and made as they
/// would. One thread. Throws std::runtime_error.
class AsUser {
 public:
  explicit AsUser(std::optional<process::SystemUser> user);
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  ~AsUser();

 private:
  bool changed_ = false;
};

}  // namespace butler::doctor
