#include "worker/pi_session.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <system_error>
#include <utility>

#include "config/runtime.hpp"
#include "files/whole_file.hpp"
#include "log/log.hpp"
#include "worker/agent_sandbox.hpp"
#include "worker/session_store.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

std::expected<files::Descriptor, std::string> lock_session(const std::filesystem::path& file) {
  files::Descriptor lock{::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!lock.is_open()) {
    return std::unexpected(file.string() + ": " + std::generic_category().message(errno));
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(std::string{"another worker on this machine has this conversation open"});
  }
  return lock;
}

}  // namespace

std::vector<std::string> pi_arguments(const config::WorkerSettings& settings, const AgentHome& home,
                                      const std::string& session_name,
                                      const std::filesystem::path& memory_file) {
  std::vector<std::string> arguments = settings.pi_command;
  const auto add = [&](std::initializer_list<std::string> more) { arguments.insert(arguments.end(), more); };
  add({"--mode", "rpc", "--provider", settings.provider});
  if (!settings.model.empty()) add({"--model", settings.model});
  add({"--session-dir", (settings.session_root / session_name).string(), "--session-id", session_name});
  // Nothing that lies in the workspace is loaded as instructions or code: the agent writes there.
  add({"--no-approve", "-nc", "-ne", "-e", home.tool_gate.string()});
  add({"-e", home.send_file.string()});
  // By file: other users could read the text in a command line.
  add({"--append-system-prompt", memory_file.string()});
  return arguments;
}

namespace {

/// At each start, because another user of the home could have put a runtime there since ours.
std::expected<void, std::string> check_runtime_of(const config::WorkerSettings& settings) {
  const auto runtime = config::find_runtime(settings.pi_command);
  if (runtime.empty()) return {};
  std::error_code error;
  // First whether it is there: what is ours by then cannot be replaced before it is started.
  if (!std::filesystem::exists(runtime / "bin/pi", error))
    return std::unexpected("there is no pi in " + runtime.string() + ": run butler runtime install");
  if (auto fault = config::find_runtime_fault(runtime)) return std::unexpected(*std::move(fault));
  return {};
}

}  // namespace

std::expected<std::unique_ptr<PiSession>, std::string> open_pi_session(
    const asio::any_io_executor& executor, const config::WorkerSettings& settings, const AgentHome& home,
    AgentServices& services, sandbox::Sandbox& sandbox, const Conversation& conversation) try {
  if (auto trusted = check_runtime_of(settings); !trusted) return std::unexpected(trusted.error());
  const std::string& name = conversation.name;
  auto session = std::make_unique<PiSession>();
  auto lock = lock_session(settings.session_root / (name + ".lock"));
  if (!lock) return std::unexpected(lock.error());
  session->lock = std::move(*lock);
  make_private_folder(settings.session_root / name);
  session->scratch = std::make_unique<Scratch>(home.scratch);
  session->known = Memory{conversation.workspace}.open_day(local_date(domain::wall_clock_now()));
  const auto& scratch = session->scratch->folder();
  const auto memory_file = scratch / "memory.md";
  files::write_whole_file(memory_file, memory_prompt(session->known, settings.append_system_prompt));
  const auto agent_folder = make_agent_folder(home, scratch);

  auto spec = agent_spec(settings, home, conversation.workspace, scratch);
  spec.arguments = pi_arguments(settings, home, name, memory_file);
  spec.environment = pi_environment(settings, home, scratch, agent_folder);
  const auto& more = services.model_environment();
  spec.environment.insert(spec.environment.end(), more.begin(), more.end());
  spec.read_write.push_back(settings.session_root / name);
  const ServiceToken token;
  spec.listener_environment = [&](std::uint16_t port) { return token.way_out(port); };
  spec.returned.push_back(settings.session_root / name);
  auto started = sandbox.start(executor, spec, [&](http::ListeningSocket listener) {
    session->access = services.open(
        std::move(listener), {.owner = conversation.owner, .session_key = conversation.session_key}, token);
    session->access->configure(agent_folder);
  });
  if (!started) return std::unexpected(started.error());
  session->sandbox_profile = started->profile;
  session->process = std::make_unique<PiProcess>(executor, std::move(*started));
  log::info("pi.started", {{"session", conversation.session_key},
                           {"pid", session->process->pid()},
                           {"sandbox", session->sandbox_profile}});
  return session;
} catch (const std::system_error& error) {
  return std::unexpected(std::string{error.what()});
}

}  // namespace butler::worker
