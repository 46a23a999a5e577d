#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <concepts>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "domain/enum_name.hpp"
#include "domain/timestamp.hpp"
#include "json/value.hpp"

/// Described structs ↔ JSON. Members are snake_case in C++ and camelCase on the wire (a type can say
/// otherwise with `snake_case_on_the_wire`). Tolerant of unknown members, strict on types; every error names
/// its path. std::optional members may be absent (or null) and are left out when empty; all others are
/// required.
namespace butler::json {

/// One thing that is wrong, and where: path "requester/userId", message "expected a string, got a number".
struct Problem {
  std::string path;
  std::string message;

  bool operator==(const Problem&) const = default;
};

/// Specialise as true for foreign types whose wire names are snake_case (Telegram).
template <class T>
inline constexpr bool snake_case_on_the_wire = false;

/// Appends the text as a JSON string, escaped as serialize() does.
void append_quoted(std::string& out, std::string_view text);

/// "chat_id" → "chatId".
std::string to_camel_case(std::string_view name);

namespace detail {

/// Where the decoder stands: a linked list on the stack, so that success costs nothing.
struct Path {
  const Path* parent = nullptr;
  std::string_view name = {};
  std::size_t index = 0;

  std::string text() const;
};

using Problems = std::vector<Problem>;

void report(Problems& problems, const Path& path, std::string message);
void report_type(Problems& problems, const Path& path, std::string_view expected, const Value& got);

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
struct Codec;

template <>
struct Codec<std::string> {
  static void decode(const Value& value, std::string& out, const Path& path, Problems& problems);
  static Value encode(const std::string& text) { return Value(text); }
  static void write(const std::string& text, std::string& out) { append_quoted(out, text); }
};

template <>
struct Codec<bool> {
  static void decode(const Value& value, bool& out, const Path& path, Problems& problems);
  static Value encode(bool flag) { return flag; }
  static void write(bool flag, std::string& out) { out.append(flag ? "true" : "false"); }
};

template <>
struct Codec<std::int64_t> {
  static void decode(const Value& value, std::int64_t& out, const Path& path, Problems& problems);
  static Value encode(std::int64_t number) { return number; }
  static void write(std::int64_t number, std::string& out) { out.append(std::to_string(number)); }
};

template <>
struct Codec<double> {
  static void decode(const Value& value, double& out, const Path& path, Problems& problems);
  static Value encode(double number) { return number; }
  static void write(double number, std::string& out) { out.append(serialize(number)); }
};

template <>
struct Codec<domain::Timestamp> {
  static void decode(const Value& value, domain::Timestamp& out, const Path& path, Problems& problems);
  static Value encode(domain::Timestamp time) { return Value(domain::to_iso8601(time)); }
  static void write(domain::Timestamp time, std::string& out) {
    append_quoted(out, domain::to_iso8601(time));
  }
};

template <>
struct Codec<Value> {
  /// In memory of its own, wherever the value's is.
  static void decode(const Value& value, Value& out, const Path&, Problems&) {
    out = Value(value, boost::json::storage_ptr{});
  }
  static Value encode(const Value& value) { return value; }
  static void write(const Value& value, std::string& out) { out.append(serialize(value)); }
};

template <class Enum>
  requires std::is_enum_v<Enum>
struct Codec<Enum> {
  static void decode(const Value& value, Enum& out, const Path& path, Problems& problems) {
    const auto* text = value.if_string();
    if (text == nullptr) return report_type(problems, path, "a string", value);
    const auto found = domain::enum_from_name<Enum>(std::string_view{*text});
    if (!found) return report(problems, path, "unknown value '" + std::string{std::string_view{*text}} + "'");
    out = *found;
  }
  static Value encode(Enum value) { return Value(domain::enum_name(value)); }
  static void write(Enum value, std::string& out) { append_quoted(out, domain::enum_name(value)); }
};

template <class T>
struct Codec<std::vector<T>> {
  static void decode(const Value& value, std::vector<T>& out, const Path& path, Problems& problems) {
    const auto* array = value.if_array();
    if (array == nullptr) return report_type(problems, path, "an array", value);
    out.clear();
    out.reserve(array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      const Path item{.parent = &path, .index = i};
      Codec<T>::decode((*array)[i], out.emplace_back(), item, problems);
    }
  }
  static Value encode(const std::vector<T>& items) {
    Array array;
    array.reserve(items.size());
    for (const T& item : items) array.push_back(Codec<T>::encode(item));
    return array;
  }
  static void write(const std::vector<T>& items, std::string& out) {
    out.push_back('[');
    for (bool first = true; const T& item : items) {
      if (!std::exchange(first, false)) out.push_back(',');
      Codec<T>::write(item, out);
    }
    out.push_back(']');
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static void decode(const Value& value, std::map<std::string, T>& out, const Path& path,
                     Problems& problems) {
    const auto* object = value.if_object();
    if (object == nullptr) return report_type(problems, path, "an object", value);
    out.clear();
    for (const auto& member : *object) {
      const Path item{.parent = &path, .name = member.key()};
      Codec<T>::decode(member.value(), out[std::string{std::string_view{member.key()}}], item, problems);
    }
  }
  static Value encode(const std::map<std::string, T>& items) {
    Object object;
    for (const auto& [key, item] : items) object.emplace(key, Codec<T>::encode(item));
    return object;
  }
  static void write(const std::map<std::string, T>& items, std::string& out) {
    out.push_back('{');
    for (bool first = true; const auto& [key, item] : items) {
      if (!std::exchange(first, false)) out.push_back(',');
      append_quoted(out, key);
      out.push_back(':');
      Codec<T>::write(item, out);
    }
    out.push_back('}');
  }
};

template <class T>
  requires boost::describe::has_describe_members<T>::value
struct Codec<T> {
  static std::string wire_name(std::string_view name) {
    return snake_case_on_the_wire<T> ? std::string{name} : to_camel_case(name);
  }

