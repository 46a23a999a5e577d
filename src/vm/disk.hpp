#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <string>

namespace butler::vm {

/// Makes a disk with an empty ext4 file system that belongs to the guest's user `agent`: a qcow2 file that
/// grows with what is written, up to `mebibytes`. Needs no rights. A file that is there is replaced.
boost::asio::awaitable<std::expected<void, std::string>> make_disk(std::filesystem::path file, int mebibytes);

}  // namespace butler::vm
