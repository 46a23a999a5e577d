#include "vm/store.hpp"

#include <boost/describe.hpp>
#include <stdexcept>
#include <utility>

#include "files/whole_file.hpp"
#include "json/codec.hpp"
#include "vm/disk.hpp"
#include "vm/files.hpp"
#include "vm/snapshot.hpp"

namespace butler::vm {

BOOST_DESCRIBE_ENUM(ImageKind, tiny, full)
BOOST_DESCRIBE_STRUCT(MachineRecord, (), (image, digest, memory_mib, cpus, workspace_mib, created_at))

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

using Done = std::expected<void, std::string>;
constexpr std::chrono::seconds boot_limit{120};  // a busy host without KVM
constexpr int changes_mib = 8192;                // a disk grows with what is written

}  // namespace

std::optional<MachineRecord> MachineStore::read() const {
  const auto file = machine_folder() / "machine.json";
  if (!fs::exists(file)) return std::nullopt;
  const auto value = json::parse(read_file(file));
  if (!value) throw std::runtime_error(file.string() + ": " + value.error());
  auto record = json::decode<MachineRecord>(*value);
  if (!record) {
    const auto& problem = record.error().front();
    throw std::runtime_error(file.string() + ": " + problem.path + " " + problem.message);
  }
  return std::move(*record);
}

asio::awaitable<Done> MachineStore::create(MachineRecord record) {
  fs::create_directories(machine_folder());
  auto made = co_await make_disk(workspace_disk(), static_cast<int>(record.workspace_mib));
  if (made && record.image == ImageKind::full) {
    made = co_await make_disk(machine_folder() / "changes.qcow2", changes_mib);
  }
  // Last: where there is a record, there is a machine.
  if (made)
    files::write_whole_file(machine_folder() / "machine.json", json::serialize(json::encode(record)) + "\n");
  co_return made;
}

asio::awaitable<Done> MachineStore::reset(MachineRecord record, bool workspace) {
  fs::remove_all(folder_ / "snapshots");
  Done made;
  if (record.image == ImageKind::full) {
    made = co_await make_disk(machine_folder() / "changes.qcow2", changes_mib);
  }
  if (made && workspace) {
    made = co_await make_disk(workspace_disk(), static_cast<int>(record.workspace_mib));
  }
  co_return made;
}

void MachineStore::destroy() const {
  fs::remove_all(machine_folder());
  fs::remove_all(folder_ / "snapshots");
}

std::expected<MachineOptions, std::string> MachineStore::options_of(const MachineRecord& record) const {
  const auto image = find_image(folder_, record.image, record.digest);
  if (!image) {
    return std::unexpected(
        "the machine's image is gone from " + (folder_ / "images").string() +
        ": butler vm destroy removes the machine with its workspace, butler vm create makes a new one");
  }
  MachineOptions options{
      .folder = machine_folder(),
      .hardware = {.accelerator = choose_accelerator(),
                   .memory_mib = static_cast<int>(record.memory_mib),
                   .cpus = static_cast<int>(record.cpus),
                   .kernel = image->kernel(),
                   .initrd = image->initrd(),
                   .disks = {{.name = "workspace", .file = "workspace.qcow2", .format = "qcow2"}}}};
  options.boot_limit = boot_limit;
  if (const auto root = image->root()) {
    options.hardware.disks.push_back({.name = "root", .file = *root, .format = "raw", .read_only = true});
    options.hardware.disks.push_back({.name = "changes", .file = "changes.qcow2", .format = "qcow2"});
  }
  return options;
}

asio::awaitable<std::expected<Started, std::string>> MachineStore::start(MachineRecord record,
                                                                         bool warm) const {
  auto options = options_of(record);
  if (!options) co_return std::unexpected(options.error());
  if (warm) {
    const auto snapshot =
        co_await snapshot_of(*options, record.digest, record.workspace_mib, folder_ / "snapshots");
    if (!snapshot) co_return std::unexpected(snapshot.error());
    options->snapshot = *snapshot;
  }
  auto machine = co_await Machine::start(std::move(*options));
  if (!machine) co_return std::unexpected(machine.error());
  const auto prepared = co_await (*machine)->prepare();
  if (!prepared) {
    co_await (*machine)->stop(std::chrono::milliseconds{0});
    co_return std::unexpected(prepared.error());
  }
  co_return Started{.machine = std::move(*machine), .from_snapshot = warm};
}

}  // namespace butler::vm
