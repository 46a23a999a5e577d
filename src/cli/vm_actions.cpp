#include "cli/vm_actions.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "config/load.hpp"
#include "config/runtime.hpp"
#include "domain/mebibyte.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "process/role.hpp"
#include "vm/accelerator.hpp"
#include "vm/client.hpp"
#include "vm/files.hpp"
#include "vm/supervisor.hpp"

namespace butler::cli {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t least_workspace_mib = 16;
constexpr std::int64_t least_memory_mib = 96;
constexpr const char* no_machine = "there is no machine: butler vm create makes one";

std::int64_t default_memory_mib(vm::ImageKind image) { return image == vm::ImageKind::tiny ? 128 : 1024; }

/// Read before root is given up: the checkout may be root's alone.
std::string read_guest_agent() {
  const auto file = fs::read_symlink("/proc/self/exe").parent_path() / "butler-guest-agent";
  if (!fs::exists(file)) {
    throw std::runtime_error(file.string() +
                             " is missing: it belongs beside the program butler; make build makes both");
  }
  return vm::read_file(file);
}

asio::awaitable<bool> runs(fs::path socket) {
  const auto client = co_await vm::Client::connect(std::move(socket));
  if (client) co_await client->close();
  co_return client != nullptr;
}

asio::awaitable<int> exit_ok_when_running(fs::path socket) {
  co_return co_await runs(std::move(socket)) ? exit_ok : exit_failure;
}

/// Only what a machine that is off allows.
asio::awaitable<std::optional<int>> refuse_while_running(const vm::MachineStore& store) {
  if (!store.read()) co_return report_vm_problem(no_machine);
  if (co_await runs(store.socket())) {
    co_return report_vm_problem("the machine runs: butler vm stop stops it, then try again");
  }
  co_return std::nullopt;
}

std::expected<vm::MachineRecord, std::string> new_record(const VmCreateOptions& options) {
  vm::MachineRecord record;
  record.image = vm::image_kind_named(options.image).value_or(vm::ImageKind::tiny);
  record.memory_mib = static_cast<std::int64_t>(options.memory_bytes / domain::mebibyte);
  if (options.memory_bytes == 0) record.memory_mib = default_memory_mib(record.image);
  record.workspace_mib = static_cast<std::int64_t>(options.workspace_bytes / domain::mebibyte);
  record.cpus = options.cpus;
  record.created_at = domain::wall_clock_now();
  if (record.memory_mib < least_memory_mib) return std::unexpected("--memory is too small: give 96M or more");
  if (record.workspace_mib < least_workspace_mib)
    return std::unexpected("--size is too small: give 16M or more");
  return record;
}

asio::awaitable<int> create(vm::MachineStore store, vm::MachineRecord record, vm::ImageSources sources) {
  if (store.read()) {
    co_return report_vm_problem(
        "there is a machine already: butler vm destroy removes it with its workspace");
  }
  std::cout << "building the image " << vm::image_kind_name(record.image) << " …" << std::endl;
  sources.home = store.folder();
  sources.report = [](const std::string& sentence) { std::cout << sentence << std::endl; };
  const auto image = co_await (record.image == vm::ImageKind::tiny ? vm::build_tiny_image(sources)
                                                                   : vm::build_full_image(sources));
  if (!image) co_return report_vm_problem(image.error());
  record.digest = image->digest;
  const auto created = co_await store.create(record);
  if (!created) co_return report_vm_problem(created.error());
  std::cout << "The machine is made: butler vm start starts it.\n";
  co_return exit_ok;
}

/// The pipe on which the background process says how its start went: "ready", or what is wrong.
struct ReportPipe {
  int read_end = -1;
  int write_end = -1;
};

ReportPipe open_report_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  return {.read_end = ends[0], .write_end = ends[1]};
}

void write_report(int descriptor, std::string_view text) {
  if (::write(descriptor, text.data(), text.size()) < 0) log::warn("vm.starter_gone");
  ::close(descriptor);
}

std::string read_report(int descriptor) {
  std::string text;
  std::array<char, 4096> bytes{};
  for (ssize_t count = 0; (count = ::read(descriptor, bytes.data(), bytes.size())) > 0;) {
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  return text;
}

/// Away from the terminal, with the log in a file.
void go_to_background(const fs::path& log_file) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int file = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (null < 0 || file < 0) throw std::system_error(errno, std::generic_category(), log_file.string());
  ::dup2(null, STDIN_FILENO);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  ::close(null);
  ::close(file);
}

asio::awaitable<int> supervise(vm::MachineStore store, vm::MachineRecord record, VmStartOptions options,
                               int report) {
  bool ready = false;
  const auto ended = co_await vm::supervise(
      store, std::move(record), {.warm = options.warm, .services = options.services}, [&ready, report] {
        ready = true;
        write_report(report, "ready");
      });
  if (!ended && !ready) write_report(report, ended.error());
  co_return ended ? exit_ok : exit_failure;
}

/// The process that keeps the machine: a fork of this one, before there is any thread or event loop.
[[noreturn]] void keep_machine(const vm::MachineStore& store, const vm::MachineRecord& record,
                               const VmStartOptions& options, int report) {
  try {
    go_to_background(store.log());
    process::harden(false);
    log::start("vm");
    std::_Exit(run_vm_action(supervise(store, record, options, report)));
  } catch (const std::exception& fault) {
    write_report(report, fault.what());
  }
  std::_Exit(exit_failure);
}

