#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "files/whole_file.hpp"
#include "http/server.hpp"
#include "worker/agent_environment.hpp"
#include "worker/agent_sandbox.hpp"
#include "worker/agent_services.hpp"
#include "worker/main.hpp"
#include "worker/pi_agent.hpp"
#include "worker/private_files.hpp"
#include "worker/session_pool.hpp"
#include "worker/trial_model.hpp"

namespace butler::worker {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds trial_time_limit{60'000};
constexpr std::chrono::milliseconds trial_patience{1'000};
constexpr std::size_t proof_bytes = 100;

/// A folder that goes with the object.
class TrialFolder {
 public:
  TrialFolder() {
    std::string name = (fs::temp_directory_path() / "butler-trial-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("no folder can be made in " + fs::temp_directory_path().string());
    path_ = name;
  }
  TrialFolder(const TrialFolder&) = delete;
  TrialFolder& operator=(const TrialFolder&) = delete;
  ~TrialFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The trial has no files.
class NoFiles final : public JobFiles {
 public:
  asio::awaitable<std::expected<IncomingFile, std::string>> fetch(std::string, fs::path,
                                                                  std::uint64_t) override {
    co_return std::unexpected("this is a trial");
  }
  asio::awaitable<std::expected<std::string, std::string>> send(OutgoingFile) override {
    co_return std::unexpected("this is a trial");
  }
};

/// Hears what the agent does and lets it.
class TrialListener final : public AgentListener {
 public:
  void report(api::ReportedEvent) override {}
  asio::awaitable<bool> recorded() override { co_return true; }
  asio::awaitable<Permission> ask(api::ApprovalRequest) override { co_return Permission{.allowed = true}; }
  JobFiles& files() override { return files_; }
  const PersonWait& person_wait() const override { return wait_; }
  std::optional<api::Approval> interrupted_call() const override { return std::nullopt; }

 private:
  NoFiles files_;
  PersonWait wait_;
};

/// The settings that have to do with this machine stay, all others are the trial's own.
void move_into(config::WorkerSettings& settings, const fs::path& folder) {
  settings.home = folder / "home";
  settings.workspace = folder / "workspace";
  settings.session_root = folder / "sessions";
  settings.mcp_bin_dir = folder / "bin";
  settings.provider = TrialModel::provider;
  settings.model = TrialModel::model;
  settings.provider_keys = {{TrialModel::key_variable, config::Secret{"only-for-the-trial"}}};
  settings.budget_per_day.reset();
  settings.budget_per_job.reset();
  settings.append_system_prompt.reset();
  for (const auto& made : {settings.home, settings.workspace, settings.session_root, settings.mcp_bin_dir})
    make_private_folder(made);
}

domain::Job trial_job() {
  domain::Job job;
  job.id = "00000000-0000-7000-8000-000000000000";
  job.status = domain::JobStatus::running;
  job.prompt = "This is a trial of Butler's doctor.";
  job.session_key = "doctor:trial";
  job.chat_id = "1";
  job.requester_id = "1";
  return job;
}

/// One agent process and all that serves it.
class Trial {
 public:
  Trial(asio::any_io_executor executor, const config::WorkerSettings& settings, AgentHome home,
        AgentSandboxes& sandboxes, TrialModel& model)
      : executor_(executor),
        settings_(settings),
        home_(std::move(home)),
        sandboxes_(sandboxes),
        model_server_(executor, {}, model),
        background_(executor),
        pool_(
            executor,
            [this](const Conversation& conversation) {
              return open_pi_session(executor_, settings_, home_, *services_, sandboxes_.usual(),
                                     conversation);
            },
            trial_time_limit) {
    model_server_.listen();
    background_.spawn("model", model_server_.run());
    files::write_whole_file(home_.folder / "models.json", TrialModel::models_json(model_server_.port()));
    services_.emplace(executor, settings_);
  }

  asio::awaitable<Outcome> run() {
    const auto job = trial_job();
    auto conversation = open_conversation(job, settings_);
    if (!conversation) throw std::runtime_error(conversation.error());
    workspace_ = conversation->workspace;
    auto place = call_place(job, *conversation, settings_, home_.user_home.string());
    ToolGate gate(std::move(place), [](const policy::Question&) {
      return policy::Decision{.verdict = policy::Verdict::allow, .rule = "trial", .reason = "A trial."};
    });
    PiAgentOptions options{.spawn_timeout = settings_.spawn_timeout, .job_timeout = trial_time_limit};
    PiAgent agent(executor_, pool_, std::move(*conversation), std::move(gate), options);
    auto outcome = co_await agent.run(job, listener_);
    co_await pool_.shut_down(trial_patience);
    co_await services_->shut_down();
    co_await model_server_.shut_down(std::chrono::milliseconds{0});
    co_await background_.join();
    co_return outcome;
  }

  /// What the agent's shell has left.
  std::string proof() const {
    const auto text = read_file(workspace_ / TrialModel::proof_file, proof_bytes);
    return text.value_or("");
  }

 private:
  asio::any_io_executor executor_;
  const config::WorkerSettings& settings_;
  AgentHome home_;
  AgentSandboxes& sandboxes_;
  http::Server model_server_;
  async::TaskGroup background_;
  std::optional<AgentServices> services_;
  SessionPool pool_;
  TrialListener listener_;
  fs::path workspace_;
};

/// Nothing is under way any more then; the timers of idle connections must not hold the trial up.
asio::awaitable<Outcome> stop_after(asio::awaitable<Outcome> task, asio::io_context& io) {
  std::optional<Outcome> outcome;
  std::exception_ptr fault;
  try {
    outcome = co_await std::move(task);
  } catch (...) {
    fault = std::current_exception();
  }
  asio::post(io, [&io] { io.stop(); });
  if (fault) std::rethrow_exception(fault);
  co_return *std::move(outcome);
}

std::string judge_trial(const Outcome& outcome, const Trial& trial, const TrialModel& model) {
  if (outcome.kind != Outcome::Kind::completed) return outcome.text;
  if (model.requests() == 0) return "pi answered without asking its model";
  if (trial.proof() != TrialModel::proof_text) return "pi's shell did not write the file that it should have";
  if (outcome.text.find(TrialModel::answer) == std::string::npos)
    return "pi's answer is not what its model said";
  return "";
}

}  // namespace

std::expected<std::string, std::string> usual_tier(const config::WorkerSettings& settings,
                                                   sandbox::InitProgram init) {
  const TrialFolder folder;
  const auto sandboxes = AgentSandboxes::open(settings, std::move(init), folder.path());
  if (!sandboxes) return std::unexpected(sandboxes.error());
  return sandbox::tier_name(sandboxes->usual().tier());
}

TrialOutcome try_agent(config::WorkerSettings settings, sandbox::InitProgram init) {
  if (::geteuid() == 0)
    throw std::runtime_error("an agent is not tried as root: start it as the user butler");
  const TrialFolder folder;
  move_into(settings, folder.path());
  auto home = prepare_agent_home(settings.home);
  auto sandboxes = AgentSandboxes::open(settings, std::move(init), home.user_home);
  if (!sandboxes) return {.passed = false, .reason = sandboxes.error()};
  TrialOutcome trial_outcome{.sandbox = sandboxes->usual().profile()};
  asio::io_context io{1};
  TrialModel model;
  Trial trial(io.get_executor(), settings, std::move(home), *sandboxes, model);
  auto done = asio::co_spawn(io, stop_after(trial.run(), io), asio::use_future);
  io.run();
  const auto outcome = done.get();
  trial_outcome.reason = judge_trial(outcome, trial, model);
  trial_outcome.passed = trial_outcome.reason.empty();
  return trial_outcome;
}

}  // namespace butler::worker
