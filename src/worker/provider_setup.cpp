#include "worker/provider_setup.hpp"

#include <algorithm>
#include <array>

#include "config/providers.hpp"
#include "worker/model_catalogue.hpp"
#include "worker/private_files.hpp"
#include "worker/provider_endpoints.hpp"
#include "worker/value_template.hpp"

namespace butler::worker {

namespace fs = std::filesystem;
using model_proxy::Endpoint;

namespace {

constexpr std::size_t longest_file = std::size_t{8} * 1024 * 1024;

template <class T>
using Result = std::expected<T, std::string>;

/// The object member of that name; an empty object when it is not there.
json::Object object_member(const json::Value& value, std::string_view name) {
  const json::Value* const found = json::find(value, name);
  return found != nullptr && found->is_object() ? found->get_object() : json::Object{};
}

std::string string_member(const json::Object& object, std::string_view name) {
  const auto* const found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

/// The provider's entry in the user's models.json.
Result<json::Object> user_entry(const std::string& provider, const ProviderFiles& files) {
  if (!files.models_json) return json::Object{};
  const auto parsed = json::parse(*files.models_json);
  if (!parsed) {
    return std::unexpected("models.json cannot be read (comments have no place in it): " + parsed.error());
  }
  const json::Object providers = object_member(*parsed, "providers");
  return object_member(providers, provider);
}

/// Addresses and headers of single models would lead around the provider's one.
Result<void> check_models(const json::Object& entry) {
  const auto fault = [](const std::string& model, std::string_view what) {
    return std::unexpected("models.json gives the model " + model + " a " + std::string{what} +
                           " of its own; give it to the provider instead");
  };
  const json::Value whole(entry);
  const json::Value* const models = json::find(whole, "models");
  if (models != nullptr && models->is_array()) {
    for (const json::Value& model : models->get_array()) {
      const std::string id{json::find_string(model, "id")};
      if (json::find(model, "baseUrl") != nullptr) return fault(id, "baseUrl");
      if (json::find(model, "headers") != nullptr) return fault(id, "set of headers");
    }
  }
  for (const auto& change : object_member(whole, "modelOverrides")) {
    if (json::find(change.value(), "headers") != nullptr)
      return fault(std::string{change.key()}, "set of headers");
  }
  return {};
}

/// The protocols that models.json names for the provider and its models.
Result<std::vector<model_proxy::ModelApi>> named_apis(const json::Object& entry) {
  std::vector<std::string> names{string_member(entry, "api")};
  const json::Value whole(entry);
  const json::Value* const models = json::find(whole, "models");
  if (models != nullptr && models->is_array()) {
    for (const json::Value& model : models->get_array()) names.emplace_back(json::find_string(model, "api"));
  }
  std::vector<model_proxy::ModelApi> apis;
  for (const auto& name : names) {
    if (name.empty()) continue;
    const auto api = model_proxy::parse_model_api(name);
    if (!api)
      return std::unexpected("models.json names the api " + name + ", which the model proxy does not speak");
    if (std::ranges::find(apis, *api) == apis.end()) apis.push_back(*api);
  }
  return apis;
}

/// The built-in addresses, or the one that models.json gives, with each protocol that is named.
Result<std::vector<Endpoint>> find_endpoints(const std::string& provider, const json::Object& entry,
                                             const VariableOf& variable) {
  const auto apis = named_apis(entry);
  if (!apis) return std::unexpected(apis.error());
  const std::string address = string_member(entry, "baseUrl");
  auto endpoints = provider_endpoints(provider, variable);
  if (!endpoints && address.empty()) return std::unexpected(endpoints.error());
  std::vector<Endpoint> all = endpoints.value_or(std::vector<Endpoint>{});
  if (all.empty() && address.empty()) {
    return std::unexpected(
        std::string{"it is not one of pi's built-in providers, and models.json gives it no baseUrl"});
  }
  auto base = address.empty() ? std::optional{all.front().base} : http::Url::parse(address);
  if (!base)
    return std::unexpected("models.json gives it the baseUrl " + address + ", which is no http(s) address");
  for (const auto api : *apis) {
    if (std::ranges::find(all, api, &Endpoint::api) == all.end()) all.push_back({.api = api, .base = *base});
  }
  if (all.empty()) return std::unexpected(std::string{"models.json names no api for it"});
  if (!address.empty()) {
    for (Endpoint& endpoint : all) endpoint.base = *base;
  }
  return all;
}

/// A key that pi was given by hand is taken; a sign-in is not: only pi could renew it.
Result<std::string> stored_key(const std::string& provider, const ProviderFiles& files,
                               const VariableOf& variable) {
  if (!files.auth_json) return std::string{};
  const auto parsed = json::parse(*files.auth_json);
  if (!parsed) return std::unexpected("auth.json cannot be read: " + parsed.error());
  const json::Value* const credential = json::find(*parsed, provider);
  if (credential == nullptr) return std::string{};
  if (json::find_string(*credential, "type") == "oauth") {
    return std::unexpected(std::string{
        "auth.json holds a sign-in (OAuth), which pi would have to renew and the agent could take: "
        "use an API key, and remove the sign-in"});
  }
  const auto key = resolve_value(json::find_string(*credential, "key"), variable);
  if (!key) return std::unexpected("the key in auth.json: " + key.error());
  return *key;
}

struct Key {
  std::string value;
  bool as_bearer = false;  ///< it goes into `authorization`, whatever the protocol's own header is
};

/// In pi's order: auth.json, models.json, the provider's variables.
Result<Key> find_key(const std::string& provider, const json::Object& entry, const ProviderFiles& files,
                     const VariableOf& variable) {
  auto stored = stored_key(provider, files, variable);
  if (!stored) return std::unexpected(stored.error());
  if (!stored->empty()) return Key{.value = std::move(*stored)};
  if (const std::string text = string_member(entry, "apiKey"); !text.empty()) {
    auto key = resolve_value(text, variable);
    if (!key) return std::unexpected("the apiKey in models.json: " + key.error());
    return Key{.value = std::move(*key)};
  }
  const config::Provider* const known = config::find_provider(provider);
  if (known == nullptr) return Key{};
  for (const auto name : known->keys) {
    if (auto value = variable(name); !value.empty()) {
      return Key{.value = std::move(value), .as_bearer = name == "ANTHROPIC_AUTH_TOKEN"};
    }
  }
  return Key{};
}

Result<std::vector<std::pair<std::string, std::string>>> find_headers(const json::Object& entry,
                                                                      const VariableOf& variable) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& header : object_member(entry, "headers")) {
    if (!header.value().is_string()) continue;
    auto value = resolve_value(header.value().get_string(), variable);
    if (!value)
      return std::unexpected("the header " + std::string{header.key()} + " in models.json: " + value.error());
    headers.emplace_back(header.key(), std::move(*value));
  }
  return headers;
}

/// What pi looks for beside a key, with values that mean nothing where they would tell something.
std::vector<std::string> other_variables(const std::string& provider, const VariableOf& variable) {
  if (provider.starts_with("cloudflare-")) {
    return {"CLOUDFLARE_ACCOUNT_ID=butler", "CLOUDFLARE_GATEWAY_ID=butler"};
  }
  std::vector<std::string> environment;
  for (const char* const name : {"AZURE_OPENAI_API_VERSION", "AZURE_OPENAI_DEPLOYMENT_NAME_MAP"}) {
    if (const auto value = variable(name); !value.empty())
      environment.push_back(std::string{name} + "=" + value);
  }
  return environment;
}

std::optional<std::string> read_if_there(const fs::path& file) { return read_file(file, longest_file); }

}  // namespace

