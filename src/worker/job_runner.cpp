#include "worker/job_runner.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <utility>

#include "api/describe.hpp"
#include "async/task_group.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "log/log.hpp"
#include "worker/approval_wait.hpp"
#include "worker/event_reporter.hpp"
#include "worker/lease_keeper.hpp"
#include "worker/orchestrator_files.hpp"
#include "worker/persistence.hpp"

namespace butler::worker {

namespace asio = boost::asio;
namespace limits = domain::limits;

namespace {

/// True when the orchestrator has given the job to somebody else, ended it, or forgotten it.
bool is_lease_gone(const api::CallError& error) {
  return error.code == "lease_lost" || error.code == "invalid_transition" || error.status == 404 ||
         error.status == 401 || error.kind == api::CallError::Kind::unreachable;
}

std::string describe(const api::CallError& error) {
  return error.code.empty() ? error.message : error.code + ": " + error.message;
}

/// One more while it lives.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::size_t& count_;
};

/// One lease from its claim to its end.
class JobRun final : public AgentListener {
 public:
  JobRun(const asio::any_io_executor& executor, api::OrchestratorClient& orchestrator, Stop& stop,
         const JobRunnerOptions& options, api::ClaimedJob claimed, std::unique_ptr<Agent> agent)
      : orchestrator_(orchestrator),
        stop_(stop),
        options_(options),
        claimed_(std::move(claimed)),
        agent_(std::move(agent)),
        reporter_(executor, orchestrator, stop, claimed_.job.id, claimed_.lease_token,
                  [this](const api::CallError& error) { refused(error); }),
        approvals_(executor, orchestrator, stop, claimed_.job.id, claimed_.lease_token,
                   [this](const api::CallError& error) { approval_refused(error); }),
        files_(orchestrator, stop, claimed_.job, claimed_.lease_token),
        helpers_(executor) {}

  asio::awaitable<std::optional<api::ClaimedJob>> run(api::ClaimRequest next_claim) {
    helpers_.spawn("heartbeat", keep_lease());
    helpers_.spawn("stop", end_agent_on_stop());
    const Outcome outcome = co_await work();
    agent_ended_ = true;
    approvals_.close();
    helpers_.cancel();

    const bool on_record = co_await reporter_.recorded();
    std::optional<api::ClaimedJob> next;
    if (lost_ || (!on_record && refusal_.empty())) {
      log::warn("job.dropped", {{"job", id()}, {"outcome", "lease lost"}});
    } else {
      next = co_await deliver(outcome, std::move(next_claim));
    }
    co_await helpers_.join();
    co_await approvals_.join();
    co_await reporter_.close();
    co_return next;
  }

  void report(api::ReportedEvent event) override { reporter_.add(std::move(event)); }
  asio::awaitable<bool> recorded() override {
    const bool on_record = co_await reporter_.recorded();
    co_return on_record && !lost_;
  }
  asio::awaitable<Permission> ask(api::ApprovalRequest request) override {
    // What led to the question is on record before it.
    const bool on_record = co_await recorded();
    if (!on_record) co_return Permission{};
    co_return co_await approvals_.ask(std::move(request));
  }
  JobFiles& files() override { return files_; }
  const PersonWait& person_wait() const override { return approvals_.person_wait(); }
  std::optional<api::Approval> interrupted_call() const override {
    if (claimed_.approvals.empty()) return std::nullopt;
    return claimed_.approvals.back();
  }

 private:
  const std::string& id() const { return claimed_.job.id; }

  asio::awaitable<Outcome> work() {
    try {
      co_return co_await agent_->run(claimed_.job, *this);
    } catch (const std::exception& fault) {
      log::error("job.fault", {{"job", id()}, {"error", fault.what()}});
      co_return Outcome{.kind = Outcome::Kind::failed,
                        .text = std::string{"internal error: "} + fault.what()};
    }
  }

  asio::awaitable<void> keep_lease() {
    // An agent that answers at once is done before the loop's next turn: it needs no heartbeat.
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    if (agent_ended_) co_return;
    LeaseKeeper keeper(orchestrator_, claimed_, options_.heartbeat,
                       {.on_abort = [this] { abort_requested(); },
                        .on_message = [this](api::JobMessage message) { pass_on(std::move(message)); },
                        .on_decision = [this](api::ApprovalDecision made) { decided(std::move(made)); },
                        .on_refused = [this](const api::CallError& error) { refused(error); }});
    co_await keeper.run();
  }

  asio::awaitable<void> end_agent_on_stop() {
    co_await stop_.wait();
    agent_->abort(options_.stop_patience);
  }

  void abort_requested() {
    log::info("job.abort_requested", {{"job", id()}});
    abort_requested_ = true;
    agent_->abort(options_.abort_patience);
  }

  void pass_on(api::JobMessage message) {
    log::info("job.message", {{"job", id()}, {"mode", domain::enum_name(message.mode)}});
    agent_->message(message.mode, std::move(message.text));
  }

