#include "digest/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace butler::digest {

namespace {

using Bytes = std::array<unsigned char, 32>;

/// Looked up once: the search costs more than the digest of a short text.
const EVP_MD* algorithm() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}

EVP_MD_CTX* state(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void require(bool done) {
  if (!done) throw std::runtime_error("SHA-256 is not available from OpenSSL");
}

std::string hexadecimal(const Bytes& bytes) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  std::string hex(2 * bytes.size(), '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    hex[2 * i] = alphabet[bytes.at(i) >> 4U];
    hex[2 * i + 1] = alphabet[bytes.at(i) & 0xFU];
  }
  return hex;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  // Kept: to make a context costs as much as the digest of a short text.
  thread_local Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

Sha256::Sha256() : context_(EVP_MD_CTX_new(), [](void* context) { EVP_MD_CTX_free(state(context)); }) {
  begin();
}

void Sha256::begin() {
  require(context_ != nullptr && algorithm() != nullptr &&
          EVP_DigestInit_ex(state(context_.get()), algorithm(), nullptr) == 1);
}

void Sha256::add(std::string_view bytes) {
  require(EVP_DigestUpdate(state(context_.get()), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  Bytes digest{};
  unsigned int length = 0;
  require(EVP_DigestFinal_ex(state(context_.get()), digest.data(), &length) == 1);
  begin();
  return hexadecimal(digest);
}

}  // namespace butler::digest
