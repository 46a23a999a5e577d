#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vm/accelerator.hpp"

namespace butler::vm {

/// The serial port that carries everything between host and guest.
inline constexpr const char* port_name = "butler.streams";

/// A disk of a machine.
struct Disk {
  std::string name;            ///< its serial number in the guest: "workspace", "root", "changes"
  std::filesystem::path file;  ///< relative to the folder QEMU runs in, or absolute
  std::string format;          ///< "qcow2" or "raw"
  bool read_only = false;

  bool operator==(const Disk&) const = default;
};

/// What a machine is made of.
struct Hardware {
  Accelerator accelerator = Accelerator::tcg;
  int memory_mib = 128;
  int cpus = 1;
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::vector<Disk> disks;

  bool operator==(const Hardware&) const = default;
};

/// QEMU's command line, without the program. It has no network card, no display, no devices but those of
/// `hardware`, and denies itself new processes, other users and new limits. In the folder it runs in it
/// connects to qmp.sock (its control) and streams.sock (the guest's port), so both must be listened on
/// before.
/// @param waits_for_snapshot  start stopped, for a state that is loaded over the control connection
std::vector<std::string> qemu_arguments(const Hardware& hardware, bool waits_for_snapshot);

}  // namespace butler::vm
