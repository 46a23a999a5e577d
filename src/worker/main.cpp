#include "worker/main.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "admin/admin_socket.hpp"
#include "api/orchestrator_client.hpp"
#include "async/task_group.hpp"
#include "domain/enum_name.hpp"
#include "http/types.hpp"
#include "log/log.hpp"
#include "mcp_host/configuration_file.hpp"
#include "metrics/process_metrics.hpp"
#include "policy/describe.hpp"
#include "policy/policy.hpp"
#include "policy_file/policy_file.hpp"
#include "process/role.hpp"
#include "worker/administration.hpp"
#include "worker/agent_environment.hpp"
#include "worker/agent_sandbox.hpp"
#include "worker/agent_services.hpp"
#include "worker/claim_loop.hpp"
#include "worker/conversation.hpp"
#include "worker/job_runner.hpp"
#include "worker/memory.hpp"
#include "worker/mock_agent.hpp"
#include "worker/network_gate.hpp"
#include "worker/pi_agent.hpp"
#include "worker/private_files.hpp"
#include "worker/provider_setup.hpp"
#include "worker/refusing_agent.hpp"
#include "worker/run_command.hpp"
#include "worker/session_pool.hpp"
#include "worker/session_store.hpp"
#include "worker/spool.hpp"
#include "worker/stop.hpp"
#include "worker/tool_gate.hpp"
#include "worker/transcriber.hpp"

