#include "vm/accelerator.hpp"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace butler::vm {

namespace {

std::unexpected<std::string> failure(const std::string& what) {
  return std::unexpected(what + ": " + std::generic_category().message(errno));
}

}  // namespace

std::string_view accelerator_name(Accelerator accelerator) {
  return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

std::expected<void, std::string> check_kvm() {
  const int device = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (device < 0 && errno == EACCES) {
    return std::unexpected("/dev/kvm is not ours to use: add this user to the group kvm");
  }
  if (device < 0) return failure("/dev/kvm cannot be opened");
  const int version = ::ioctl(device, KVM_GET_API_VERSION, 0);
  const int machine = version == KVM_API_VERSION ? ::ioctl(device, KVM_CREATE_VM, 0) : -1;
  const auto outcome = machine >= 0 ? std::expected<void, std::string>{} : failure("KVM makes no machine");
  if (machine >= 0) ::close(machine);
  ::close(device);
  return outcome;
}

Accelerator choose_accelerator() { return check_kvm() ? Accelerator::kvm : Accelerator::tcg; }

}  // namespace butler::vm
