#include "wording/say.hpp"

#include <algorithm>

#include "wording/catalog.hpp"
#include "wording/placeholder.hpp"

namespace butler::wording {

namespace {

const Sentence* find_sentence(Language language, std::string_view key) {
  for (const Language candidate : {language, Language::en}) {
    const Catalog& catalog = catalog_of(candidate);
    if (const auto found = catalog.find(key); found != catalog.end()) return &found->second;
  }
  return nullptr;
}

const Argument* find_argument(std::initializer_list<Argument> arguments, std::string_view name) {
  const auto* const found = std::ranges::find(arguments, name, &Argument::name);
  return found == arguments.end() ? nullptr : found;
}

}  // namespace

std::string fill(const Sentence& sentence, std::initializer_list<Argument> arguments) {
  const Argument* count = find_argument(arguments, "count");
  const std::string_view form = count != nullptr && count->is_one() ? sentence.one : sentence.other;
  std::string said;
  std::size_t from = 0;
  for (auto found = find_placeholder(form, 0); found; found = find_placeholder(form, found->end)) {
    const Argument* argument = find_argument(arguments, found->name);
    if (argument == nullptr) continue;
    said += form.substr(from, found->begin - from);
    said += argument->text();
    from = found->end;
  }
  return said += form.substr(from);
}

std::string say(Language language, std::string_view key, std::initializer_list<Argument> arguments) {
  const Sentence* sentence = find_sentence(language, key);
  return sentence == nullptr ? std::string{key} : fill(*sentence, arguments);
}

}  // namespace butler::wording