  static void decode(const Value& value, T& out, const Path& path, Problems& problems) {
    const auto* object = value.if_object();
    if (object == nullptr) return report_type(problems, path, "an object", value);
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          using Member = std::remove_cvref_t<decltype(out.*member.pointer)>;
          static const std::string name = wire_name(member.name);
          const Path item{.parent = &path, .name = name};
          const Value* found = object->if_contains(name);
          if constexpr (is_optional<Member>) {
            if (found == nullptr || found->is_null()) return;
            Codec<typename Member::value_type>::decode(*found, (out.*member.pointer).emplace(), item,
                                                       problems);
          } else {
            if (found == nullptr) return report(problems, item, "is required");
            Codec<Member>::decode(*found, out.*member.pointer, item, problems);
          }
        });
  }

  static Value encode(const T& in) {
    Object object;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          using Member = std::remove_cvref_t<decltype(in.*member.pointer)>;
          static const std::string name = wire_name(member.name);
          if constexpr (is_optional<Member>) {
            if (!(in.*member.pointer)) return;
            object.emplace(name, Codec<typename Member::value_type>::encode(*(in.*member.pointer)));
          } else {
            object.emplace(name, Codec<Member>::encode(in.*member.pointer));
          }
        });
    return object;
  }

  static void write(const T& in, std::string& out) {
    char before = '{';
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          using Member = std::remove_cvref_t<decltype(in.*member.pointer)>;
          static const std::string key = "\"" + wire_name(member.name) + "\":";
          if constexpr (is_optional<Member>) {
            if (!(in.*member.pointer)) return;
            out.append(1, std::exchange(before, ',')).append(key);
            Codec<typename Member::value_type>::write(*(in.*member.pointer), out);
          } else {
            out.append(1, std::exchange(before, ',')).append(key);
            Codec<Member>::write(in.*member.pointer, out);
          }
        });
    out.append(before == '{' ? "{}" : "}");
  }
};

}  // namespace detail

/// Reads a described struct; all that is wrong at once.
template <class T>
std::expected<T, std::vector<Problem>> decode(const Value& value) {
  T out{};
  detail::Problems problems;
  detail::Codec<T>::decode(value, out, {}, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return out;
}

template <class T>
Value encode(const T& in) {
  return detail::Codec<T>::encode(in);
}

/// serialize(encode(in)), without the tree in between: a tenth of what a request costs goes into one.
template <class T>
std::string to_text(const T& in) {
  std::string text;
  text.reserve(512);
  detail::Codec<T>::write(in, text);
  return text;
}

}  // namespace butler::json
