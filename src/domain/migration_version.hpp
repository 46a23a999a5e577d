#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace butler::domain {

/// The number in a migration file's name: 1 of "0001_jobs.sql". Throws std::logic_error for another form.
inline std::int64_t migration_version(std::string_view name) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (error != std::errc{} || version <= 0 || end == name.data() + name.size() || *end != '_') {
    throw std::logic_error("a migration file needs a name like 0001_what.sql: " + std::string{name});
  }
  return version;
}

}  // namespace butler::domain
