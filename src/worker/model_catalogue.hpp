#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model_proxy/price.hpp"

namespace butler::worker {

/// The models of a provider, and what they cost.
struct ModelCatalogue {
  std::set<std::string, std::less<>> models;
  model_proxy::PriceList prices;                   ///< of those whose price is known
  std::set<std::string, std::less<>> seeing = {};  ///< those that take pictures

  /// The model that PI_MODEL names: an id, "provider/id" or "id:thinking level". nullopt when it is empty or
  /// a pattern, for which pi chooses.
  std::optional<std::string> pinned(std::string_view provider, std::string_view pi_model) const;

  /// Azure asks for deployments instead of models: "model=deployment, …".
  void rename(std::string_view deployments);
};

/// Where pi keeps the data of its built-in providers, as its command line tells: candidates, best first.
std::vector<std::filesystem::path> model_data_files(const std::vector<std::string>& pi_command,
                                                    const std::string& provider);

/// The catalogue out of pi's data ("" for none) and the provider's entry in the user's models.json, which
/// goes first. Pure. The error names a cost that is none.
std::expected<ModelCatalogue, std::string> read_catalogue(std::string_view model_data,
                                                          const json::Object& user_entry);

}  // namespace butler::worker
