#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "digest/sha256.hpp"

namespace butler::vm {

/// The whole file. Throws std::system_error that names it.
std::string read_file(const std::filesystem::path& path);

/// SHA-256 of named texts, as 64 lower-case hexadecimal digits.
class Digest {
 public:
  /// Adds a part: its name, its length and its bytes all count.
  void add(std::string_view name, std::string_view bytes);
  std::string finish();

 private:
  digest::Sha256 hash_;
};

}  // namespace butler::vm
