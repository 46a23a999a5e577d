#include "vm/files.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <new>
#include <system_error>

namespace butler::vm {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

EVP_MD_CTX* evp(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) fail(path);
  std::string content{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  if (file.bad()) fail(path);
  return content;
}

void write_file(const fs::path& path, std::string_view content) {
  auto fresh = path;
  fresh += ".new";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) fail(fresh);
  while (!content.empty()) {
    const auto count = ::write(file, content.data(), content.size());
    if (count < 0) {
      const int reason = errno;
      ::close(file);
      errno = reason;
      fail(fresh);
    }
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file) != 0 || ::close(file) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0) fail(path);
}

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(evp(context_), EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc{};
  }
}

Digest::~Digest() { EVP_MD_CTX_free(evp(context_)); }

void Digest::add(std::string_view name, std::string_view bytes) {
  const auto head = std::string{name} + ':' + std::to_string(bytes.size()) + ':';
  EVP_DigestUpdate(evp(context_), head.data(), head.size());
  EVP_DigestUpdate(evp(context_), bytes.data(), bytes.size());
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(evp(context_), bytes.data(), &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text.push_back(digits[bytes[i] >> 4U]);
    text.push_back(digits[bytes[i] & 0x0FU]);
  }
  return text;
}

}  // namespace butler::vm
