#pragma once

#include "vm/guest/report.hpp"

/// What the guest does as its first process, before it talks to the host.
namespace butler::vm::guest {

/// Mounts the kernel's file systems, loads the modules that /modules/order names, and switches `lo` on.
Outcome boot();

/// Opens the serial port named `name` that the host listens on.
std::expected<int, std::string> open_port(const std::string& name);

/// A socket that listens on 127.0.0.1:3128, where the sandbox tiers have theirs.
std::expected<int, std::string> listen_for_services();

/// Writes what is unwritten and switches the machine off. Does not return.
[[noreturn]] void power_off();

}  // namespace butler::vm::guest
