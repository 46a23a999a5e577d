#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <optional>
#include <string_view>

namespace butler::domain {

/// The enumerator's name: what the wire, the databases and the logs show.
template <class Enum>
constexpr std::string_view enum_name(Enum value) {
  std::string_view name = "?";
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto described) {
    if (described.value == value) name = described.name;
  });
  return name;
}

/// The enumerator of that exact name; nullopt when there is none.
template <class Enum>
constexpr std::optional<Enum> enum_from_name(std::string_view name) {
  std::optional<Enum> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto described) {
    if (name == described.name) found = described.value;
  });
  return found;
}

}  // namespace butler::domain
