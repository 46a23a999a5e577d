#include "wording/catalog.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>

#include "domain/embedded_file.hpp"
#include "json/value.hpp"
#include "wording/placeholder.hpp"

namespace butler::wording {

/// The files, in the order of `all_languages`; generated.
std::span<const domain::EmbeddedFile> language_files();

namespace {

[[noreturn]] void refuse(const std::string& key) {
  throw std::runtime_error("wording: " + key + R"( has to be a text, or {"one": text, "other": text})");
}

Sentence read_sentence(const std::string& key, const json::Value& value) {
  if (const auto* text = value.if_string()) return {.one = text->c_str(), .other = text->c_str()};
  const auto one = json::find_string(value, "one");
  const auto other = json::find_string(value, "other");
  if (one.empty() || other.empty() || value.as_object().size() != 2) refuse(key);
  return {.one = std::string{one}, .other = std::string{other}, .counts = true};
}

Catalog read_embedded(Language language) {
  const std::string name = std::string{code_of(language)} + ".json";
  const auto files = language_files();
  const auto file = std::ranges::find(files, std::string_view{name}, &domain::EmbeddedFile::name);
  if (file == files.end()) throw std::runtime_error("wording: " + name + " is not compiled in");
  return read_catalog(file->content);
}

}  // namespace

Catalog read_catalog(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) throw std::runtime_error("wording: " + parsed.error());
  const auto* groups = parsed->if_object();
  if (groups == nullptr) throw std::runtime_error("wording: the file has to be an object of groups");
  Catalog catalog;
  for (const auto& group : *groups) {
    const auto* sentences = group.value().if_object();
    if (sentences == nullptr) refuse(std::string{group.key()});
    for (const auto& sentence : *sentences) {
      const std::string key = std::string{group.key()} + "." + std::string{sentence.key()};
      catalog.emplace(key, read_sentence(key, sentence.value()));
    }
  }
  return catalog;
}

const Catalog& catalog_of(Language language) {
  static const std::array catalogs{read_embedded(Language::en), read_embedded(Language::de)};
  return catalogs.at(static_cast<std::size_t>(language));
}

std::set<std::string> placeholders(std::string_view sentence) {
  std::set<std::string> names;
  for (auto found = find_placeholder(sentence, 0); found; found = find_placeholder(sentence, found->end))
    names.emplace(found->name);
  return names;
}

}  // namespace butler::wording
