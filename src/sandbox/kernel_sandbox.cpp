#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <system_error>
#include <utility>

#include "log/log.hpp"
#include "sandbox/bwrap_arguments.hpp"
#include "sandbox/descriptors.hpp"
#include "sandbox/init_plan.hpp"
#include "sandbox/mounts.hpp"
#include "sandbox/placeholders.hpp"
#include "sandbox/plans.hpp"
#include "sandbox/sandbox.hpp"

namespace butler::sandbox {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr const char* bwrap_program = "/usr/bin/bwrap";
constexpr std::chrono::seconds start_patience{10};

std::string home_in(const std::vector<std::string>& environment) {
  for (const auto& variable : environment) {
    if (variable.starts_with("HOME=")) return variable.substr(5);
  }
  return "/";
}

/// 0 where the kernel has no Yama.
int ptrace_scope_of_this_kernel() {
  int scope = 0;
  std::ifstream{"/proc/sys/kernel/yama/ptrace_scope"} >> scope;
  return scope;
}

/// What a child is started with, and what the starter keeps.
struct Way {
  std::vector<std::string> arguments;
  Descriptor plan;
  Pair control = control_sockets();
  Pair errors = error_pipe();
  std::vector<Descriptor> data;

  std::vector<int> descriptors(const InitProgram& init) const {
    std::vector<int> all{control.theirs.get(), plan.get(), init.descriptor(), errors.theirs.get()};
    for (const auto& file : data) all.push_back(file.get());
    return all;
  }
};

std::string why_it_ended(const Way& way, const Message& message) {
  if (message.text.starts_with(said_failed)) return message.text.substr(1);
  const auto said = read_available(way.errors.ours.get());
  return said.empty() ? std::string{"it ended without a word"} : said;
}

/// Waits until all but the agent is in place: the listener, if one was made inside. From then on signals are
/// for the agent.
std::expected<Descriptor, std::string> await_ready(Way& way, process::ChildProcess& child) {
  auto message = receive(way.control.ours.get(), std::chrono::steady_clock::now() + start_patience);
  if (!message) return std::unexpected(message.error());
  if (!message->text.starts_with(said_ready)) return std::unexpected(why_it_ended(way, *message));
  child.address_group(message->sender);
  return std::move(message->descriptor);
}

/// Lets the agent begin, and waits until it has. The problem is a sentence.
std::optional<std::string> let_go(const Way& way) {
  if (::send(way.control.ours.get(), &answer_go, 1, MSG_NOSIGNAL) != 1) return "it ended too early";
  const auto begun = receive(way.control.ours.get(), std::chrono::steady_clock::now() + start_patience);
  if (!begun) return begun.error();
  if (!begun->text.empty()) return why_it_ended(way, *begun);
  return std::nullopt;
}

/// The sandboxes that this machine's kernel makes by itself: bwrap, landlock, none.
class KernelSandbox final : public Sandbox {
 public:
  KernelSandbox(Tier tier, InitProgram init, std::shared_ptr<ControlGroups> groups)
      : tier_(tier), init_(std::move(init)), groups_(std::move(groups)) {}

  Tier tier() const override { return tier_; }

  std::expected<Started, std::string> start(const asio::any_io_executor& executor, const Spec& spec,
                                            const TakeListener& take) override try {
    if (::geteuid() == 0) return std::unexpected(*tier_problem(tier_, {}, {.is_root = true}));
    std::shared_ptr<Placeholders> placeholders;
    if (tier_ == Tier::bwrap && !spec.protected_names.empty()) {
      placeholders = std::make_shared<Placeholders>(spec.workspace);
    }
    const auto plan = plan_mounts(spec, host_files());
    if (!plan) return std::unexpected(plan.error());
    if (placeholders) placeholders->add(*plan);
    std::optional<http::ListeningSocket> listener;
    if (tier_ != Tier::bwrap) listener = http::ListeningSocket::on_port("127.0.0.1", 0);

    auto group = groups_ ? groups_->make(spec.limits) : nullptr;
    Way way = make_way(spec, *plan, listener ? listener->port() : inner_port, group.get());
    auto child = spawn(executor, spec, way);
    if (!child) return std::unexpected(child.error());
    auto made = await_ready(way, *child);
    if (!made) return std::unexpected(not_started(made.error()));
    if (!listener) listener = http::ListeningSocket::adopt(made->release());
    take(std::move(*listener));
    if (const auto problem = let_go(way)) return std::unexpected(not_started(*problem));

    auto watch = std::make_unique<Watch>(executor, child->pid(), spec.limits, writable_folders(spec, *plan));
    watch->keep(std::move(placeholders));
    watch->rely_on(std::move(group));
    return Started{.child = std::move(*child), .profile = profile(), .watch = std::move(watch)};
  } catch (const std::system_error& fault) {
    return std::unexpected(std::string{"the sandbox cannot be started: "} + fault.what());
  }

