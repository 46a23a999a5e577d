#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>

#include "async/task_group.hpp"
#include "worker/agent_environment.hpp"
#include "worker/agent_sandbox.hpp"
#include "worker/main.hpp"
#include "worker/private_files.hpp"
#include "worker/service_token.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

asio::awaitable<int> await_end(sandbox::Started& started, asio::any_io_executor executor) {
  async::TaskGroup watching(std::move(executor));
  watching.spawn("sandbox limits", started.watch->run());
  const auto status = co_await started.child.wait();
  watching.cancel();
  co_await watching.join();
  if (const auto& why = started.watch->verdict()) std::cerr << "butler: " << *why << '\n';
  co_return status.number();
}

}  // namespace

SandboxExplanation explain_sandbox(const config::WorkerSettings& settings, const sandbox::InitProgram& init) {
  make_private_folder(settings.workspace);
  const auto home = prepare_agent_home(settings.home);
  const Scratch scratch(home.scratch);
  SandboxExplanation explanation{.choice = tier_choice(settings.sandbox),
                                 .facts = host_facts(settings, init, scratch.folder() / "home"),
                                 .spec = agent_spec(settings, home, settings.workspace, scratch.folder())};
  explanation.tier = sandbox::choose_tier(explanation.choice, explanation.facts);
  auto mounts = sandbox::plan_mounts(explanation.spec, sandbox::host_files());
  if (!mounts) throw std::runtime_error(mounts.error());
  explanation.mounts = *std::move(mounts);
  return explanation;
}

int run_in_sandbox(const config::WorkerSettings& settings, sandbox::InitProgram init,
                   std::vector<std::string> command) {
  if (const auto problem = workspace_problem(settings)) throw std::runtime_error(*problem);
  make_private_folder(settings.workspace);
  const auto home = prepare_agent_home(settings.home);
  const Scratch scratch(home.scratch);
  const auto sandboxes = AgentSandboxes::open(settings, std::move(init), scratch.folder() / "home");
  if (!sandboxes) throw NoSandbox(sandboxes.error());

  asio::io_context io{1};
  auto spec = agent_spec(settings, home, settings.workspace, scratch.folder());
  spec.arguments = std::move(command);
  spec.environment = command_environment(settings, home, scratch.folder());
  spec.stdin_mode = process::Stdin::inherited;
  spec.stdout_mode = process::Stdout::inherited;
  spec.stderr_mode = process::Stderr::inherited;
  const ServiceToken token;
  spec.listener_environment = [&](std::uint16_t port) { return token.way_out(port); };
  // Nobody answers there: this is no job, with no model and no hosts allowed.
  std::optional<http::ListeningSocket> unanswered;
  auto started = sandboxes->usual().start(
      io.get_executor(), spec, [&](http::ListeningSocket listener) { unanswered = std::move(listener); });
  if (!started) throw std::runtime_error(started.error());
  int status = EXIT_FAILURE;
  asio::co_spawn(io, await_end(*started, io.get_executor()), [&](std::exception_ptr fault, int value) {
    if (fault) std::rethrow_exception(fault);
    status = value;
  });
  io.run();
  return status;
}

}  // namespace butler::worker