  void decided(api::ApprovalDecision decision) {
    log::info("approval.decided", {{"job", id()},
                                   {"approval", decision.approval_id},
                                   {"decision", domain::enum_name(decision.decision)}});
    approvals_.decided(std::move(decision));
  }

  /// Only a lost lease ends the job; whatever else is refused blocks the call.
  void approval_refused(const api::CallError& error) {
    if (is_lease_gone(error)) return refused(error);
    log::error("approval.refused", {{"job", id()}, {"error", describe(error)}});
  }

  void refused(const api::CallError& error) {
    if (is_lease_gone(error)) {
      log::warn("job.lease_lost", {{"job", id()}, {"error", describe(error)}});
      lost_ = true;
    } else {
      log::error("job.report_refused", {{"job", id()}, {"error", describe(error)}});
      refusal_ = "the orchestrator refused a report: " + describe(error);
    }
    approvals_.close();
    if (!agent_ended_) agent_->abort(options_.stop_patience);
  }

  asio::awaitable<std::optional<api::ClaimedJob>> deliver(Outcome outcome, api::ClaimRequest next_claim) {
    if (!refusal_.empty()) co_return co_await fail(refusal_, false);
    switch (outcome.kind) {
      case Outcome::Kind::completed: co_return co_await complete(std::move(outcome), std::move(next_claim));
      case Outcome::Kind::failed: co_return co_await fail(outcome.text, false);
      case Outcome::Kind::aborted: break;
    }
    if (!abort_requested_) co_return co_await fail("the worker was stopped", true);
    auto acknowledge = [&] { return orchestrator_.acknowledge_abort(id(), claimed_.lease_token, {}); };
    const auto result = co_await persist<void>("aborted", acknowledge, stop_, GiveUp::when_grace_is_over);
    log_end("aborted", result ? "" : describe(result.error()));
    co_return std::nullopt;
  }

  asio::awaitable<std::optional<api::ClaimedJob>> complete(Outcome outcome, api::ClaimRequest next_claim) {
    api::CompleteRequest request{.result_text = domain::shorten(outcome.text, limits::result_text),
                                 .usage = outcome.usage,
                                 .claim = {}};
    if (!stop_.requested()) request.claim = std::move(next_claim);
    auto complete_job = [&] { return orchestrator_.complete(id(), claimed_.lease_token, request); };
    auto result = co_await persist<std::optional<api::ClaimedJob>>("complete", complete_job, stop_,
                                                                   GiveUp::when_grace_is_over);
    if (result) {
      log_end("completed", "");
      co_return std::move(*result);
    }
    if (is_lease_gone(result.error())) {
      log_end("completed", describe(result.error()));
      co_return std::nullopt;
    }
    co_return co_await fail("the orchestrator refused the answer: " + describe(result.error()), false);
  }

  asio::awaitable<std::optional<api::ClaimedJob>> fail(std::string error, bool retryable) {
    if (error.empty()) error = "the agent failed and did not say why";
    api::FailRequest request{.error = domain::shorten(error, limits::error), .retryable = {}};
    if (retryable) request.retryable = true;
    auto fail_job = [&] { return orchestrator_.fail(id(), claimed_.lease_token, request); };
    const auto result = co_await persist<void>("fail", fail_job, stop_, GiveUp::when_grace_is_over);
    log_end(retryable ? "handed back" : "failed", result ? error : describe(result.error()));
    co_return std::nullopt;
  }

  void log_end(std::string_view outcome, std::string_view error) {
    if (error.empty()) return log::info("job.ended", {{"job", id()}, {"outcome", outcome}});
    log::warn("job.ended", {{"job", id()}, {"outcome", outcome}, {"error", domain::shorten(error, 500)}});
  }

  api::OrchestratorClient& orchestrator_;
  Stop& stop_;
  const JobRunnerOptions& options_;
  api::ClaimedJob claimed_;
  std::unique_ptr<Agent> agent_;
  EventReporter reporter_;
  ApprovalWait approvals_;
  OrchestratorFiles files_;
  async::TaskGroup helpers_;
  bool agent_ended_ = false;
  bool abort_requested_ = false;
  bool lost_ = false;
  std::string refusal_;  ///< why the orchestrator took an event for wrong; the lease is still ours
};

}  // namespace

asio::awaitable<std::optional<api::ClaimedJob>> JobRunner::run(api::ClaimedJob claimed,
                                                               api::ClaimRequest next) {
  log::info(
      "job.started",
      {{"job", claimed.job.id}, {"session", claimed.job.session_key}, {"attempt", claimed.job.attempt}});
  auto agent = make_agent_(claimed.job);
  const Counted counted(running_);
  JobRun run(executor_, orchestrator_, stop_, options_, std::move(claimed), std::move(agent));
  co_return co_await run.run(std::move(next));
}

}  // namespace butler::worker
