#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace butler::postgres {

/// An array as a parameter: {"a","b",NULL}. For statements that take many rows at once (unnest).
class Array {
 public:
  void add(std::string_view element);
  void add(std::int64_t element) { add(std::string_view{std::to_string(element)}); }
  void add(const std::string& element) { add(std::string_view{element}); }
  template <class T>
  void add(const std::optional<T>& element) {
    if (element) {
      add(*element);
    } else {
      add_raw("NULL");
    }
  }

  std::string text() const { return "{" + text_ + "}"; }

 private:
  void add_raw(std::string_view element);

  std::string text_;
};

}  // namespace butler::postgres
