#include "vm/files.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace butler::vm {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) fail(path);
  std::string content{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  if (file.bad()) fail(path);
  return content;
}

void Digest::add(std::string_view name, std::string_view bytes) {
  hash_.add(std::string{name} + ':' + std::to_string(bytes.size()) + ':');
  hash_.add(bytes);
}

std::string Digest::finish() { return hash_.finish(); }

}  // namespace butler::vm
