#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Which environment variables hold a provider's keys. The worker's model proxy has them, the agent never.
namespace butler::config {

struct Provider {
  std::string_view name;                     ///< as in PI_PROVIDER
  std::span<const std::string_view> keys;    ///< any one of them is enough
  std::span<const std::string_view> extras;  ///< what else it may need: account, region, address
  std::string_view refusal = {};             ///< why the worker does not take it; "" when it does
};

/// The providers that pi 0.87.1 has built in (its docs/providers.md).
std::span<const Provider> providers();

/// nullptr for one that is not built in.
const Provider* find_provider(std::string_view name);

/// The variables that pi's models.json names ($NAME, ${NAME}) for a provider, in its key and its headers:
/// sorted, each once. Nothing for a text that is no such file.
std::vector<std::string> find_models_json_variables(std::string_view models_json, std::string_view provider);

}  // namespace butler::config