namespace butler::worker {

namespace asio = boost::asio;
using config::ExecMode;
using std::chrono::milliseconds;

namespace {

// Together below the 4 s that a stop may take: agents are ended while their jobs are handed back.
constexpr milliseconds stop_grace{3'000};
constexpr milliseconds session_patience{600};
/// Of sysexits.h: starting again will not help.
constexpr int wrong_configuration = 78;
/// Of a machine that is translated, not run by the processor.
constexpr milliseconds machine_spawn_timeout{600'000};

std::string commands_only(const std::string& problem) {
  return "this worker's virtual machines run commands (/run) only: " + problem +
         ". WORKER_SANDBOX=auto runs agents, too, without a machine of their own.";
}

void require_runnable(const config::WorkerSettings& settings) {
  if (settings.mode != ExecMode::rpc) return;
  if (::geteuid() == 0) {
    throw std::runtime_error(
        "the worker runs agents and refuses to do so as root: start it as the user butler, or through "
        "'butler up'");
  }
  if (const auto problem = workspace_problem(settings)) throw std::runtime_error(*problem);
}

/// The time zone decides which day the agent's notes belong to.
void set_time_zone(const std::string& zone) {
  if (zone.empty()) return;
  ::setenv("TZ", zone.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread, at start
  ::tzset();
}

void prepare_folders(const config::WorkerSettings& settings) {
  ::umask(0077);
  make_private_folder(settings.session_root);
  make_private_folder(settings.workspace);
  make_private_folder(settings.home / "worker");
  Memory{settings.workspace}.open_day(local_date(domain::wall_clock_now()));
}

void log_sandbox(const config::WorkerSettings& settings, const AgentSandboxes& sandboxes) {
  const auto tier = sandboxes.usual().tier();
  const auto profile = sandboxes.usual().profile();
  if (tier == sandbox::Tier::none) {
    log::warn(
        "worker.unsandboxed",
        {{"meaning",
          "agents and approved commands can read and write all that this user can, and reach the network"}});
  } else if (tier == sandbox::Tier::landlock && settings.sandbox.tier == "auto") {
    log::warn("worker.weaker_sandbox",
              {{"sandbox", profile}, {"advice", "butler sandbox explain says why it is not bwrap"}});
  } else if (tier == sandbox::Tier::vm) {
    if (const auto problem = vm_agent_problem(settings)) {
      log::warn("worker.commands_only", {{"sandbox", profile}, {"meaning", commands_only(*problem)}});
    }
  }
  log::info("worker.sandbox", {{"sandbox", profile}, {"machines", sandboxes.adds_machines()}});
}

/// What contains this worker's agents. Throws NoSandbox when nothing can.
std::unique_ptr<AgentSandboxes> required_sandboxes(const config::WorkerSettings& settings,
                                                   std::optional<sandbox::InitProgram> init,
                                                   std::shared_ptr<sandbox::ControlGroups> groups) {
  if (!init) throw NoSandbox("butler-sandbox-init was not opened before the worker's start");
  const auto home = prepare_agent_home(settings.home);
  const Scratch trial(home.scratch);
  auto sandboxes =
      AgentSandboxes::open(settings, *std::move(init), trial.folder() / "home", std::move(groups));
  if (!sandboxes) throw NoSandbox(sandboxes.error());
  log_sandbox(settings, *sandboxes);
  return std::make_unique<AgentSandboxes>(*std::move(sandboxes));
}

std::vector<http::Url> orchestrator_urls(const config::WorkerSettings& settings) {
  auto urls = api::parse_addresses(settings.orchestrator_url);
  if (!urls) throw std::runtime_error("ORCH_BASE_URL is no http(s) address: " + settings.orchestrator_url);
  return *std::move(urls);
}

/// The role's parts, wired by hand.
class Worker {
 public:
  /// `sandboxes` is null for the mock, which starts nothing. The policy and the MCP servers outlive the
  /// worker.
  Worker(asio::any_io_executor executor, const config::WorkerSettings& settings,
         std::unique_ptr<AgentSandboxes> sandboxes, policy_file::PolicyFile& policy,
         mcp_host::ConfigurationFile& mcp_servers)
      : executor_(executor),
        settings_(settings),
        stop_(executor, stop_grace),
        orchestrator_(executor, orchestrator_urls(settings), settings.worker_token.reveal(),
                      settings.orchestrator_authorities.text),
        sandboxes_(std::move(sandboxes)),
        agent_home_(settings.mode == ExecMode::rpc ? prepare_agent_home(settings.home) : AgentHome{}),
        policy_(policy),
        spool_(make_spool(settings.home)),
        services_(settings.mode == ExecMode::rpc
                      ? std::make_unique<AgentServices>(
                            executor, settings, allowed_hosts(),
                            [&mcp_servers](std::string_view name) { return mcp_servers.find(name); })
                      : nullptr),
        transcriber_(executor, settings, agent_home_),
        sessions_(
            executor, [this](const Conversation& conversation) { return open_session(conversation); },
            settings.idle_limit),
        runner_(executor, orchestrator_, [this](const domain::Job& job) { return make_agent(job); }, stop_,
                {.heartbeat = settings.heartbeat}),
        claims_(orchestrator_, runner_, stop_,
                {.worker_id = settings.worker_id,
                 .session_store = session_store_id(settings.session_root),
                 .labels = settings.labels},
                process::notify_ready),
        tasks_(executor) {}

  WorkerStatus status() {
    const auto policy = policy_.current();  // a file that is broken is told although nobody asks it anything
    return {.mode = settings_.mode == ExecMode::rpc ? "rpc" : "mock",
            .slots = settings_.concurrency,
            .running = runner_.running(),
            .sessions = sessions_.size(),
            .orchestrator = claims_.reaches_orchestrator(),
            .traffic = services_ ? services_->traffic() : model_proxy::Traffic{},
            .egress = services_ ? services_->egress() : egress::Traffic{},
            .mcp = services_ ? services_->mcp() : mcp_host::Traffic{},
            .spent_today = services_ ? std::optional{services_->spent_today()} : std::nullopt,
            .budgets = {.per_day = settings_.budget_per_day, .per_job = settings_.budget_per_job},
            .sandbox = sandboxes_ ? sandboxes_->usual().profile() : "none",
            .policy_profile = std::string{domain::enum_name(policy->profile)},
            .policy_problem = policy_.problem()};
  }

  /// Works until a signal asks for the end, and brings everything to it.
  asio::awaitable<void> run() {
    if (services_) clear_abandoned_scratch(agent_home_.scratch);
    clear_spool(spool_);
    for (std::size_t slot = 0; slot < settings_.concurrency; ++slot) tasks_.spawn("slot", keep_slot());
    co_await process::wait_for_stop_signal();
    log::info("worker.stopping");
    stop_.request();
    co_await sessions_.shut_down(session_patience);
    if (services_) co_await services_->shut_down();
    co_await tasks_.join();
    log::info("worker.stopped");
  }

 private:
  /// A slot whose loop has failed goes on with the next claim; its job's lease runs out.
  asio::awaitable<void> keep_slot() {
    while (!stop_.requested()) {
      try {
        co_await claims_.run_slot();
      } catch (const std::exception& fault) {
        log::error("slot.fault", {{"error", fault.what()}});
      }
      if (!stop_.requested()) co_await stop_.pause(std::chrono::seconds{1});
    }
  }

  std::expected<std::unique_ptr<PiSession>, std::string> open_session(const Conversation& conversation) {
    return open_pi_session(executor_, settings_, agent_home_, *services_, sandbox_for(conversation, false),
                           conversation);
  }

  sandbox::Sandbox& sandbox_for(const Conversation& conversation, bool is_command) {
    return sandboxes_->for_work(
        {.for_owner = conversation.owner.kind == WorkspaceOwner::Kind::owners, .is_command = is_command});
  }

  AgentServices::HostPolicyOf allowed_hosts() {
    return [this](const AgentIdentity& agent) { return host_policy(*policy_.current(), agent.owner); };
  }

  std::unique_ptr<Agent> make_agent(const domain::Job& job) {
    if (settings_.mode == ExecMode::mock) {
      return std::make_unique<MockAgent>(executor_, settings_.mock_step, spool_);
    }
    auto conversation = open_conversation(job, settings_);
    if (!conversation) return std::make_unique<RefusingAgent>(conversation.error());
    const auto tier = sandbox_for(*conversation, job.kind == domain::JobKind::run).tier();
    if (tier == sandbox::Tier::none && conversation->owner.kind != WorkspaceOwner::Kind::owners) {
      return std::make_unique<RefusingAgent>(
          "this worker runs without a sandbox, so it works for its owners only");
    }
    if (tier == sandbox::Tier::vm && job.kind != domain::JobKind::run) {
      if (const auto problem = vm_agent_problem(settings_)) {
        return std::make_unique<RefusingAgent>(commands_only(*problem));
      }
    }
    ToolGate gate = make_gate(job, *conversation);
    if (job.kind == domain::JobKind::run) {
      if (auto refusal = gate.refuse_run(job.prompt)) {
        return std::make_unique<RefusingAgent>(std::move(*refusal));
      }
      return std::make_unique<RunCommand>(executor_, command_options(*conversation), std::move(gate));
    }
    auto receiver = make_receiver(*conversation);
    return std::make_unique<PiAgent>(executor_, sessions_, std::move(*conversation), std::move(gate),
                                     pi_options(tier), std::move(receiver));
  }

  std::unique_ptr<AttachmentReceiver> make_receiver(const Conversation& conversation) {
    return std::make_unique<AttachmentReceiver>(
        executor_,
        AttachmentReceiver::Options{.workspace = conversation.workspace,
                                    .spool = spool_,
                                    .shows_pictures = services_->model_sees_pictures().value_or(true),
                                    .transcribe = transcriber_.for_workspace(
                                        conversation.workspace, sandbox_for(conversation, true))});
  }

  ToolGate make_gate(const domain::Job& job, const Conversation& conversation) {
    auto place = call_place(job, conversation, settings_, agent_home_.user_home.string());
    place.common.scratch = agent_home_.scratch.string();
    place.common.readable.push_back((agent_home_.folder / "skills").string());
    return ToolGate{std::move(place), [this](const policy::Question& question) {
                      return policy::decide(*policy_.current(), question);
                    }};
  }

  RunCommand::Options command_options(const Conversation& conversation) {
    return {.sandbox = &sandbox_for(conversation, true),
            .scratch_parent = agent_home_.scratch,
            .spec =
                [this, workspace = conversation.workspace](const std::filesystem::path& scratch) {
                  auto spec = agent_spec(settings_, agent_home_, workspace, scratch);
                  spec.environment = command_environment(settings_, agent_home_, scratch);
                  return spec;
                },
            .serve =
                [this, identity = AgentIdentity{.owner = conversation.owner,
                                                .session_key = conversation.session_key}](
                    http::ListeningSocket listener, const ServiceToken& token) {
                  return services_->open(std::move(listener), identity, token);
                },
            .receiver = make_receiver(conversation),
            .time_limit = settings_.job_timeout};
  }

  PiAgentOptions pi_options(sandbox::Tier tier) const {
    PiAgentOptions options{.spawn_timeout = settings_.spawn_timeout,
                           .silence_timeout = settings_.silence_timeout,
                           .job_timeout = settings_.job_timeout};
    if (tier == sandbox::Tier::vm)
      options.spawn_timeout = std::max(options.spawn_timeout, machine_spawn_timeout);
    return options;
  }

  asio::any_io_executor executor_;
  const config::WorkerSettings& settings_;
  Stop stop_;
  api::OrchestratorClient orchestrator_;
  std::unique_ptr<AgentSandboxes> sandboxes_;
  AgentHome agent_home_;
  policy_file::PolicyFile& policy_;
  std::filesystem::path spool_;
  std::unique_ptr<AgentServices> services_;  ///< null for the mock, which needs none
  Transcriber transcriber_;
  SessionPool sessions_;
  JobRunner runner_;
  ClaimLoop claims_;
  async::TaskGroup tasks_;
};

asio::awaitable<void> run_to_end(Worker& worker, asio::io_context& io) {
  co_await worker.run();
  // Nothing is under way any more; the timers of idle connections must not hold the process up.
  io.stop();
}

}  // namespace

int run(const config::WorkerSettings& settings, std::optional<http::ListeningSocket> admin,
        std::optional<sandbox::InitProgram> init, std::shared_ptr<sandbox::ControlGroups> groups) try {
  require_runnable(settings);
  set_time_zone(settings.time_zone);
  prepare_folders(settings);
  log::redact(settings.worker_token.reveal());
  for (const auto& [name, key] : settings.provider_keys) log::redact(key.reveal());
  const bool real = settings.mode == ExecMode::rpc;
  auto sandboxes = real ? required_sandboxes(settings, std::move(init), std::move(groups)) : nullptr;

  auto policy = policy_file::PolicyFile::open(policy_file::policy_path(settings.home));
  if (!policy) {
    log::error("policy.broken", {{"error", policy.error()}, {"meaning", "the worker does not start"}});
    return wrong_configuration;
  }
  auto mcp_servers = mcp_host::ConfigurationFile::open(mcp_host::configuration_path(settings.home));
  if (!mcp_servers) {
    log::error("mcp.broken", {{"error", mcp_servers.error()}, {"meaning", "the worker does not start"}});
    return wrong_configuration;
  }
  asio::io_context io{1};
  async::TaskGroup root(io.get_executor(), [](std::string_view, std::string_view fault) {
    // Nothing that still waits could be brought to an end. Agents see the end of their input and leave.
    log::error("worker.fault", {{"error", fault}});
    std::_Exit(EXIT_FAILURE);
  });
  metrics::Registry registry;
  metrics::add_process_metrics(registry);
  std::optional<admin::AdminSocket> administration;
  Worker worker(io.get_executor(), settings, std::move(sandboxes), *policy, *mcp_servers);
  log::info("worker.started", {{"worker", settings.worker_id},
                               {"mode", real ? "rpc" : "mock"},
                               {"slots", settings.concurrency},
                               {"orchestrator", settings.orchestrator_url}});
  if (admin) {
    administration.emplace(io.get_executor(), *std::move(admin));
    add_administration(*administration, registry, [&worker] { return worker.status(); });
    root.spawn("administration", administration->run());
  }
  root.spawn("worker", run_to_end(worker, io));
  io.run();
  return EXIT_SUCCESS;
} catch (const WrongProvider& fault) {
  log::error("provider.broken", {{"error", fault.what()}, {"meaning", "the worker does not start"}});
  return wrong_configuration;
}

}  // namespace butler::worker
