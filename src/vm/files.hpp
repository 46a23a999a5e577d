#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "digest/sha256.hpp"

namespace butler::vm {

/// The whole file. Throws std::system_error that names it.
std::string read_file(const std::filesystem::path& path);

/// Writes the file in whole or not at all (a new file takes its place), mode 0600. Throws std::system_error
/// that names it.
void write_file(const std::filesystem::path& path, std::string_view content);

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
