#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "json/value.hpp"
#include "model_proxy/upstream.hpp"

namespace butler::worker {

/// What lies on disk about the provider. Absent files are unset.
struct ProviderFiles {
  std::optional<std::string> models_json = {};  ///< the user's own, <home>/agent/models.json
  std::optional<std::string> auth_json = {};    ///< what `pi` kept of a sign-in, <home>/agent/auth.json
  std::optional<std::string> model_data = {};   ///< pi's data of its built-in provider: models and prices
};

/// The provider split in two: what the model proxy has, and what the agent may see.
struct ProviderSetup {
  model_proxy::Upstream upstream;
  json::Object agent_entry;  ///< of the provider in the agent's models.json, without address, key and headers
  std::vector<std::string> agent_environment;  ///< what else pi wants to find set; nothing secret
  std::optional<bool> sees_pictures = {};  ///< whether the model takes any; nullopt when that is not known
};

/// The provider cannot be used as it is set up. The text is a sentence that names it and says why.
class WrongProvider : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the files of a provider. Throws std::system_error for one that is there and cannot be read.
ProviderFiles read_provider_files(const config::WorkerSettings& settings);

/// Decides on the provider of the settings. Pure. The error is a sentence: what is in the way of keeping the
/// key from the agent, or wrong in models.json. A provider without a key is set up without one: pi then says
/// so at each prompt.
std::expected<ProviderSetup, std::string> set_up_provider(const config::WorkerSettings& settings,
                                                          const ProviderFiles& files);

/// The agent's models.json: the one provider, at `base_url`, with the token for a key.
std::string agent_models_json(const ProviderSetup& setup, const std::string& provider,
                              const std::string& base_url, const std::string& token);

}  // namespace butler::worker
