#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wording/catalog.hpp"

/// Holds the languages' files together, and the sources to them.
namespace butler::wording::files_test {

namespace {

/// A call of say() in the sources: its key, and the names of its arguments.
struct Call {
  std::string place = {};
  std::string key = {};
  std::set<std::string> arguments = {};
};

std::string read(const std::filesystem::path& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// From an opening bracket to after the one that closes it; strings are skipped.
std::string_view bracketed(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '(' || text[i] == '{')) {
      ++depth;
    } else if (!quoted && (text[i] == ')' || text[i] == '}') && --depth == 0) {
      return text.substr(0, i + 1);
    }
  }
  return text;
}

bool is_key(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos &&
         std::ranges::count(text, '.') == 1 && !text.starts_with('.') && !text.ends_with('.');
}

/// The keys that a call names (there can be two, with a condition between them), each with all its arguments.
std::vector<Call> read_call(const std::string& place, std::string_view call) {
  std::vector<std::string> keys;
  std::set<std::string> arguments;
  for (auto begin = call.find('"'); begin != std::string_view::npos; begin = call.find('"', begin + 1)) {
    auto end = begin + 1;
    while (end < call.size() && call[end] != '"') end += call[end] == '\\' ? 2U : 1U;
    const std::string_view text = call.substr(begin + 1, std::min(end, call.size()) - begin - 1);
    if (call[begin - 1] == '{' && call.substr(end).starts_with("\",")) arguments.emplace(text);
    if (is_key(text)) keys.emplace_back(text);
    begin = std::min(end, call.size() - 1);
  }
  std::vector<Call> calls;
  for (const std::string& key : keys) calls.push_back({.place = place, .key = key, .arguments = arguments});
  return calls;
}

std::vector<Call> calls_in(const std::filesystem::path& path) {
  constexpr std::string_view name = "say(";
  const std::string text = read(path);
  std::vector<Call> calls;
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    if (at > 0 && (std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0 || text[at - 1] == '_'))
      continue;
    std::ranges::move(
        read_call(path.filename(), bracketed(std::string_view{text}.substr(at + name.size() - 1))),
        std::back_inserter(calls));
  }
  return calls;
}

std::vector<std::filesystem::path> sources() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{BUTLER_SOURCE_DIR "/src"}) {
    const std::string name = entry.path().filename();
    if ((name.ends_with(".cpp") || name.ends_with(".hpp")) && !name.ends_with("_test.cpp"))
      found.push_back(entry.path());
  }
  return found;
}

std::set<std::string> placeholders_of(const Sentence& sentence) {
  auto names = placeholders(sentence.one);
  names.merge(placeholders(sentence.other));
  return names;
}

}  // namespace

TEST(WordingFiles, HaveTheSameKeysInEveryLanguage) {
  for (const Language language : all_languages) {
    for (const auto& [key, sentence] : catalog_of(Language::en))
      EXPECT_TRUE(catalog_of(language).contains(key)) << code_of(language) << ".json needs " << key;
    for (const auto& [key, sentence] : catalog_of(language))
      EXPECT_TRUE(catalog_of(Language::en).contains(key)) << "en.json needs " << key;
  }
}

TEST(WordingFiles, HaveTheSamePlaceholdersInEveryLanguage) {
  for (const auto& [key, english] : catalog_of(Language::en)) {
    for (const Language language : all_languages) {
      const auto found = catalog_of(language).find(key);
      if (found == catalog_of(language).end()) continue;
      EXPECT_EQ(placeholders_of(found->second), placeholders_of(english)) << code_of(language) << ": " << key;
    }
  }
}

TEST(WordingFiles, HoldNoEmptyOrCarelessSentence) {
  for (const Language language : all_languages) {
    for (const auto& [key, sentence] : catalog_of(language)) {
      EXPECT_FALSE(sentence.other.empty()) << code_of(language) << ": " << key;
      EXPECT_EQ(sentence.other.find("  "), std::string::npos) << code_of(language) << ": " << key;
    }
  }
}

TEST(WordingFiles, HaveEverySentenceThatTheSourcesSayWithItsArguments) {
  for (const auto& path : sources()) {
    for (const Call& call : calls_in(path)) {
      const auto found = catalog_of(Language::en).find(call.key);
      if (found == catalog_of(Language::en).end()) {
        ADD_FAILURE() << call.place << " says " << call.key << ", which the languages' files do not have";
        continue;
      }
      std::set<std::string> needed = placeholders_of(found->second);
      if (found->second.counts) needed.insert("count");
      for (const std::string& name : needed)
        EXPECT_TRUE(call.arguments.contains(name))
            << call.place << ": " << call.key << " needs {" << name << "}";
    }
  }
}

TEST(WordingFiles, HaveNoSentenceThatNothingSays) {
  std::string all;
  for (const auto& path : sources()) all += read(path);
  for (const auto& [key, sentence] : catalog_of(Language::en))
    EXPECT_NE(all.find('"' + key + '"'), std::string::npos) << "nothing says " << key;
}

}  // namespace butler::wording::files_test
