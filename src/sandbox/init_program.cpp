#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "sandbox/sandbox.hpp"

namespace butler::sandbox {

InitProgram::InitProgram(const std::filesystem::path& file)
    : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ >= 0) return;
  throw std::runtime_error("the program that starts sandboxes is missing, " + file.string() + ": " +
                           std::generic_category().message(errno) +
                           ". It belongs beside butler: install it again.");
}

InitProgram InitProgram::beside_this_program() {
  return InitProgram{std::filesystem::read_symlink("/proc/self/exe").parent_path() / "butler-sandbox-init"};
}

InitProgram::InitProgram(InitProgram&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
InitProgram& InitProgram::operator=(InitProgram&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
InitProgram::~InitProgram() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace butler::sandbox
