#include "digest/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace butler::digest {

namespace {

/// Looked up once: the search costs more than the digest of a short text.
const EVP_MD* algorithm() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int length = 0;
  if (algorithm() == nullptr ||
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, algorithm(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available from OpenSSL");
  }
  constexpr std::string_view alphabet = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex.push_back(alphabet[byte >> 4U]);
    hex.push_back(alphabet[byte & 0xFU]);
  }
  return hex;
}

}  // namespace butler::digest
