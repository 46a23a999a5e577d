#include "vm_sandbox/vm_sandbox.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "domain/mebibyte.hpp"
#include "process/role.hpp"
#include "sandbox/descriptors.hpp"
#include "sandbox/mounts.hpp"
#include "vm/store.hpp"
#include "vm/tool.hpp"
#include "vm_sandbox/guard.hpp"
#include "vm_sandbox/run_plan.hpp"
#include "vm_sandbox/vm_run.hpp"

namespace butler::vm_sandbox {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::uint16_t services_port = 3128;  // in the guest
constexpr std::uint64_t least_memory = 128;
constexpr std::uint64_t least_workspace = 16;  // of an ext4 file system with its journal
constexpr std::uint64_t unlimited_workspace = 16'384;

/// A machine's folder: locked while it is in use, removed at the end.
class RunFolder {
 public:
  explicit RunFolder(const fs::path& parent) : path_(parent / process::random_hex(8)) {
    fs::create_directories(path_);
    fs::permissions(path_, fs::perms::owner_all);
    lock_ = lock(path_);
    if (lock_.get() < 0) throw std::system_error(errno, std::generic_category(), path_.string());
  }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder() { remove(path_); }

  const fs::path& path() const { return path_; }

  /// Removes those that processes have left which were killed.
  static void clear_abandoned(const fs::path& parent) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(parent, missing)) {
      const auto locked = lock(entry.path());
      if (locked.get() >= 0) remove(entry.path());
    }
  }

 private:
  static sandbox::Descriptor lock(const fs::path& folder) {
    sandbox::Descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (opened.get() >= 0 && ::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) return {};
    return opened;
  }
  static void remove(const fs::path& folder) {
    std::error_code left;  // for the next clear_abandoned()
    fs::remove_all(folder, left);
  }

  fs::path path_;
  sandbox::Descriptor lock_;
};

class VmSandbox final : public sandbox::Sandbox {
 public:
  VmSandbox(fs::path store, fs::path program) : store_(std::move(store)), program_(std::move(program)) {}

  sandbox::Tier tier() const override { return sandbox::Tier::vm; }

  std::expected<sandbox::Started, std::string> start(const asio::any_io_executor& executor,
                                                     const sandbox::Spec& spec,
                                                     const sandbox::TakeListener& take) override try {
    if (::geteuid() == 0) return std::unexpected(*sandbox::tier_problem(tier(), {}, {.is_root = true}));
    const auto record = vm::MachineStore{store_}.read();
    if (!record) return std::unexpected(*vm_problem(store_));
    const auto mounts = sandbox::plan_mounts(spec, sandbox::host_files());
    if (!mounts) return std::unexpected(mounts.error());
    const auto jobs = store_ / "jobs";
    RunFolder::clear_abandoned(jobs);
    auto folder = std::make_shared<RunFolder>(jobs);
    auto listener = http::ListeningSocket::on_path(services_in(folder->path()));
    const auto plan = make_plan(spec, *mounts, folder->path(), record->digest);
    take(std::move(listener));
    const auto plan_file = sandbox::memory_file(encode(plan));
    auto child = process::ChildProcess::spawn(executor, {.arguments = {"butler", "sandbox", "vm-run"},
                                                         .environment = {},
                                                         .working_directory = folder->path(),
                                                         .program = program_,
                                                         .stdin_mode = spec.stdin_mode,
                                                         .stdout_mode = spec.stdout_mode,
                                                         .stderr_mode = spec.stderr_mode,
                                                         .descriptors = {plan_file.get()}});
    if (!child) return std::unexpected(child.error());
    // Nothing to be watched: the machine's memory and disk are its limits. It keeps the folder.
    auto watch = std::make_unique<sandbox::Watch>(
        executor, child->pid(), sandbox::Limits{.memory_bytes = 0, .processes = 0, .workspace_bytes = 0},
        std::vector<fs::path>{});
    watch->keep(std::move(folder));
    return sandbox::Started{.child = std::move(*child), .profile = profile(), .watch = std::move(watch)};
  } catch (const std::exception& fault) {
    return std::unexpected(std::string{"the virtual machine cannot be started: "} + fault.what());
  }

 private:
  RunPlan make_plan(const sandbox::Spec& spec, const sandbox::MountPlan& mounts, const fs::path& folder,
                    const std::string& digest) const {
    RunPlan plan{.parent = ::getpid(),
                 .arguments = spec.arguments,
                 .environment = spec.environment,
                 .workspace = mounts.workspace.string(),
                 .folders = {},
                 .kept = {},
                 .merge_errors = spec.stderr_mode == process::Stderr::merged_into_stdout,
                 .store = store_.string(),
                 .image_digest = digest,
                 .folder = folder.string()};
    if (spec.listener_environment) {
      const auto more = spec.listener_environment(services_port);
      plan.environment.insert(plan.environment.end(), more.begin(), more.end());
    }
    for (const auto& writable : spec.read_write) {
      plan.folders.push_back(writable.string());
      plan.folders.push_back((writable / "home").string());
    }
    const auto guard = make_guard(spec, mounts);
    plan.kept.assign(guard.kept().begin(), guard.kept().end());
    const auto& limits = spec.limits;
    plan.memory_mib =
        static_cast<std::int64_t>(std::max(limits.memory_bytes / domain::mebibyte, least_memory));
    const auto wanted =
        limits.workspace_bytes == 0 ? unlimited_workspace : limits.workspace_bytes / domain::mebibyte;
    plan.workspace_mib = static_cast<std::int64_t>(std::max(wanted, least_workspace));
    return plan;
  }

  fs::path store_;
  fs::path program_;
};

}  // namespace

std::optional<std::string> vm_problem(const fs::path& store) {
  for (const char* const tool : {"qemu-system-x86_64", "qemu-img", "mkfs.ext4", "setpriv"}) {
    if (const auto found = vm::find_tool(tool); !found) return found.error();
  }
  try {
    const auto record = vm::MachineStore{store}.read();
    if (!record) return "there is no machine's image: butler vm create makes one";
    if (record->image == vm::ImageKind::tiny && vm::find_image(store, record->image, record->digest)) {
      return std::nullopt;
    }
    return "the machine's image is not there: butler vm destroy, then butler vm create --image tiny";
  } catch (const std::exception& fault) {
    return fault.what();
  }
}

std::unique_ptr<sandbox::Sandbox> make_vm_sandbox(fs::path store, fs::path program) {
  return std::make_unique<VmSandbox>(std::move(store), std::move(program));
}

}  // namespace butler::vm_sandbox
