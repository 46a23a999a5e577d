#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "domain/timestamp.hpp"
#include "vm/image.hpp"
#include "vm/machine.hpp"

namespace butler::vm {

/// What a machine was created with; `machine/machine.json`.
struct MachineRecord {
  ImageKind image = ImageKind::tiny;
  std::string digest;
  std::int64_t memory_mib = 128;
  std::int64_t cpus = 1;
  std::int64_t workspace_mib = 4096;
  domain::Timestamp created_at;
};

/// How a machine came up.
struct Started {
  std::unique_ptr<Machine> machine;
  bool from_snapshot = false;
};

/// Butler's machine on disk, in `<home>/vm`: images/, packages/, snapshots/ and machine/. Its lock is the
/// socket machine/machine.sock, on which the machine's supervisor listens while it runs.
class MachineStore {
 public:
  explicit MachineStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path machine_folder() const { return folder_ / "machine"; }
  std::filesystem::path socket() const { return machine_folder() / "machine.sock"; }
  std::filesystem::path workspace_disk() const { return machine_folder() / "workspace.qcow2"; }
  std::filesystem::path log() const { return machine_folder() / "log"; }

  /// The machine's record; nullopt when there is no machine. Throws std::runtime_error that names a file
  /// which cannot be read.
  std::optional<MachineRecord> read() const;

  /// Writes the record and makes the disks.
  boost::asio::awaitable<std::expected<void, std::string>> create(MachineRecord record);
  /// Drops what the machine has changed outside its workspace, and the snapshots; with `workspace`,
  /// everything in the workspace, too. Only while the machine is off.
  boost::asio::awaitable<std::expected<void, std::string>> reset(MachineRecord record, bool workspace);
  /// Removes the machine with its disks and snapshots; images and packages stay. Only while it is off.
  void destroy() const;

  /// Starts the machine and prepares it for commands. With `warm`, from a snapshot of its booted state, which
  /// is made first when there is none for this QEMU, image and hardware.
  boost::asio::awaitable<std::expected<Started, std::string>> start(MachineRecord record, bool warm) const;

 private:
  std::expected<MachineOptions, std::string> options_of(const MachineRecord& record) const;

  std::filesystem::path folder_;
};

}  // namespace butler::vm
