#include "vm_sandbox/content_digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace butler::vm_sandbox {

namespace {

EVP_MD_CTX* evp(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void start(void* context) {
  if (context == nullptr || EVP_DigestInit_ex(evp(context), EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc{};
}

}  // namespace

ContentDigest::ContentDigest() : context_(EVP_MD_CTX_new()) { start(context_); }

ContentDigest::~ContentDigest() { EVP_MD_CTX_free(evp(context_)); }

void ContentDigest::add(std::string_view bytes) {
  EVP_DigestUpdate(evp(context_), bytes.data(), bytes.size());
}

std::string ContentDigest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(evp(context_), bytes.data(), &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text.push_back(digits[bytes[i] >> 4U]);
    text.push_back(digits[bytes[i] & 0x0FU]);
  }
  start(context_);
  return text;
}

}  // namespace butler::vm_sandbox
