#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace butler::digest {

/// SHA-256 of the bytes, as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// SHA-256 of bytes that come one part after the other: what counts is all of them in a row, not where one
/// part ends. Throws std::runtime_error where OpenSSL has no SHA-256.
class Sha256 {
 public:
  Sha256();

  void add(std::string_view bytes);

  /// The digest of what was added, as 64 lower-case hexadecimal digits; the next one begins anew.
  std::string finish();

 private:
  void begin();

  /// OpenSSL's state; its type stays in the source file.
  std::unique_ptr<void, void (*)(void*)> context_;
};

}  // namespace butler::digest
