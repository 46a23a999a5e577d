#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "wording/language.hpp"

namespace butler::wording {

/// What takes the place of `{name}` in a sentence.
class Argument {
 public:
  Argument(std::string_view name, std::string_view text) : name_{name}, text_{text} {}
  Argument(std::string_view name, const char* text) : name_{name}, text_{text} {}
  Argument(std::string_view name, const std::string& text) : name_{name}, text_{text} {}
  template <std::integral Number>
    requires(!std::same_as<Number, bool> && !std::same_as<Number, char>)
  Argument(std::string_view name, Number number)
      : name_{name}, text_{std::to_string(number)}, one_{number == Number{1}} {}

  std::string_view name() const { return name_; }
  std::string_view text() const { return text_; }
  bool is_one() const { return one_; }

 private:
  std::string_view name_;
  std::string text_;
  bool one_ = false;
};

struct Sentence;

/// The sentence with its arguments in it, as say() does it.
std::string fill(const Sentence& sentence, std::initializer_list<Argument> arguments);

/// The sentence of a key ("jobs.stopping") in a language: `src/wording/<language>.json`, which group the keys
/// by feature. `{name}` is replaced by the argument of that name, once: what is in an argument stays as it
/// is. A sentence may be an object `{"one": …, "other": …}`: the argument `count` chooses. A key that a
/// language does not have is said in English; one that English does not have is returned itself, and a
/// placeholder without its argument stays: wording_test holds both files and all sources together, so that
/// neither happens. Pure.
std::string say(Language language, std::string_view key, std::initializer_list<Argument> arguments = {});

}  // namespace butler::wording
