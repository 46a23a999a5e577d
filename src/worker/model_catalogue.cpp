#include "worker/model_catalogue.hpp"

#include <algorithm>
#include <utility>

namespace butler::worker {

namespace fs = std::filesystem;
using model_proxy::decode_price;

namespace {

constexpr const char* data_folder = "node_modules/@earendil-works/pi-ai/dist/providers/data";

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Notes whether a model takes pictures; without a word on it, it takes text alone, as pi has it.
void take_sight(const json::Value& model, const std::string& id, ModelCatalogue& catalogue) {
  catalogue.seeing.erase(id);
  const json::Value* const input = json::find(model, "input");
  if (input == nullptr || !input->is_array()) return;
  const auto is_image = [](const json::Value& one) { return one.is_string() && one.get_string() == "image"; };
  if (std::ranges::any_of(input->get_array(), is_image)) catalogue.seeing.insert(id);
}

/// {"<api>": {"<id>": {…, "cost": {…}}}}. pi's own file: what does not fit is left out, and has no price.
void take_model_data(std::string_view text, ModelCatalogue& catalogue) {
  const auto parsed = json::parse(text);
  if (!parsed || !parsed->is_object()) return;
  for (const auto& api : parsed->get_object()) {
    if (!api.value().is_object()) continue;
    for (const auto& model : api.value().get_object()) {
      const std::string id{model.key()};
      catalogue.models.insert(id);
      take_sight(model.value(), id, catalogue);
      const json::Value* const cost = json::find(model.value(), "cost");
      const auto price = cost == nullptr ? std::nullopt : decode_price(*cost);
      if (price) catalogue.prices.insert_or_assign(id, *price);
    }
  }
}

std::unexpected<std::string> bad_cost(std::string_view id) {
  return std::unexpected(
      "models.json gives the model " + std::string{id} +
      " a cost that is none: expected input, output, cacheRead and cacheWrite, in dollars for "
      "a million tokens");
}

/// A model of the user's replaces pi's of the same id; without a cost its price is unknown.
std::expected<void, std::string> take_models(const json::Value& models, ModelCatalogue& catalogue) {
  if (!models.is_array()) return {};
  for (const json::Value& model : models.get_array()) {
    const std::string id{json::find_string(model, "id")};
    if (id.empty()) continue;
    catalogue.models.insert(id);
    catalogue.prices.erase(id);
    take_sight(model, id, catalogue);
    const json::Value* const cost = json::find(model, "cost");
    if (cost == nullptr) continue;
    const auto price = decode_price(*cost);
    if (!price) return bad_cost(id);
    catalogue.prices.insert_or_assign(id, *price);
  }
  return {};
}

/// Changes single rates of models that are there.
std::expected<void, std::string> take_overrides(const json::Value& overrides, ModelCatalogue& catalogue) {
  if (!overrides.is_object()) return {};
  for (const auto& change : overrides.get_object()) {
    if (json::find(change.value(), "input") != nullptr)
      take_sight(change.value(), std::string{change.key()}, catalogue);
    const json::Value* const cost = json::find(change.value(), "cost");
    const auto known = catalogue.prices.find(change.key());
    if (cost == nullptr || !cost->is_object()) continue;
    const auto rates = known == catalogue.prices.end() ? model_proxy::Rates{} : known->second.rates;
    json::Object whole{{"input", rates.input},
                       {"output", rates.output},
                       {"cacheRead", rates.cache_read},
                       {"cacheWrite", rates.cache_write}};
    for (const auto& rate : cost->get_object()) whole[rate.key()] = rate.value();
    auto price = decode_price(whole);
    if (!price) return bad_cost(change.key());
    if (known != catalogue.prices.end() && price->tiers.empty()) price->tiers = known->second.tiers;
    catalogue.prices.insert_or_assign(std::string{change.key()}, std::move(*price));
  }
  return {};
}

}  // namespace

std::optional<std::string> ModelCatalogue::pinned(std::string_view provider,
                                                  std::string_view pi_model) const {
  const auto is_model = [this](std::string_view text) { return models.contains(text); };
  const std::string prefix = std::string{provider} + "/";
  for (std::string_view text : {pi_model, pi_model.substr(0, pi_model.rfind(':'))}) {
    if (is_model(text)) return std::string{text};
    if (text.starts_with(prefix) && is_model(text.substr(prefix.size()))) {
      return std::string{text.substr(prefix.size())};
    }
  }
  return std::nullopt;
}

void ModelCatalogue::rename(std::string_view deployments) {
  while (!deployments.empty()) {
    const auto comma = std::min(deployments.find(','), deployments.size());
    const auto pair = deployments.substr(0, comma);
    deployments.remove_prefix(std::min(comma + 1, deployments.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string deployment{trim(pair.substr(equals + 1))};
    const auto price = prices.find(trim(pair.substr(0, equals)));
    if (price != prices.end()) prices.insert_or_assign(deployment, price->second);
    // Which of the two names a request has is pi's to know: neither is pinned.
    models.erase(std::string{trim(pair.substr(0, equals))});
  }
}

std::vector<fs::path> model_data_files(const std::vector<std::string>& pi_command,
                                       const std::string& provider) {
  std::vector<fs::path> files;
  const std::string name = provider + ".json";
  for (const fs::path word : pi_command) {
    if (!word.has_parent_path()) continue;
    // A launcher in <runtime>/bin, or a script somewhere below the runtime's node_modules.
    files.push_back(word.parent_path().parent_path() / data_folder / name);
    const std::string text = word.string();
    const auto modules = text.find("/node_modules/");
    if (modules != std::string::npos) files.push_back(fs::path{text.substr(0, modules)} / data_folder / name);
  }
  return files;
}

std::expected<ModelCatalogue, std::string> read_catalogue(std::string_view model_data,
                                                          const json::Object& user_entry) {
  ModelCatalogue catalogue;
  if (!model_data.empty()) take_model_data(model_data, catalogue);
  if (const auto* const models = user_entry.if_contains("models")) {
    if (const auto taken = take_models(*models, catalogue); !taken) return std::unexpected(taken.error());
  }
  if (const auto* const overrides = user_entry.if_contains("modelOverrides")) {
    if (const auto taken = take_overrides(*overrides, catalogue); !taken)
      return std::unexpected(taken.error());
  }
  return catalogue;
}

}  // namespace butler::worker
