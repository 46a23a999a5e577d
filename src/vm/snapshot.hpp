#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <string>

#include "vm/machine.hpp"

namespace butler::vm {

/// The file in `folder` that has the state of such a machine after its boot; the machine is booted for it
/// once, when there is none for this QEMU, image, hardware and disks of this size.
boost::asio::awaitable<std::expected<std::filesystem::path, std::string>> snapshot_of(
    MachineOptions options, std::string image_digest, std::int64_t workspace_mib,
    std::filesystem::path folder);

}  // namespace butler::vm
