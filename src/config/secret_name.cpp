#include "config/secret_name.hpp"

#include <algorithm>
#include <array>

#include "config/providers.hpp"
#include "config/variables.hpp"

namespace butler::config {

bool is_secret_name(std::string_view name, const Place& place) {
  if (const auto* const variable = find_variable(name)) return variable->secret();
  const auto among = [&name](const auto& names) { return std::ranges::find(names, name) != names.end(); };
  const auto is_key_of = [&](const Provider& provider) { return among(provider.keys); };
  constexpr std::array<std::string_view, 4> endings{"_KEY", "_TOKEN", "_SECRET", "_PASSWORD"};
  return std::ranges::any_of(providers(), is_key_of) || among(place.provider_variables) ||
         std::ranges::any_of(endings, [&name](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace butler::config
