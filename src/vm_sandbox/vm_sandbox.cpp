#include "vm_sandbox/vm_sandbox.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "domain/mebibyte.hpp"
#include "files/throw_errno.hpp"
#include "process/role.hpp"
#include "sandbox/descriptors.hpp"
#include "sandbox/mounts.hpp"
#include "vm/accelerator.hpp"
#include "vm/store.hpp"
#include "vm/tool.hpp"
#include "vm_sandbox/copies_channel.hpp"
#include "vm_sandbox/guard.hpp"
#include "vm_sandbox/guest_files.hpp"
#include "vm_sandbox/run_plan.hpp"
#include "vm_sandbox/vm_run.hpp"

namespace butler::vm_sandbox {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t least_memory = 128;
constexpr std::uint64_t least_full_memory = 768;  // of pi
constexpr std::uint64_t least_workspace = 16;     // of an ext4 file system with its journal
constexpr std::uint64_t unlimited_workspace = 16'384;

constexpr const char* jobs_name = "jobs";

/// A machine's folder: locked while it is in use, removed at the end.
class RunFolder {
 public:
  explicit RunFolder(const fs::path& parent) : path_(parent / process::random_hex(8)) {
    fs::create_directories(path_);
    fs::permissions(path_, fs::perms::owner_all);
    lock_ = lock(path_);
    if (lock_.get() < 0) files::throw_errno(path_.string());
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

sandbox::Pair stream_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    files::throw_errno("socketpair");
  }
  return {.ours = sandbox::Descriptor{ends[0]}, .theirs = sandbox::Descriptor{ends[1]}};
}

class VmSandbox final : public sandbox::Sandbox {
 public:
  VmSandbox(fs::path store, fs::path program) : store_(std::move(store)), program_(std::move(program)) {
    RunFolder::clear_abandoned(store_ / jobs_name);
  }

  sandbox::Tier tier() const override { return sandbox::Tier::vm; }

  std::expected<sandbox::Started, std::string> start(const asio::any_io_executor& executor,
                                                     const sandbox::Spec& spec,
                                                     const sandbox::TakeListener& take) override try {
    if (::geteuid() == 0) return std::unexpected(*sandbox::tier_problem(tier(), {}, {.is_root = true}));
    const auto record = vm::MachineStore{store_}.read();
    if (!record) return std::unexpected(*vm_problem(store_));
    const auto mounts = sandbox::plan_mounts(spec, sandbox::host_files());
    if (!mounts) return std::unexpected(mounts.error());
    RunFolder::clear_abandoned(store_ / jobs_name);
    auto folder = std::make_shared<RunFolder>(store_ / jobs_name);
    auto listener = http::ListeningSocket::on_path(services_in(folder->path()));
    const auto plan = make_plan(spec, *mounts, folder->path(), *record);
    if (!plan) return std::unexpected(plan.error());
    take(std::move(listener));
    auto requests = stream_sockets();
    const auto plan_file = sandbox::memory_file(encode(*plan));
    auto child =
        process::ChildProcess::spawn(executor, {.arguments = {"butler", "sandbox", "vm-run"},
                                                .environment = {},
                                                .working_directory = folder->path(),
                                                .program = program_,
                                                .stdin_mode = spec.stdin_mode,
                                                .stdout_mode = spec.stdout_mode,
                                                .stderr_mode = spec.stderr_mode,
                                                .descriptors = {plan_file.get(), requests.theirs.get()}});
    if (!child) return std::unexpected(child.error());
    // Nothing to be watched: the machine's memory and disk are its limits. It keeps the folder.
    auto watch = std::make_unique<sandbox::Watch>(
        executor, child->pid(), sandbox::Limits{.memory_bytes = 0, .processes = 0, .workspace_bytes = 0},
        std::vector<fs::path>{});
    watch->keep(std::move(folder));
    return sandbox::Started{.child = std::move(*child),
                            .profile = profile(),
                            .watch = std::move(watch),
                            .copies = ask_for_copies(executor, std::move(requests.ours))};
  } catch (const std::exception& fault) {
    return std::unexpected(std::string{"the virtual machine cannot be started: "} + fault.what());
  }

 private:
  std::expected<RunPlan, std::string> make_plan(const sandbox::Spec& spec, const sandbox::MountPlan& mounts,
                                                const fs::path& folder,
                                                const vm::MachineRecord& record) const {
    RunPlan plan{.parent = ::getpid(),
                 .arguments = spec.arguments,
                 .environment = spec.environment,
                 .workspace = mounts.workspace.string(),
                 .trees = {},
                 .links = {},
                 .kept = {},
                 .merge_errors = spec.stderr_mode == process::Stderr::merged_into_stdout,
                 .store = store_.string(),
                 .image_kind = std::string{vm::image_kind_name(record.image)},
                 .image_digest = record.digest,
                 .folder = folder.string()};
    if (spec.listener_environment) {
      const auto more = spec.listener_environment(services_port);
      plan.environment.insert(plan.environment.end(), more.begin(), more.end());
    }
    const auto image = vm::find_image(store_, record.image, record.digest);
    if (!image) return std::unexpected(*vm_problem(store_));
    auto inside = plan_guest_files(spec, mounts, image->runtime());
    if (!inside) return std::unexpected(std::move(inside.error()));
    plan.trees = std::move(inside->trees);
    plan.links = std::move(inside->links);
    const auto guard = make_guard(spec, mounts);
    plan.kept.assign(guard.kept().begin(), guard.kept().end());
    const auto& limits = spec.limits;
    const auto least = record.image == vm::ImageKind::full ? least_full_memory : least_memory;
    plan.memory_mib = static_cast<std::int64_t>(std::max(limits.memory_bytes / domain::mebibyte, least));
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
    if (vm::find_image(store, record->image, record->digest)) return std::nullopt;
    return "the machine's image is not there: butler vm destroy, then butler vm create --image full";
  } catch (const std::exception& fault) {
    return fault.what();
  }
}

std::optional<std::string> vm_agent_problem(const fs::path& store, const fs::path& runtime) {
  if (auto problem = vm_problem(store)) return problem;
  const auto record = vm::MachineStore{store}.read();
  if (!record || record->image != vm::ImageKind::full) {
    return "the machine's image has no node, which the agent needs: butler vm destroy, then butler vm create "
           "--image full";
  }
  const auto image = vm::find_image(store, record->image, record->digest);
  if (image && image->runtime() == vm::runtime_identity(runtime)) return std::nullopt;
  return other_runtime(runtime);
}

std::optional<std::string> kvm_problem() {
  const auto works = vm::check_kvm();
  return works ? std::nullopt : std::optional{works.error()};
}

std::unique_ptr<sandbox::Sandbox> make_vm_sandbox(fs::path store, fs::path program) {
  return std::make_unique<VmSandbox>(std::move(store), std::move(program));
}

}  // namespace butler::vm_sandbox