ProviderFiles read_provider_files(const config::WorkerSettings& settings) {
  const auto folder = settings.home / "agent";
  ProviderFiles files{.models_json = read_if_there(folder / "models.json"),
                      .auth_json = read_if_there(folder / "auth.json"),
                      .model_data = {}};
  for (const auto& file : model_data_files(settings.pi_command, settings.provider)) {
    if (!files.model_data) files.model_data = read_if_there(file);
  }
  return files;
}

Result<ProviderSetup> set_up_provider(const config::WorkerSettings& settings, const ProviderFiles& files) {
  const std::string& provider = settings.provider;
  const VariableOf variable = [&settings](std::string_view name) {
    const auto found = settings.provider_keys.find(std::string{name});
    return found == settings.provider_keys.end() ? std::string{} : found->second.reveal();
  };
  const auto entry = user_entry(provider, files);
  if (!entry) return std::unexpected(entry.error());
  if (const auto checked = check_models(*entry); !checked) return std::unexpected(checked.error());
  auto endpoints = find_endpoints(provider, *entry, variable);
  if (!endpoints) return std::unexpected(endpoints.error());
  auto key = find_key(provider, *entry, files, variable);
  if (!key) return std::unexpected(key.error());
  auto headers = find_headers(*entry, variable);
  if (!headers) return std::unexpected(headers.error());
  auto catalogue = read_catalogue(files.model_data.value_or(""), *entry);
  if (!catalogue) return std::unexpected(catalogue.error());
  catalogue->rename(variable("AZURE_OPENAI_DEPLOYMENT_NAME_MAP"));
  const auto model = catalogue->pinned(provider, settings.model);

  ProviderSetup setup{.upstream = {.endpoints = std::move(*endpoints),
                                   .key = std::move(key->value),
                                   .headers = std::move(*headers),
                                   .model = model,
                                   .prices = std::move(catalogue->prices)},
                      .agent_entry = *entry,
                      .agent_environment = other_variables(provider, variable)};
  if (model) setup.sees_pictures = catalogue->seeing.contains(*model);
  for (const char* const hidden : {"baseUrl", "apiKey", "headers", "oauth"}) setup.agent_entry.erase(hidden);
  if (key->as_bearer) setup.agent_entry["authHeader"] = true;
  return setup;
}

std::string agent_models_json(const ProviderSetup& setup, const std::string& provider,
                              const std::string& base_url, const std::string& token) {
  json::Object entry = setup.agent_entry;
  entry["baseUrl"] = base_url;
  if (!setup.upstream.key.empty()) entry["apiKey"] = token;
  return json::serialize(json::Object{{"providers", json::Object{{provider, entry}}}});
}

}  // namespace butler::worker