asio::awaitable<std::optional<vm::MachineStatus>> ask_status(fs::path socket) {
  const auto client = co_await vm::Client::connect(std::move(socket));
  if (!client) co_return std::nullopt;
  const auto status = co_await client->status();
  co_await client->close();
  if (!status) throw std::runtime_error(status.error());
  co_return *status;
}

/// What a file really takes on the disk.
std::int64_t disk_mib(const fs::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return 0;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(status.st_blocks) * 512 / domain::mebibyte);
}

json::Object describe(const vm::MachineStore& store, const std::optional<vm::MachineRecord>& record,
                      const std::optional<vm::MachineStatus>& status) {
  const auto kvm = vm::check_kvm();
  json::Object object{{"state", status   ? "running"
                                : record ? "stopped"
                                         : "absent"},
                      {"folder", store.folder().string()},
                      {"kvm", kvm.has_value()},
                      {"kvmReason", kvm ? "" : kvm.error()}};
  if (record) {
    object["image"] = vm::image_kind_name(record->image);
    object["imageDigest"] = record->digest;
    object["memoryMib"] = record->memory_mib;
    object["cpus"] = record->cpus;
    object["workspaceMib"] = record->workspace_mib;
    object["workspaceUsedMib"] = disk_mib(store.workspace_disk());
    object["createdAt"] = domain::to_iso8601(record->created_at);
  }
  if (status) {
    object["pid"] = status->pid;
    object["qemuPid"] = status->qemu_pid;
    object["accelerator"] = status->accelerator;
    object["fromSnapshot"] = status->from_snapshot;
    object["startMilliseconds"] = status->start_milliseconds;
    object["startedAt"] = domain::to_iso8601(status->started_at);
    object["commands"] = status->commands;
  }
  return object;
}

void print(const json::Object& object) {
  for (const auto& [name, value] : object) {
    const auto text = value.is_string() ? std::string{value.get_string()} : json::serialize(value);
    if (!text.empty()) std::cout << std::string_view{name} << ": " << text << '\n';
  }
}

asio::awaitable<int> stop(vm::MachineStore store) {
  const auto client = co_await vm::Client::connect(store.socket());
  if (!client) co_return report_vm_problem("no machine runs");
  co_await client->stop();
  co_await client->close();
  co_return exit_ok;
}

asio::awaitable<int> print_status(vm::MachineStore store, bool as_json) {
  const auto status = co_await ask_status(store.socket());
  const auto object = describe(store, store.read(), status);
  if (as_json) {
    std::cout << json::serialize(object) << '\n';
  } else {
    print(object);
  }
  co_return exit_ok;
}

asio::awaitable<int> reset(vm::MachineStore store, bool workspace) {
  if (const auto refused = co_await refuse_while_running(store)) co_return *refused;
  const auto done = co_await store.reset(*store.read(), workspace);
  co_return done ? exit_ok : report_vm_problem(done.error());
}

asio::awaitable<int> destroy(vm::MachineStore store) {
  if (const auto refused = co_await refuse_while_running(store)) co_return *refused;
  store.destroy();
  co_return exit_ok;
}

}  // namespace

vm::MachineStore open_machine_store() {
  const auto loaded = config::load(config::this_start());
  make_files_private();
  prepare_home(loaded.place.home);
  process::drop_root(agent_user);
  const auto folder = loaded.place.home / "vm";
  fs::create_directories(folder);
  return vm::MachineStore{folder};
}

int report_vm_problem(const std::string& problem) {
  std::fprintf(stderr, "butler vm: %s\n", problem.c_str());
  return exit_failure;
}

int run_vm_action(asio::awaitable<int> action) {
  asio::io_context context{1};
  int status = exit_failure;
  std::exception_ptr fault;
  asio::co_spawn(context, std::move(action), [&](std::exception_ptr thrown, int result) {
    fault = std::move(thrown);
    status = result;
  });
  context.run();
  if (fault) std::rethrow_exception(fault);
  return status;
}

int create_vm(const VmCreateOptions& options) {
  const auto record = new_record(options);
  if (!record) {
    report_vm_problem(record.error());
    return exit_usage;
  }
  vm::ImageSources sources{.home = {},
                           .guest_agent = read_guest_agent(),
                           .runtime = config::load(config::this_start()).place.default_runtime};
  if (const auto fault = config::find_runtime_fault(sources.runtime)) return report_vm_problem(*fault);
  const auto store = open_machine_store();
  return run_vm_action(create(store, *record, std::move(sources)));
}

int start_vm(const VmStartOptions& options) {
  const auto store = open_machine_store();
  const auto record = store.read();
  if (!record) return report_vm_problem(no_machine);
  if (run_vm_action(exit_ok_when_running(store.socket())) == exit_ok) {
    report_vm_problem("the machine runs already: butler vm status shows it");
    return exit_temporary;
  }
  const auto pipe = open_report_pipe();
  const auto keeper = ::fork();
  if (keeper < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (keeper == 0) keep_machine(store, *record, options, pipe.write_end);
  ::close(pipe.write_end);
  const auto report = read_report(pipe.read_end);
  if (report != "ready") {
    return report_vm_problem(report.empty() ? "the machine's process has ended; see " + store.log().string()
                                            : report);
  }
  std::cout << "The machine runs: butler vm shell enters it.\n";
  return exit_ok;
}

int stop_vm() { return run_vm_action(stop(open_machine_store())); }

int print_vm_status(bool as_json) { return run_vm_action(print_status(open_machine_store(), as_json)); }

int reset_vm(bool workspace) { return run_vm_action(reset(open_machine_store(), workspace)); }

int destroy_vm() { return run_vm_action(destroy(open_machine_store())); }

}  // namespace butler::cli
