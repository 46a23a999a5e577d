#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace butler::vm {

/// What runs the guest's instructions: the processor (KVM), or QEMU's translation (TCG), some ten times
/// slower.
enum class Accelerator : std::uint8_t { kvm, tcg };

/// "kvm", "tcg": QEMU's names.
std::string_view accelerator_name(Accelerator accelerator);

/// Whether this process can really make machines with KVM: the device may exist where the processor, or the
/// machine that we are in, has no virtualization. The error is a sentence that says what is missing.
std::expected<void, std::string> check_kvm();

/// KVM where check_kvm() succeeds, else TCG.
Accelerator choose_accelerator();

}  // namespace butler::vm
