#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "wording/language.hpp"

namespace butler::wording {

/// One sentence; both forms are the same where nothing is counted.
struct Sentence {
  std::string one = {};
  std::string other = {};
  bool counts = false;  ///< it has both forms in its file
};

/// All sentences of a language by their key ("jobs.stopping").
using Catalog = std::map<std::string, Sentence, std::less<>>;

/// @throws std::runtime_error  naming the key, when the text is no JSON of groups of sentences
Catalog read_catalog(std::string_view json);

/// The one that is compiled into the program; read once. Thread-safe.
const Catalog& catalog_of(Language language);

/// The names between braces in a sentence: "{count} jobs of {name}" → count, name.
std::set<std::string> placeholders(std::string_view sentence);

}  // namespace butler::wording
