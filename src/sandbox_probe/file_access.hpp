#pragma once

#include <string>
#include <utility>

#include "sandbox_probe/attempt.hpp"

namespace butler::sandbox_probe {

/// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

/// Up to `limit` bytes of a file, "" when it cannot be read.
std::string read_file(const std::string& path, std::size_t limit = 1 << 20);

/// Open when a byte of the file can be read.
Finding try_read(const std::string& path);
/// Open when the file can be opened for writing; nothing is written.
Finding try_write(const std::string& path);
/// Open when a file of that name can be made; it is removed at once. Held when there is one already.
Finding try_create(const std::string& path);
/// Open when a folder of that name can be made; it is removed at once.
Finding try_make_folder(const std::string& path);
/// Open when the folder can be listed and has an entry of that name.
Finding try_list(const std::string& folder, const std::string& name);

}  // namespace butler::sandbox_probe