 private:
  static constexpr const char* program_path = "/proc/self/fd/5";
  static_assert(program_descriptor == 5);

  Way make_way(const Spec& spec, const MountPlan& plan, std::uint16_t port, const ControlGroup* group) {
    Way way;
    InitPlan init_plan = make_init_plan(tier_, spec, plan, port);
    init_plan.parent = static_cast<std::uint64_t>(::getpid());
    if (group != nullptr) init_plan.group = group->entrance().string();
    way.plan = memory_file(encode(init_plan));
    if (tier_ != Tier::bwrap) {
      way.arguments = {"butler-sandbox-init", "supervise"};
      return way;
    }
    const auto files = made_files(::getuid(), ::getgid(), home_in(spec.environment));
    for (const auto& content : data_contents(plan, files)) way.data.push_back(memory_file(content));
    way.arguments = {"butler-sandbox-init", "launch"};
    const auto bwrap = bwrap_arguments(bwrap_program, plan, spec.limits, files, first_data_descriptor);
    way.arguments.insert(way.arguments.end(), bwrap.begin(), bwrap.end());
    way.arguments.insert(way.arguments.end(), {program_path, "enter"});
    return way;
  }

  std::expected<process::ChildProcess, std::string> spawn(const asio::any_io_executor& executor,
                                                          const Spec& spec, Way& way) const {
    auto child = process::ChildProcess::spawn(executor, {.arguments = way.arguments,
                                                         .environment = {},
                                                         .working_directory = "/",
                                                         .program = program_path,
                                                         .stdin_mode = spec.stdin_mode,
                                                         .stdout_mode = spec.stdout_mode,
                                                         .stderr_mode = spec.stderr_mode,
                                                         .descriptors = way.descriptors(init_)});
    way.control.theirs.close();
    way.errors.theirs.close();
    return child;
  }

  std::string not_started(const std::string& why) const {
    return "the sandbox (" + profile() + ") did not start: " + why;
  }

  Tier tier_;
  InitProgram init_;
  std::shared_ptr<ControlGroups> groups_;
};

}  // namespace

HostFacts look_at_host(const InitProgram& init, const fs::path& trial_folder) {
  HostFacts facts{.is_root = ::geteuid() == 0,
                  .landlock_version = landlock_of_this_kernel(),
                  .ptrace_scope = ptrace_scope_of_this_kernel()};
  if (facts.is_root) return facts;
  if (::access(bwrap_program, X_OK) != 0) {
    facts.bwrap_problem = std::string{bwrap_program} + " is not there (apt-get install bubblewrap)";
    return facts;
  }
  asio::io_context context;
  auto sandbox = make_sandbox(Tier::bwrap, InitProgram{"/proc/self/fd/" + std::to_string(init.descriptor())});
  const Spec trial{.arguments = {"/usr/bin/true"},
                   .environment = {"PATH=/usr/bin"},
                   .workspace = trial_folder,
                   .protected_names = {},
                   .stdin_mode = process::Stdin::null};
  const auto started = sandbox->start(context.get_executor(), trial, [](http::ListeningSocket) {});
  if (!started) facts.bwrap_problem = started.error();
  return facts;
}

std::unique_ptr<Sandbox> make_sandbox(Tier tier, InitProgram init, std::shared_ptr<ControlGroups> groups) {
  return std::make_unique<KernelSandbox>(tier, std::move(init), std::move(groups));
}

}  // namespace butler::sandbox
