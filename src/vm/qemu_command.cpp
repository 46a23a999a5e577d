#include "vm/qemu_command.hpp"

#include "json/value.hpp"

namespace butler::vm {

namespace {

/// QEMU's own confinement: none of these is needed after its start.
constexpr const char* confinement = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

std::string machine_type(Accelerator accelerator) {
  // microvm boots fastest, but hangs under TCG while it calibrates its clock.
  return accelerator == Accelerator::kvm ? "microvm,accel=kvm,acpi=on,rtc=on,usb=off"
                                         : "q35,accel=tcg,usb=off,vmport=off,smm=off,hpet=off";
}

/// microvm's virtio devices sit on its own bus, not on PCI.
std::string device_suffix(Accelerator accelerator) {
  return accelerator == Accelerator::kvm ? "-device" : "-pci";
}

std::string kernel_line(Accelerator accelerator) {
  // A translated guest on a busy host misses ticks of the timer that it would check, and gives up on it.
  const std::string_view timer =
      accelerator == Accelerator::tcg ? " no_timer_check tsc_early_khz=2000000" : "";
  return "console=ttyS0 quiet panic=-1 rdinit=/init" + std::string{timer};
}

/// As JSON, so that no character of a path has a meaning.
std::string block_device(const Disk& disk) {
  return json::serialize(
      json::Object{{"driver", disk.format},
                   {"node-name", disk.name},
                   {"read-only", disk.read_only},
                   {"discard", "unmap"},
                   {"file", json::Object{{"driver", "file"}, {"filename", disk.file.string()}}}});
}

}  // namespace

std::vector<std::string> qemu_arguments(const Hardware& hardware, bool waits_for_snapshot) {
  const auto suffix = device_suffix(hardware.accelerator);
  std::vector<std::string> arguments{
      "-name", "butler-vm", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic",
      "none", "-sandbox", confinement, "-machine", machine_type(hardware.accelerator), "-cpu",
      hardware.accelerator == Accelerator::kvm ? "host" : "max", "-smp", std::to_string(hardware.cpus), "-m",
      std::to_string(hardware.memory_mib), "-kernel", hardware.kernel.string(), "-initrd",
      hardware.initrd.string(), "-append", kernel_line(hardware.accelerator), "-chardev",
      "socket,id=qmp,path=qmp.sock", "-mon", "chardev=qmp,mode=control",
      // We keep its last words only: the guest cannot fill a disk of ours with its console.
      "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-device",
      "virtio-serial" + suffix, "-chardev", "socket,id=streams,path=streams.sock", "-device",
      std::string{"virtserialport,chardev=streams,name="} + port_name};
  for (const auto& disk : hardware.disks) {
    arguments.insert(arguments.end(), {"-blockdev", block_device(disk)});
    arguments.insert(arguments.end(),
                     {"-device", "virtio-blk" + suffix + ",drive=" + disk.name + ",serial=" + disk.name});
  }
  if (waits_for_snapshot) arguments.insert(arguments.end(), {"-incoming", "defer"});
  return arguments;
}

}  // namespace butler::vm
