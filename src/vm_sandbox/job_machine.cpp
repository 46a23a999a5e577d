#include "vm_sandbox/job_machine.hpp"

#include <filesystem>
#include <utility>

#include "process/role.hpp"
#include "vm/accelerator.hpp"
#include "vm/disk.hpp"
#include "vm/image.hpp"
#include "vm/snapshot.hpp"

namespace butler::vm_sandbox {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds boot_limit{120};  // a busy host without KVM
constexpr const char* disk_name = "workspace.qcow2";
constexpr const char* changes_name = "changes.qcow2";

/// An empty disk of that size, made once and copied for each machine.
asio::awaitable<std::expected<fs::path, std::string>> empty_disk(fs::path store, std::int64_t mebibytes) {
  const auto file = store / "disks" / ("empty-" + std::to_string(mebibytes) + ".qcow2");
  if (fs::exists(file)) co_return file;
  fs::create_directories(file.parent_path());
  // Several may be at it.
  const auto fresh = file.parent_path() / ("new-" + process::random_hex(4));
  const auto made = co_await vm::make_disk(fresh, static_cast<int>(mebibytes));
  if (!made) co_return std::unexpected(made.error());
  fs::rename(fresh, file);
  co_return file;
}

}  // namespace

asio::awaitable<std::expected<std::unique_ptr<vm::Machine>, std::string>> start_job_machine(RunPlan plan) {
  const fs::path store = plan.store;
  const auto kind = vm::image_kind_named(plan.image_kind).value_or(vm::ImageKind::tiny);
  const auto image = vm::find_image(store, kind, plan.image_digest);
  if (!image) co_return std::unexpected("its image is gone: butler vm create makes one");
  const auto disk = co_await empty_disk(store, plan.workspace_mib);
  if (!disk) co_return std::unexpected(disk.error());
  const auto folder = fs::path{plan.folder} / "machine";
  fs::create_directories(folder);
  fs::copy_file(*disk, folder / disk_name);
  vm::MachineOptions options{
      .folder = folder,
      .hardware = {.accelerator = vm::choose_accelerator(),
                   .memory_mib = static_cast<int>(plan.memory_mib),
                   .kernel = image->kernel(),
                   .initrd = image->initrd(),
                   .disks = {{.name = "workspace", .file = disk_name, .format = "qcow2"}}},
      .workspace = plan.workspace,
      .boot_limit = boot_limit};
  if (const auto root = image->root()) {
    fs::copy_file(*disk, folder / changes_name);
    auto& disks = options.hardware.disks;
    disks.push_back({.name = "root", .file = *root, .format = "raw", .read_only = true});
    disks.push_back({.name = "changes", .file = changes_name, .format = "qcow2"});
  }
  const auto snapshot =
      co_await vm::snapshot_of(options, plan.image_digest, plan.workspace_mib, store / "snapshots");
  if (!snapshot) co_return std::unexpected(snapshot.error());
  options.snapshot = *snapshot;
  auto machine = co_await vm::Machine::start(std::move(options));
  if (!machine) co_return std::unexpected(machine.error());
  const auto prepared = co_await (*machine)->prepare();
  if (prepared) co_return std::move(*machine);
  co_await (*machine)->stop(std::chrono::milliseconds{0});
  co_return std::unexpected(prepared.error());
}

}  // namespace butler::vm_sandbox
