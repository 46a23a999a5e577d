#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "config/decode.hpp"
#include "config/providers.hpp"

namespace butler::config {

namespace {

/// Further apart, two names have nothing to do with each other.
constexpr std::size_t near = 3;

/// Single-character insertions, deletions and replacements that make one text the other (Levenshtein).
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::set<std::string_view> known_names() {
  std::set<std::string_view> names;
  for (const Variable& variable : variables()) names.insert(variable.name);
  for (const Provider& provider : providers()) {
    names.insert(provider.keys.begin(), provider.keys.end());
    names.insert(provider.extras.begin(), provider.extras.end());
  }
  return names;
}

bool begins_as_ours(std::string_view name) {
  static constexpr std::array openings{"BUTLER_", "ORCH_", "GATEWAY_", "TELEGRAM_", "TG_", "WORKER_", "PI_"};
  return std::ranges::any_of(openings, [name](const char* opening) { return name.starts_with(opening); });
}

}  // namespace

std::vector<std::string> unknown_names(const Environment& environment) {
  const auto known = known_names();
  std::vector<std::string> sentences;
  for (const auto& [name, entry] : environment) {
    if (entry.source == environment_source || known.contains(name)) continue;
    const auto nearest = std::ranges::min_element(
        known, {}, [&](std::string_view candidate) { return distance(name, candidate); });
    const bool close = distance(name, *nearest) <= std::min(near, name.size() / 3);
    if (!close && !begins_as_ours(name)) continue;
    sentences.push_back(name + " (" + entry.source + ") is no variable of Butler's" +
                        (close ? "; did you mean " + std::string{*nearest} + "?" : ""));
  }
  return sentences;
}

}  // namespace butler::config
